'use client';

import * as Dialog from '@radix-ui/react-dialog';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { type ReactNode, useEffect, useState } from 'react';
import { sweepList, workerList } from '@/app/_lib/answers';
import { plural } from '@/app/_lib/format';
import { currentSweep } from '@/app/_lib/sweep-ref';
import { useApi, useRefresh } from '@/app/_lib/use-api';
import type { WorkerView } from '@/lib/service/contracts';
import { Skeleton } from '../ui/status';
import { Logo } from './logo';
import { NavLinks } from './nav-links';
import { SweepSwitcher } from './sweep-switcher';
import { ThemeToggle } from './theme-toggle';

/** Who works, and whether the server answers at all, is asked this often. */
const WORKERS_MS = 10_000;

function workerLine(workers: readonly WorkerView[] | undefined): string {
  if (workers === undefined) return '';
  const alive = workers.filter((w) => w.alive);
  const rate = alive.reduce((sum, w) => sum + (w.imagesPerSecond ?? 0), 0);
  return alive.length === 0
    ? 'no worker'
    : plural(alive.length, 'worker') + (rate > 0 ? `, ${Math.round(rate)} img/s` : '');
}

/** Navigation around every page: a column on wide screens, a bar and tabs on phones. */
export function Shell({ children }: { children: ReactNode }) {
  const pathname = usePathname();
  const sweeps = useApi('/sweeps', sweepList).data?.sweeps;
  const { data, error } = useApi('/workers', workerList);
  const workers = data?.workers;
  useRefresh('/workers', WORKERS_MS);
  const { sweep: current, ref } = currentSweep(pathname, sweeps ?? []);
  const base = `/sweeps/${encodeURIComponent(sweeps === undefined && ref === '' ? 'latest' : ref)}`;
  const alive = workers === undefined ? null : workers.filter((w) => w.alive).length;
  const inside = (
    <>
      {sweeps === undefined ? (
        <Skeleton className="h-[52px]" />
      ) : (
        sweeps.length > 0 && <SweepSwitcher current={current} sweeps={sweeps} />
      )}
      <nav aria-label="Pages" className="mt-3 flex-1">
        <NavLinks
          base={base}
          sweep={sweeps === undefined ? undefined : current}
          sweeps={sweeps?.length ?? null}
          workers={alive}
        />
      </nav>
      <div className="flex items-center justify-between px-2 text-ink3 text-tick">
        {error === null ? (
          <span>{workerLine(workers)}</span>
        ) : (
          <span role="status" className="text-worse">
            the server does not answer
          </span>
        )}
        <ThemeToggle />
      </div>
    </>
  );
  return (
    <div className="min-h-dvh phone:block grid grid-cols-[204px_minmax(0,1fr)]">
      <a href="#main" className="btn sr-only z-50 focus:not-sr-only focus:fixed focus:top-2 focus:left-2">
        Skip to the page
      </a>
      <aside className="phone:hidden sticky top-0 flex h-dvh flex-col overflow-y-auto border-line border-r bg-nav px-3 pt-4 pb-3">
        <div className="mb-4 px-1">
          <Logo />
        </div>
        {inside}
      </aside>
      <header className="phone:flex hidden items-center justify-between px-4 pt-3">
        <Logo />
        <PhoneMenu pathname={pathname}>{inside}</PhoneMenu>
      </header>
      <main id="main" className="min-w-0 px-7 pt-5 pb-9 phone:px-4 phone:pt-3 phone:pb-24">
        {children}
      </main>
      {current !== null && <PhoneTabs base={base} pathname={pathname} />}
    </div>
  );
}

function PhoneMenu({ pathname, children }: { pathname: string; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page closes the menu
  useEffect(() => setOpen(false), [pathname]);
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Trigger className="btn" aria-label="Menu">
        <svg width="15" height="12" viewBox="0 0 15 12" aria-hidden="true">
          <path d="M0 1h15M0 6h15M0 11h15" stroke="currentColor" strokeWidth="1.6" />
        </svg>
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-black/35" />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed inset-y-0 right-0 z-50 flex w-[280px] flex-col overflow-y-auto bg-nav p-4 shadow-xl"
        >
          <div className="mb-3 flex items-center justify-between">
            <Dialog.Title className="section-title">Menu</Dialog.Title>
            <Dialog.Close className="btn" aria-label="Close the menu">
              ×
            </Dialog.Close>
          </div>
          {children}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function PhoneTabs({ base, pathname }: { base: string; pathname: string }) {
  const tabs = [
    { label: 'Matrix', href: base, on: pathname === base },
    { label: 'Policy', href: `${base}/policy`, on: pathname.startsWith(`${base}/policy`) },
    { label: 'Targets', href: `${base}/targets`, on: pathname.startsWith(`${base}/targets`) },
    { label: 'Runs', href: `${base}/runs`, on: pathname.startsWith(`${base}/runs`) },
  ];
  return (
    <nav
      aria-label="Tabs"
      className="phone:grid fixed inset-x-0 bottom-0 z-30 hidden grid-cols-4 border-line border-t bg-nav"
    >
      {tabs.map((tab) => (
        <Link
          key={tab.href}
          href={tab.href}
          aria-current={tab.on ? 'page' : undefined}
          className={`py-3.5 text-center ${tab.on ? 'font-semibold text-accent' : 'text-ink2'}`}
        >
          {tab.label}
        </Link>
      ))}
    </nav>
  );
}
