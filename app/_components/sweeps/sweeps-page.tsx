'use client';

import Link from 'next/link';
import { sweepList } from '@/app/_lib/answers';
import { count, percent, plural } from '@/app/_lib/format';
import { useApi, useRefresh } from '@/app/_lib/use-api';
import { useUrlState } from '@/app/_lib/use-url-state';
import type { SweepView } from '@/lib/service/contracts';
import { PageHead } from '../shell/page-head';
import { StateIcon } from '../ui/state-icon';
import { Empty, Failure, Loading } from '../ui/status';
import { ProgressBar, timeLine } from './progress';

const STATES = ['submitting', 'active', 'paused', 'stopped', 'cancelled', 'done'] as const;

/** All sweeps, newest first, with what they found and how far they are. */
export function SweepsPage() {
  const { data, error, retry } = useApi('/sweeps', sweepList);
  const { query, set } = useUrlState();
  const state = STATES.find((s) => s === query.get('state'));
  const all = data?.sweeps ?? [];
  useRefresh(
    '/sweeps',
    4000,
    all.some((s) => s.state === 'active' || s.state === 'submitting'),
  );
  const shown = state === undefined ? all : all.filter((s) => s.state === state);
  const present = STATES.filter((s) => s === state || all.some((sweep) => sweep.state === s));
  return (
    <>
      <PageHead
        title="All sweeps"
        actions={
          <Link className="btn btn-primary" href="/sweeps/new">
            New sweep
          </Link>
        }
      />
      {data === undefined ? (
        <div className="mt-5">
          {error === null ? (
            <Loading what="the sweeps" />
          ) : (
            <Failure error={error} retry={retry} title="The sweeps cannot be listed" />
          )}
        </div>
      ) : all.length === 0 ? (
        <div className="mt-5">
          <Empty title="No sweep yet">
            <Link className="link" href="/sweeps/new">
              Submit the first one
            </Link>
            : choose tasks, see what it will cost, and start.
          </Empty>
        </div>
      ) : (
        <>
          {present.length > 1 && (
            <ul className="flex flex-wrap gap-1.5 pt-3" aria-label="Filter by state">
              {present.map((s) => (
                <li key={s}>
                  <button
                    type="button"
                    className="chip"
                    aria-pressed={s === state}
                    onClick={() => set({ state: s === state ? null : s })}
                  >
                    <StateIcon state={s} />
                    <span className="capitalize">{s}</span>
                    <span className="font-semibold text-ink">
                      {all.filter((sweep) => sweep.state === s).length}
                    </span>
                  </button>
                </li>
              ))}
            </ul>
          )}
          <ul className="mt-1">
            {shown.map((sweep) => (
              <SweepLine key={sweep.id} sweep={sweep} />
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function SweepLine({ sweep }: { sweep: SweepView }) {
  const targets = sweep.tasks.filter((t) => t.target).length;
  const { counts } = sweep.progress;
  const measured = sweep.origin === 'measured';
  return (
    <li className="relative grid grid-cols-[minmax(0,1fr)_250px] items-start gap-x-8 gap-y-2 border-line border-b py-4 hover:bg-accent-soft/30 phone:grid-cols-1">
      <div className="min-w-0">
        <h2 className="font-semibold font-serif text-object leading-tight">
          <Link href={`/sweeps/${encodeURIComponent(sweep.id)}`} className="after:absolute after:inset-0">
            {sweep.name}
          </Link>
        </h2>
        <p className="mt-0.5 text-ink3 text-label">
          sweep {sweep.number}, {sweep.dataset}, {plural(sweep.tasks.length, 'task')},{' '}
          {plural(targets, 'target')}, {plural(sweep.seeds.length, 'seed')}
          {measured && `, preset ${sweep.preset}`},{' '}
          {new Date(sweep.createdAt).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' })}
        </p>
        <p className="mt-1.5 line-clamp-2 max-w-[70ch] font-serif text-[14.5px] text-ink2">{sweep.finding}</p>
      </div>
      <div>
        <p className="mb-1.5 flex items-center gap-2">
          <StateIcon state={sweep.state} />
          <span className="font-semibold capitalize">{measured ? sweep.state : 'Imported'}</span>
          {measured && <span className="ml-auto text-ink2 text-label">{percent(sweep.progress.share)}</span>}
        </p>
        {measured && (
          <>
            <ProgressBar progress={sweep.progress} />
            <p className="mt-1.5 text-ink2 text-label">
              {count(counts.done)} of {count(sweep.progress.total)} runs
              {counts.failed > 0 && <span className="text-fail">, {count(counts.failed)} failed</span>}
              {sweep.state === 'active' && `, ${timeLine(sweep.progress)}`}
            </p>
          </>
        )}
      </div>
    </li>
  );
}
