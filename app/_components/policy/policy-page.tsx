'use client';

import { useEffect, useState } from 'react';
import { percent, share } from '@/app/_lib/format';
import {
  curvePath,
  OBJECTIVES,
  type Objective,
  policyPath,
  readPolicyQuery,
  UNITS,
} from '@/app/_lib/policy-query';
import { budgetText, curveNote, policyFinding, policyTitle, UNIT_WORDS } from '@/app/_lib/policy-words';
import { prefetch, useApi } from '@/app/_lib/use-api';
import { type Lines, useLines } from '@/app/_lib/use-lines';
import { useSweep } from '@/app/_lib/use-sweep';
import { type UrlPatch, useUrlState } from '@/app/_lib/use-url-state';
import {
  type BudgetUnit,
  type PolicyCurvePoint,
  type PolicyView,
  policyCurvePoint,
  policyView,
} from '@/lib/service/contracts';
import { PageHead } from '../shell/page-head';
import { CopyLink } from '../ui/copy-button';
import { Download } from '../ui/download';
import { Segmented } from '../ui/segmented';
import { Failure, Loading } from '../ui/status';
import { BudgetChart } from './budget-chart';
import { PolicyGraph } from './policy-graph';
import { ProofSection } from './proof';
import { Importance, PolicyFigures, SourceChips } from './side';
import { Terms } from './terms';

const OBJECTIVE_LABEL: Record<Objective, string> = {
  quality: 'Quality',
  gain: 'Gain',
  affinity: 'Affinity',
  'log-loss': 'Loss cut',
};
const VALUE_NOTE: Record<Objective, string> = {
  quality: 'value = sum of qualities',
  gain: 'value = sum of gains',
  affinity: 'value = sum of affinities',
  'log-loss': 'value = sum of log loss cuts',
};

const UNIT_LABEL: Record<BudgetUnit, string> = { tasks: 'Tasks', labels: 'Labels', 'gpu-hours': 'GPU-hours' };

/** Which tasks to label in full under a budget, and how each target is then served. */
export function PolicyPage({ id }: { id: string }) {
  const sweep = useSweep(id);
  const { query: url, set } = useUrlState();
  const query = readPolicyQuery(url);
  // While the slider moves the budget lives here; the URL gets it on release.
  const [draft, setDraft] = useState<number | null>(null);
  const asked = { ...query, budget: draft ?? query.budget };
  const policy = useApi(policyPath(id, asked), policyView);
  // Only once there is an answer: it comes first, and its version says when the curve is out of date.
  const version = policy.data?.version ?? null;
  const curve = useLines(version === null ? null : curvePath(id, query), policyCurvePoint, version ?? 0);
  const budget = draft ?? query.budget ?? policy.data?.budget ?? null;
  useEffect(() => {
    if (budget === null) return;
    for (const next of [budget + 1, budget - 1]) {
      if (next >= 1 && Number.isInteger(next))
        prefetch(
          policyPath(id, { ...readPolicyQuery(new URLSearchParams(window.location.search)), budget: next }),
          policyView,
        );
    }
  }, [id, budget]);
  const trail = [
    { label: sweep.data?.name ?? 'Sweep', href: `/sweeps/${encodeURIComponent(id)}` },
    { label: 'Policy' },
  ];
  if (policy.data === undefined) {
    return (
      <>
        <PageHead trail={trail} title="Policy" liveSweep={id} />
        <div className="mt-5">
          {policy.error === null ? (
            <Loading what="the policy" />
          ) : (
            <Failure error={policy.error} retry={policy.retry} title="No policy yet" />
          )}
        </div>
      </>
    );
  }
  const view = policy.data;
  return (
    <>
      <PageHead
        trail={trail}
        title={policyTitle(view)}
        finding={policyFinding(view, curve.whole ? curve.lines : null)}
        liveSweep={id}
        actions={
          <>
            <Download
              label="Export"
              name={`${sweep.data?.name ?? id}-policy.json`}
              type="application/json"
              text={() => JSON.stringify({ ...view, curve: curve.lines }, null, 2)}
            />
            <CopyLink />
          </>
        }
      />
      <Controls policy={view} set={set} />
      {policy.error !== null && policy.stale && (
        <div className="mb-3">
          <Failure
            error={policy.error}
            title="No policy satisfies these constraints; showing the previous one"
          />
        </div>
      )}
      <div
        className="grid grid-cols-[minmax(0,1fr)_330px] grid-rows-[auto_1fr] items-start gap-x-6 gap-y-4 max-[1180px]:grid-cols-1"
        aria-busy={policy.stale}
      >
        <div className="row-span-2 min-w-0 max-[1180px]:order-2 max-[1180px]:row-span-1">
          <PolicyGraph
            policy={view}
            name={sweep.name}
            selected={url.get('target')}
            onSelect={(target) => set({ target })}
          />
        </div>
        <div className="flex flex-col gap-4 max-[1180px]:order-1">
          <section aria-label="Budget">
            <h2 className="mb-1 flex items-baseline justify-between gap-2">
              <span className="section-title">Budget, {UNIT_WORDS[view.unit]}</span>
              <span className="text-ink3 text-label">{VALUE_NOTE[view.objectiveName]}</span>
            </h2>
            <BudgetChart
              policy={view}
              curve={curve.lines}
              budget={budget ?? view.budget}
              label={`Budget, ${UNIT_WORDS[view.unit]}`}
              budgetText={budgetText}
              text={(v) => share(v, 2)}
              tick={axisText}
              onMove={setDraft}
              onCommit={(value) => {
                set({ budget: String(value) });
                setDraft(null);
              }}
            />
            <CurveState curve={curve} budgets={view.curveBudgets.length} />
          </section>
          <PolicyFigures policy={view} />
          <ProofSection policy={view} name={sweep.name} />
          {view.selfShare > 0.6 && view.objectiveName === 'affinity' && (
            <p className="text-ink2">
              Own networks carry most of this objective.{' '}
              <button type="button" className="link" onClick={() => set({ maximise: 'quality' })}>
                Maximise quality
              </button>{' '}
              to see what transfer itself is worth.
            </p>
          )}
        </div>
        <div className="flex flex-col gap-4 max-[1180px]:order-3">
          <Importance policy={view} query={query} set={set} />
          <SourceChips policy={view} query={query} set={set} />
          <Terms policy={view} query={query} set={set} />
        </div>
      </div>
    </>
  );
}

/** What is maximised, how many sources an edge may have, what the budget counts. */
function Controls({ policy, set }: { policy: PolicyView; set: (patch: UrlPatch) => void }) {
  return (
    <div className="flex flex-wrap items-center gap-x-6 gap-y-2 py-3">
      <Segmented
        label="Maximise"
        value={policy.objectiveName}
        options={OBJECTIVES.map((o) => ({ value: o, label: OBJECTIVE_LABEL[o] }))}
        onChange={(o) => set({ maximise: o })}
      />
      <Segmented
        label="Sources per edge"
        value={String(policy.maxOrder)}
        options={['1', '2', '3', '4'].map((o) => ({ value: o, label: o }))}
        onChange={(o) => set({ order: o })}
      />
      <Segmented
        label="Budget in"
        value={policy.unit}
        options={UNITS.map((unit) => ({
          value: unit,
          label: UNIT_LABEL[unit],
          disabled: unit === 'gpu-hours' && policy.costs.every((cost) => cost.gpuHours === null),
        }))}
        onChange={(unit) => set({ unit: unit === 'tasks' ? null : unit, budget: null })}
      />
      <Proof policy={policy} />
    </div>
  );
}

/** What the curve says, how far it is solved, or why it is not. */
function CurveState({ curve, budgets }: { curve: Lines<PolicyCurvePoint>; budgets: number }) {
  if (curve.error !== null) {
    return <Failure error={curve.error} retry={curve.retry} title="The curve could not be solved" />;
  }
  const text = curve.whole
    ? curveNote(curve.lines)
    : `Solving the other budgets: ${curve.lines.length} of ${budgets} …`;
  return (
    <p className="mt-1.5 text-ink2" aria-live="polite">
      {text}
    </p>
  );
}

/** Ticks of the value axis: as many decimals as they need. */
const axisText = (v: number): string =>
  v === 0 ? '0' : String(Math.round(v * 100) / 100).replace(/^0\./, '.');

/** What the solver proved, in words. */
function Proof({ policy }: { policy: PolicyView }) {
  const text = policy.optimal
    ? 'Exact optimum'
    : `Not proved; at most ${share(policy.bound)}, a gap of ${percent(policy.gap, 1)}`;
  return (
    <p className="ml-auto text-ink2 text-label" title={`solved in ${Math.round(policy.solveMs)} ms`}>
      {text}
    </p>
  );
}
