'use client';

import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { count } from '@/app/_lib/format';
import type { SweepView } from '@/lib/service/contracts';

interface Item {
  label: string;
  href: string;
  count?: number | undefined;
  /** Also on for pages below it. */
  deep?: boolean;
  external?: boolean;
}

/** Pages of a sweep; without their counts while it is not known yet. */
function sweepItems(sweep: SweepView | undefined, base: string): Item[] {
  const targets = sweep?.tasks.filter((t) => t.target).length;
  const sources = sweep?.tasks.filter((t) => t.source).length;
  const pairs = targets === undefined || sources === undefined ? undefined : targets * sources;
  // A bundle brings runs and pictures; published results have neither.
  const measured = sweep?.origin !== 'imported' || sweep.progress.total > 0;
  return [
    { label: 'Overview', href: base },
    { label: 'Policy', href: `${base}/policy` },
    { label: 'Targets', href: `${base}/targets`, count: targets, deep: true },
    { label: 'Pairs', href: `${base}/pairs`, count: pairs, deep: true },
    { label: 'Similarity tree', href: `${base}/similarity` },
    { label: 'Validity', href: `${base}/validity` },
    { label: 'Agreement', href: `${base}/agreement` },
    ...(measured ? [{ label: 'Gallery', href: `${base}/gallery` }] : []),
    { label: 'Runs', href: `${base}/runs`, count: measured ? sweep?.progress.total : undefined },
  ];
}

const workplace = (sweeps: number | null, workers: number | null): Item[] => [
  { label: 'All sweeps', href: '/sweeps', ...(sweeps === null ? {} : { count: sweeps }) },
  { label: 'New sweep', href: '/sweeps/new' },
  { label: 'Workers', href: '/workers', ...(workers === null ? {} : { count: workers }) },
  { label: 'Datasets and tasks', href: '/tasks' },
  { label: 'Concepts', href: '/concepts', deep: true },
  { label: 'API', href: '/api/v1/docs', external: true },
];

export function NavLinks({
  base,
  sweep,
  sweeps,
  workers,
}: {
  /** Address of the sweep's pages. */
  base: string;
  /** Null: there is none; undefined: not known yet. */
  sweep: SweepView | null | undefined;
  sweeps: number | null;
  workers: number | null;
}) {
  return (
    <>
      {sweep !== null && (
        <ul className="flex flex-col gap-px">
          {sweepItems(sweep, base).map((item) => (
            <NavItem key={item.href} item={item} />
          ))}
        </ul>
      )}
      <p className={`px-2 pb-1 text-ink3 text-tick ${sweep === null ? '' : 'pt-4'}`}>Workplace</p>
      <ul className="flex flex-col gap-px">
        {workplace(sweeps, workers).map((item) => (
          <NavItem key={item.href} item={item} />
        ))}
      </ul>
    </>
  );
}

function NavItem({ item }: { item: Item }) {
  const pathname = usePathname();
  const on = pathname === item.href || (item.deep === true && pathname.startsWith(`${item.href}/`));
  const style = `flex items-center justify-between rounded-control px-2 py-[5px] text-body ${
    on ? 'bg-accent-soft font-semibold text-ink' : 'text-ink2 hover:bg-line/60 hover:text-ink'
  }`;
  const inside = (
    <>
      {item.label}
      {item.count !== undefined && (
        <span className="font-normal text-ink3 text-tick">{count(item.count)}</span>
      )}
    </>
  );
  return (
    <li>
      {item.external ? (
        <a href={item.href} className={style}>
          {inside}
        </a>
      ) : (
        <Link href={item.href} className={style} aria-current={on ? 'page' : undefined}>
          {inside}
        </Link>
      )}
    </li>
  );
}
