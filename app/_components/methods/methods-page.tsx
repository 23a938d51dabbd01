'use client';

import Link from 'next/link';
import { useState } from 'react';
import { sweepPath } from '@/app/_lib/api';
import { capital, list, plural } from '@/app/_lib/format';
import {
  COST_SCOPES,
  type CostPoint,
  costPoints,
  sameAtEverySize,
  WAY_UNITS,
  type Way,
  type WayUnit,
  wayTable,
} from '@/app/_lib/method-compare';
import { useApi } from '@/app/_lib/use-api';
import { useSweep } from '@/app/_lib/use-sweep';
import { oneOf, useUrlState } from '@/app/_lib/use-url-state';
import type { Ways } from '@/app/_lib/ways';
import { type MethodsView, methodsView, type TaskMetric } from '@/lib/service/contracts';
import { waysCsv } from '@/lib/service/views/csv';
import { metricWithInterval } from '@/lib/service/views/metric-words';
import { PageHead } from '../shell/page-head';
import { CopyLink } from '../ui/copy-button';
import { Download } from '../ui/download';
import { PageBody } from '../ui/page-body';
import { Segmented } from '../ui/segmented';
import { Empty } from '../ui/status';
import { CostChart } from './cost-chart';
import { CostTable } from './cost-table';
import { WayHeatMap } from './way-table';

type Size = MethodsView['sizes'][number];

/** The number of labels that the address asks for, else the largest of which something is measured. */
function shownSize(view: MethodsView, wanted: string | null): Size | undefined {
  const measured = view.sizes.filter((s) => view.ways.some((w) => w.images === s.images && w.gain !== null));
  return view.sizes.find((s) => String(s.images) === wanted) ?? measured.at(-1) ?? view.sizes.at(-1);
}

/** Every way to transfer to one target, at equal labels and at equal compute. */
export function MethodsPage({ id, target }: { id: string; target: string }) {
  const sweep = useSweep(id);
  const { query } = useUrlState();
  const state = useApi(sweepPath(id, `/targets/${encodeURIComponent(target)}/methods`), methodsView);
  const base = `/sweeps/${encodeURIComponent(id)}`;
  const view = state.stale ? undefined : state.data;
  const size = view && shownSize(view, query.get('labels'));
  return (
    <>
      <PageHead
        trail={[
          { label: sweep.data?.name ?? 'Sweep', href: base },
          { label: sweep.name(target), href: `${base}/targets/${encodeURIComponent(target)}` },
          { label: 'Ways to transfer' },
        ]}
        title={`How to transfer to ${sweep.name(target)}`}
        finding={size?.words}
        liveSweep={id}
        actions={
          <>
            <Link className="btn" href={`${base}/targets/${encodeURIComponent(target)}`}>
              Open target
            </Link>
            {view !== undefined && view.ways.length > 0 && (
              <Download
                label="Export"
                name={`${sweep.data?.name ?? 'sweep'}-${target}-ways.csv`}
                type="text/csv"
                text={() => waysCsv(view)}
              />
            )}
            <CopyLink />
          </>
        }
      />
      <PageBody state={{ ...state, data: view }} what="the ways to transfer">
        {(loaded) =>
          size === undefined || loaded.ways.length === 0 ? (
            <div className="mt-5">
              <Empty title="No transfer to compare">
                {sweep.data?.origin === 'imported'
                  ? 'These results were imported: how they were trained, and at what cost, is not part of them.'
                  : 'This sweep plans no transfer to this target.'}
              </Empty>
            </div>
          ) : (
            <Loaded
              view={loaded}
              size={size}
              name={sweep.name}
              ways={sweep.ways}
              href={(way) => sweep.ways.href(base, way, target)}
            />
          )
        }
      </PageBody>
    </>
  );
}

interface LoadedProps {
  view: MethodsView;
  size: Size;
  name: (id: string) => string;
  ways: Ways;
  href: (way: Way) => string;
}

const UNIT_NOTES: Record<WayUnit, string> = {
  gain: 'share of test images won against scratch with equally many labels, 95 % interval',
  quality: 'share of test images won against the target’s own network, 95 % interval',
  effect: 'median change of the loss against scratch, 95 % interval',
  metric: 'what people report of the target, 95 % interval; coloured by the difference to scratch',
};

/** The metric of scratch with as many labels, and of the target's own network. */
const references = ({ goldMetric }: MethodsView, { scratch }: Size, metric: TaskMetric): string =>
  [
    ...(scratch.metric === null ? [] : [`; scratch ${metricWithInterval(scratch.metric, metric)}`]),
    ...(goldMetric === null ? [] : [`; own network ${metricWithInterval(goldMetric, metric)}`]),
  ].join('');

function Loaded({ view, size, name, ways, href }: LoadedProps) {
  const { query, set } = useUrlState();
  const { metric } = view;
  const units = WAY_UNITS.filter((u) => u !== 'metric' || metric !== null);
  const unit = oneOf<WayUnit>(query.get('unit'), [WAY_UNITS[0], ...units.slice(1)]);
  const unitName = (u: WayUnit): string => capital(u === 'metric' ? (metric?.name ?? u) : u);
  const table = wayTable(view, size.images);
  const more = table.columns.some((c) => c.kind === 'itself');
  const same = sameAtEverySize(view);
  return (
    <>
      <div className="mt-4 flex flex-wrap items-center gap-x-6 gap-y-2">
        {view.sizes.length > 1 && (
          <Segmented
            label="Labels"
            value={String(size.images)}
            options={view.sizes.map(({ images }) => ({ value: String(images), label: String(images) }))}
            onChange={(labels) => set({ labels })}
          />
        )}
        <Segmented
          label="Unit"
          value={unit}
          options={units.map((value) => ({ value, label: unitName(value) }))}
          onChange={(value) => set({ unit: value === WAY_UNITS[0] ? null : value })}
        />
      </div>
      <section aria-label="At equal labels" className="mt-4">
        <h2 className="section-title">At equal labels: method × source, {plural(size.images, 'label')}</h2>
        <p className="mb-2 text-ink2 text-label">
          {UNIT_NOTES[unit]}
          {unit === 'metric' && metric !== null && references(view, size, metric)}. Pale: the interval holds
          “no difference”. <span className="whitespace-nowrap">▼ negative transfer.</span>
          {more && ' ✱ saw more of the target’s labels: on the source pool, or of a larger transfer set.'}
          {same.length > 0 &&
            ` No label of the transfer set is read by ${list(same)}: trained once, the same network at every number of labels.`}
        </p>
        <WayHeatMap
          table={table}
          unit={unit}
          metric={metric}
          caption={`${unitName(unit)} by method and source with ${plural(size.images, 'label')}`}
          name={name}
          href={href}
        />
      </section>
      <EqualCompute view={view} size={size} ways={ways} href={href} />
    </>
  );
}

const SCOPE_NAMES = { given: 'Sources given', whole: 'Sources counted' } as const;

function EqualCompute({ view, size, ways, href }: Omit<LoadedProps, 'name'>) {
  const { query, set } = useUrlState();
  const scope = oneOf(query.get('cost'), COST_SCOPES);
  const [selected, select] = useState<string | null>(null);
  const points = costPoints(view, size, scope);
  const label = ({ way }: CostPoint): string => (way === null ? 'From scratch' : ways.name(way));
  return (
    <section aria-label="At equal compute" className="rule mt-6 pt-4">
      <div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-2">
        <div>
          <h2 className="section-title">At equal compute</h2>
          <p className="max-w-2xl text-ink2 text-label">
            Gain over measured training compute, mean over seeds. The line joins what beats everything that
            costs no more; filled dots have an interval that leaves 50 %.{' '}
            {scope === 'given'
              ? 'Encoders are there already; teachers and members count.'
              : 'Encoders count too, each once, as if only this target used them.'}
          </p>
        </div>
        <Segmented
          label="Cost"
          hideLabel
          value={scope}
          options={COST_SCOPES.map((value) => ({ value, label: SCOPE_NAMES[value] }))}
          onChange={(value) => set({ cost: value === COST_SCOPES[0] ? null : value })}
        />
      </div>
      {points.length < 2 ? (
        <div className="mt-3">
          <Empty title="Nothing to compare yet">
            Compute is compared when scratch and a transfer are done with {plural(size.images, 'label')}.
          </Empty>
        </div>
      ) : (
        <div className="mt-2 grid grid-cols-[minmax(0,1fr)_minmax(0,1.15fr)] items-start gap-8 max-[1180px]:grid-cols-1">
          <CostChart points={points} label={label} selected={selected} onSelect={select} />
          <CostTable points={points} label={label} href={href} selected={selected} onSelect={select} />
        </div>
      )}
    </section>
  );
}
