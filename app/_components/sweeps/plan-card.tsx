'use client';

import type { ReactNode } from 'react';
import { count, duration, flops } from '@/app/_lib/format';
import { newRuns } from '@/app/_lib/sweep-batch';
import type { PlanState } from './use-plan';

const KIND_NAME: Record<string, string> = {
  dataset: 'image batches',
  source: 'own networks',
  scratch: 'from scratch',
  mean: 'mean predictors',
  probe: 'ridge probes',
  pretrain: 'taught encoders',
  transfer: 'transfers',
};

interface Props {
  title?: string;
  state: PlanState;
  /** What to do before there is anything to plan. */
  empty: string;
  children: ReactNode;
}

/** What the sweep would run and cost, before it is submitted. */
export function PlanCard({ title = 'Plan', state, empty, children }: Props) {
  const { plan, error, busy } = state;
  return (
    <aside className="card sticky top-4 p-4" aria-label="Plan" aria-busy={busy}>
      <h2 className="section-title">{title}</h2>
      {plan === null ? (
        <p className="mt-1 text-ink2">{error === null ? empty : error.message}</p>
      ) : (
        <>
          <p className="mt-1">
            <span className="font-semibold text-number">{count(plan.total)}</span> runs
            {plan.estimatedSeconds !== null && <>, about {duration(plan.estimatedSeconds)}</>}
          </p>
          <dl className="mt-2">
            {Object.entries(plan.byKind)
              .filter(([, n]) => n > 0)
              .map(([kind, n]) => (
                <div key={kind} className="flex justify-between border-line border-b py-1">
                  <dt className="text-ink2">{KIND_NAME[kind] ?? kind}</dt>
                  <dd className="font-semibold">{count(n)}</dd>
                </div>
              ))}
            <div className="flex justify-between border-line border-b py-1">
              <dt className="text-ink2">of them new</dt>
              <dd className="font-semibold">{count(newRuns(plan))}</dd>
            </div>
            <div className="flex justify-between border-line border-b py-1">
              <dt className="text-ink2">shared with other sweeps</dt>
              <dd className="font-semibold">{count(plan.reused)}</dd>
            </div>
            <div className="flex justify-between py-1">
              <dt className="text-ink2">cost</dt>
              <dd className="font-semibold">{flops(plan.estimatedFlops)}</dd>
            </div>
          </dl>
          {plan.notes.length > 0 && (
            <ul className="mt-2 list-disc pl-4 text-ink2 text-label">
              {plan.notes.map((note) => (
                <li key={note}>{note}</li>
              ))}
            </ul>
          )}
        </>
      )}
      {children}
    </aside>
  );
}
