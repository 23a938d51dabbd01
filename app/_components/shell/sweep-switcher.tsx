'use client';

import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { useEffect, useRef } from 'react';
import { plural } from '@/app/_lib/format';
import type { SweepView } from '@/lib/service/contracts';
import { StateIcon } from '../ui/state-icon';

const subtitle = (sweep: SweepView): string => `sweep ${sweep.number}, ${plural(sweep.seeds.length, 'seed')}`;

/** Which sweep the pages below speak of. Native details: opens by keyboard, closes by Escape or a choice. */
export function SweepSwitcher({
  current,
  sweeps,
}: {
  current: SweepView | null;
  sweeps: readonly SweepView[];
}) {
  const box = useRef<HTMLDetailsElement>(null);
  const pathname = usePathname();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page closes the list
  useEffect(() => box.current?.removeAttribute('open'), [pathname]);
  useEffect(() => {
    const close = (event: Event): void => {
      const dismissed = event instanceof KeyboardEvent && event.key === 'Escape';
      const inside = event.target instanceof Node && box.current?.contains(event.target) === true;
      if (inside && !dismissed) return;
      // What had the focus is about to go: it returns to what opened the list.
      if (dismissed && inside) box.current?.querySelector('summary')?.focus();
      box.current?.removeAttribute('open');
    };
    document.addEventListener('pointerdown', close);
    document.addEventListener('keydown', close);
    return () => {
      document.removeEventListener('pointerdown', close);
      document.removeEventListener('keydown', close);
    };
  }, []);
  return (
    <details ref={box} className="group relative">
      <summary className="flex cursor-pointer list-none items-start justify-between rounded-control border border-line2 bg-panel px-2.5 py-2 [&::-webkit-details-marker]:hidden">
        <span className="min-w-0">
          <span className="block truncate font-semibold">{current?.name ?? 'Choose a sweep'}</span>
          <span className="block truncate text-ink3 text-tick">
            {current === null ? plural(sweeps.length, 'sweep') : subtitle(current)}
          </span>
        </span>
        <svg
          width="9"
          height="9"
          viewBox="0 0 10 10"
          className="mt-1.5 text-ink2 group-open:rotate-180"
          aria-hidden="true"
        >
          <path d="M1.5 3.5L5 7l3.5-3.5" fill="none" stroke="currentColor" strokeWidth="1.5" />
        </svg>
      </summary>
      <ul className="absolute inset-x-0 top-full z-30 mt-1 max-h-80 overflow-auto rounded-control border border-line2 bg-panel p-1 shadow-lg">
        {sweeps.map((sweep) => (
          <li key={sweep.id}>
            <Link
              href={`/sweeps/${sweep.id}`}
              aria-current={sweep.id === current?.id ? 'true' : undefined}
              className="flex items-center gap-2 rounded-[4px] px-2 py-1.5 hover:bg-accent-soft aria-[current]:bg-accent-soft"
            >
              <StateIcon state={sweep.state} />
              <span className="min-w-0">
                <span className="block truncate">{sweep.name}</span>
                <span className="block text-ink3 text-tick">{subtitle(sweep)}</span>
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </details>
  );
}
