'use client';

import Link from 'next/link';
import { apiPath, sweepPath } from '@/app/_lib/api';
import { change, count, list, percent, share, signed } from '@/app/_lib/format';
import { useApi } from '@/app/_lib/use-api';
import { useSweep } from '@/app/_lib/use-sweep';
import { oneOf, useUrlState } from '@/app/_lib/use-url-state';
import { type ComparableUnit, type SimilarityView, similarityView } from '@/lib/service/contracts';
import { Arrow } from '../ui/arrow';
import { PageBody } from '../ui/page-body';
import { Segmented } from '../ui/segmented';
import { Empty } from '../ui/status';
import { EvidenceHead, jsonFile } from './evidence-head';
import { TreePlot } from './tree-plot';

const UNITS = [
  { value: 'gain', label: 'Gain' },
  { value: 'quality', label: 'Quality' },
  { value: 'effect', label: 'Effect' },
] as const;
const UNIT_NOTE: Record<ComparableUnit, string> = {
  gain: 'share of test images won against scratch',
  quality: 'share of test images won against the own network',
  effect: 'median change of the loss against scratch',
};
/** Pairs listed before "all". */
const SHOWN = 12;

const unitText = (unit: ComparableUnit): ((x: number) => string) => (unit === 'effect' ? change : percent);

/** Which tasks are alike as sources, and where transfer is a one-way street. */
export function SimilarityPage({ id }: { id: string }) {
  const sweep = useSweep(id);
  const { query, set } = useUrlState();
  const unit = oneOf(query.get('unit'), ['gain', 'quality', 'effect'] as const);
  const state = useApi(apiPath(sweepPath(id, '/similarity'), { unit }), similarityView);
  const base = `/sweeps/${encodeURIComponent(id)}`;
  return (
    <>
      <EvidenceHead
        id={id}
        trail={[{ label: 'Similarity tree' }]}
        title="Which tasks are alike?"
        finding={state.data?.finding}
        export={jsonFile('similarity.json', state.data)}
      />
      <PageBody state={state} what="the tree">
        {(view) => (
          <div className="mt-4 grid grid-cols-[minmax(0,1.25fr)_minmax(340px,1fr)] items-start gap-9 max-[1080px]:grid-cols-1">
            <section aria-label="Similarity tree">
              <h2 className="section-title">Similarity tree of sources</h2>
              <p className="mb-2 text-ink2 text-label">
                profile of a source: its normalised affinities on {view.profile.length}{' '}
                {view.profile.length === 1 ? 'target' : 'targets'}; {view.metric} distance, {view.linkage}{' '}
                linkage
              </p>
              {view.tree === null ? (
                <Empty title="No tree yet">
                  It needs three sources that are measured on the same complete and valid targets.
                </Empty>
              ) : (
                <TreePlot tree={view.tree} tasks={sweep.tasks} name={sweep.name} />
              )}
            </section>
            <div className="flex min-w-0 flex-col gap-5">
              <OneSided
                view={view}
                name={sweep.name}
                base={base}
                unit={unit}
                all={query.get('pairs') === 'all'}
                set={set}
              />
              <Families view={view} name={sweep.name} />
              <Cycles view={view} name={sweep.name} base={base} />
            </div>
          </div>
        )}
      </PageBody>
    </>
  );
}

interface OneSidedProps {
  view: SimilarityView;
  name: (id: string) => string;
  base: string;
  unit: ComparableUnit;
  all: boolean;
  set: (patch: Record<string, string | null>) => void;
}

function OneSided({ view, name, base, unit, all, set }: OneSidedProps) {
  const text = unitText(view.unit);
  const shown = all ? view.asymmetries : view.asymmetries.slice(0, SHOWN);
  const rest = view.asymmetries.length - shown.length;
  const pair = (source: string, target: string): string =>
    `${base}/pairs/${encodeURIComponent(source)}/${encodeURIComponent(target)}`;
  return (
    <section aria-label="One-sided pairs">
      <div className="mb-1 flex flex-wrap items-center justify-between gap-2">
        <div>
          <h2 className="section-title">One-sided pairs</h2>
          <p className="text-ink2 text-label">{UNIT_NOTE[unit]}, both ways</p>
        </div>
        <Segmented
          label="Unit"
          hideLabel
          value={unit}
          options={UNITS}
          onChange={(u) => set({ unit: u === 'gain' ? null : u })}
        />
      </div>
      {shown.length === 0 ? (
        <p className="text-ink2">No pair is measured both ways in this unit.</p>
      ) : (
        <table className="table" aria-label="One-sided pairs">
          <thead>
            <tr>
              <th scope="col">From the first to the second</th>
              <th scope="col" className="!text-right">
                There
              </th>
              <th scope="col" className="!text-right">
                Back
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((a) => (
              <tr key={a.better.join('>')}>
                <td>
                  {name(a.better[0])}
                  <Arrow />
                  {name(a.better[1])}
                  {a.opposed && <span className="ml-2 text-label text-worse">helps, back hurts</span>}
                </td>
                <td className="text-right">
                  <Link className="link" href={pair(a.better[0], a.better[1])}>
                    {text(a.forward.value)}
                  </Link>
                </td>
                <td className="text-right">
                  <Link className="link" href={pair(a.better[1], a.better[0])}>
                    {text(a.backward.value)}
                  </Link>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {(rest > 0 || all) && (
        <button type="button" className="link mt-1.5" onClick={() => set({ pairs: all ? null : 'all' })}>
          {all ? 'Show fewer' : `Show all ${count(view.asymmetries.length)}`}
        </button>
      )}
    </section>
  );
}

function Families({ view, name }: { view: SimilarityView; name: (id: string) => string }) {
  const test = view.families;
  const number = (x: number): string =>
    view.unit === 'effect' ? signed(x, 2) : `${signed(x * 100, 1)}\u00a0points`;
  return (
    <section aria-label="Families" className="rule pt-3">
      <h2 className="section-title">Do families hold together?</h2>
      {test === null ? (
        <p className="text-ink2">Too few pairs within and between families to test.</p>
      ) : (
        <>
          <p className="mt-0.5 text-ink2">
            Within a family transfer is {number(test.within)} {test.within >= 0 ? 'above' : 'from'} a target’s
            mean, between families {number(test.between)}: a contrast of{' '}
            <strong className="font-semibold text-ink">{number(test.observed)}</strong>, where{' '}
            {count(test.permutations)} relabellings of the tasks give {number(test.expected)} on average, p ={' '}
            {share(test.pValue, test.pValue < 0.01 ? 4 : 3)}.
          </p>
          <dl className="mt-1.5">
            {Object.entries(test.members).map(([family, members]) => (
              <div
                key={family}
                className="grid grid-cols-[86px_minmax(0,1fr)] gap-2 border-line border-b py-1"
              >
                <dt className="text-ink3 capitalize">{family}</dt>
                <dd className="text-ink2">{list(members.map(name))}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
    </section>
  );
}

function Cycles({ view, name, base }: { view: SimilarityView; name: (id: string) => string; base: string }) {
  const known = view.intransitive.filter((row) => row.count !== null);
  const found = known.filter((row) => (row.count ?? 0) > 0).sort((a, b) => (b.count ?? 0) - (a.count ?? 0));
  const named = (key: string): string =>
    key === 'self' ? 'Own network' : key.split('+').map(name).join(' + ');
  return (
    <section aria-label="Intransitive triples" className="rule pt-3">
      <h2 className="section-title">Intransitive triples</h2>
      <p className="mt-0.5 text-ink2">
        {known.length === 0
          ? 'Win rates between candidates are not known here, so cycles cannot be counted.'
          : found.length === 0
            ? `None: on all ${known.length} targets who beats whom is an order.`
            : 'A beats B, B beats C and C beats A, by majority of the test images:'}
      </p>
      <ul>
        {found.map((row) => (
          <li key={row.target} className="border-line border-b py-1">
            <Link className="link" href={`${base}/targets/${encodeURIComponent(row.target)}/tournament`}>
              {name(row.target)}
            </Link>{' '}
            <span className="text-ink2">
              {count(row.count ?? 0)} of {count(row.triples)}
              {row.examples[0] !== undefined && `, such as ${list(row.examples[0].map(named))}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
