'use client';

import { count, duration, percent } from '@/app/_lib/format';
import type { ProgressView } from '@/lib/service/contracts';
import { StateIcon } from '../ui/state-icon';

const STATES = ['done', 'running', 'queued', 'waiting', 'failed', 'lost', 'cancelled'] as const;
const STATE_COLOUR: Record<string, string> = {
  done: 'var(--accent)',
  running: 'var(--ink3)',
  failed: 'var(--fail)',
  lost: 'var(--fail)',
};

/** The bar of a sweep: done by share of the planned work, failures at its end. */
export function ProgressBar({ progress }: { progress: ProgressView }) {
  const { counts, total } = progress;
  const part = (n: number): string => `${(100 * n) / Math.max(1, total)}%`;
  return (
    <div
      className="flex h-1.5 overflow-hidden rounded-full bg-line"
      role="progressbar"
      aria-valuenow={Math.round(progress.share * 100)}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-label="Share of the planned work done"
    >
      <span
        className="transition-[width] duration-500"
        style={{ width: `${progress.share * 100}%`, background: STATE_COLOUR.done }}
      />
      <span style={{ width: part(counts.running), background: STATE_COLOUR.running }} />
      <span style={{ width: part(counts.failed + counts.lost), background: STATE_COLOUR.failed }} />
    </div>
  );
}

/** Progress in words: runs, time left, throughput. */
export function timeLine(progress: ProgressView): string {
  const rate =
    progress.imagesPerSecond > 0 ? `, ${count(Math.round(progress.imagesPerSecond))} images/s` : '';
  if (progress.share >= 1)
    return progress.elapsedSeconds > 0 ? `finished in ${duration(progress.elapsedSeconds)}` : 'finished';
  if (progress.etaSeconds === null)
    return progress.workers === 0 ? 'no worker is running' : `estimating the time left${rate}`;
  return `${duration(progress.etaSeconds)} left${rate}`;
}

/** Runs come and go between these: while there is work their chips stay, so that none jumps. */
const MOVING: ReadonlySet<string> = new Set(['done', 'running', 'queued']);

/** States with their counts; a chip filters the run list. */
function StateChips({ progress, href }: { progress: ProgressView; href: (state: string) => string }) {
  const open = progress.share < 1;
  const present = STATES.filter((state) => progress.counts[state] > 0 || (open && MOVING.has(state)));
  return (
    <ul className="flex flex-wrap gap-1.5">
      {present.map((state) => (
        <li key={state}>
          <a className="chip" href={href(state)}>
            <StateIcon state={state} />
            <span className="capitalize phone:sr-only">{state}</span>
            <span className="font-semibold text-ink">{count(progress.counts[state])}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}

export function ProgressHead({
  progress,
  href,
}: {
  progress: ProgressView;
  href: (state: string) => string;
}) {
  return (
    <section aria-label="Progress" className="flex flex-wrap items-center gap-x-6 gap-y-3 py-3">
      <div className="w-[226px] phone:w-full">
        <p className="mb-1 flex justify-between text-label">
          <span>
            <strong className="font-semibold">{count(progress.counts.done)}</strong> of{' '}
            {count(progress.total)} runs
            <span className="hidden phone:inline text-ink2">, {timeLine(progress)}</span>
          </span>
          <span className="text-ink3">
            {percent(progress.share, progress.share >= 0.9 && progress.share < 1 ? 1 : 0)}
          </span>
        </p>
        <ProgressBar progress={progress} />
      </div>
      <StateChips progress={progress} href={href} />
      <p className="ml-auto text-ink2 text-label phone:hidden">{timeLine(progress)}</p>
      {progress.alarms.map((alarm) => (
        <p key={alarm} role="alert" className="w-full text-fail break-words">
          {alarm}
        </p>
      ))}
      {progress.troubles.map(({ target, reason }) => (
        <p key={target ?? 'policy'} role="alert" className="w-full text-fail">
          {target === null ? 'The policy' : `The analysis of ${target}`} failed, and is tried again every few
          seconds: {reason}
        </p>
      ))}
    </section>
  );
}
