'use client';

import Link from 'next/link';
import { sweepList } from '@/app/_lib/answers';
import { apiPath, sweepPath } from '@/app/_lib/api';
import { change, percent, plural, share } from '@/app/_lib/format';
import { useApi } from '@/app/_lib/use-api';
import { useSweep } from '@/app/_lib/use-sweep';
import { oneOf, useUrlState } from '@/app/_lib/use-url-state';
import { type AgreementView, agreementView, type SweepView } from '@/lib/service/contracts';
import { PageBody } from '../ui/page-body';
import { Segmented } from '../ui/segmented';
import { Empty } from '../ui/status';
import { EvidenceHead, jsonFile } from './evidence-head';

const UNITS = [
  { value: 'gain', label: 'Gain' },
  { value: 'quality', label: 'Quality' },
  { value: 'affinity', label: 'Affinity' },
  { value: 'effect', label: 'Effect' },
] as const;
type Unit = (typeof UNITS)[number]['value'];
type Target = AgreementView['targets'][number];

/** The sweep to compare with when none is chosen: the first other one, published results before the rest. */
function otherOf(sweeps: readonly SweepView[], own: SweepView | undefined): SweepView | null {
  const ids = new Set(own?.tasks.map((t) => t.id));
  const common = (s: SweepView): number => s.tasks.filter((t) => ids.has(t.id)).length;
  const others = sweeps.filter((s) => s.id !== own?.id);
  const most = Math.max(0, ...others.map(common));
  // Tasks of other names may still belong together, as those of the published results do.
  return (
    others.find((s) => most < 3 && s.origin === 'imported') ?? others.find((s) => common(s) === most) ?? null
  );
}

/** Generalisation check: would another data set rank the sources the same way? */
export function AgreementPage({ id }: { id: string }) {
  const sweep = useSweep(id);
  const { query, set } = useUrlState();
  const sweeps = useApi('/sweeps', sweepList).data?.sweeps;
  const unit: Unit = oneOf(query.get('unit'), ['gain', 'quality', 'affinity', 'effect'] as const);
  const wanted = query.get('with') ?? otherOf(sweeps ?? [], sweep.data)?.id ?? null;
  const map = query.get('map') ?? '';
  const state = useApi(
    wanted === null ? null : apiPath(sweepPath(id, '/agreement'), { with: wanted, unit, map }),
    agreementView,
  );
  const base = `/sweeps/${encodeURIComponent(id)}`;
  const others = (sweeps ?? []).filter((s) => s.id !== sweep.data?.id);
  return (
    <>
      <EvidenceHead
        id={id}
        trail={[{ label: 'Agreement' }]}
        title="Does another data set agree?"
        finding={state.data?.finding}
        export={jsonFile('agreement.json', state.data)}
      />
      {sweeps !== undefined && others.length === 0 ? (
        <div className="mt-5">
          <Empty title="Nothing to compare with">
            Run a second sweep, or import published results:{' '}
            <code className="font-mono">taskatlas import transfers FILE</code>.
          </Empty>
        </div>
      ) : (
        <>
          <div className="flex flex-wrap items-center gap-x-6 gap-y-2 py-3">
            <label className="flex items-center gap-2 text-ink3 text-label">
              Compare with
              <select
                className="field !w-auto max-w-[240px]"
                value={others.find((s) => s.id === wanted || String(s.number) === wanted)?.id ?? ''}
                onChange={(event) => set({ with: event.target.value })}
              >
                {others.map((s) => (
                  <option key={s.id} value={s.id}>
                    {s.name} (sweep {s.number})
                  </option>
                ))}
              </select>
            </label>
            <Segmented
              label="Rank by"
              value={unit}
              options={UNITS}
              onChange={(u) => set({ unit: u === 'gain' ? null : u })}
            />
          </div>
          <PageBody state={state} what="the comparison">
            {(view) => <Loaded view={view} name={sweep.name} base={base} map={map} set={set} />}
          </PageBody>
        </>
      )}
    </>
  );
}

interface LoadedProps {
  view: AgreementView;
  name: (id: string) => string;
  base: string;
  map: string;
  set: (patch: Record<string, string | null>) => void;
}

function Loaded({ view, name, base, map, set }: LoadedProps) {
  const theirs = useSweep(view.otherId);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)_320px] items-start gap-9 max-[1280px]:grid-cols-1">
      <section aria-label="Correlation by target" className="relative min-w-0 overflow-x-auto">
        {view.targets.length === 0 ? (
          <Empty title="No target in common">Say on the right which tasks belong together.</Empty>
        ) : (
          <table className="table" aria-label="Agreement by target">
            <thead>
              <tr>
                <th scope="col">Target</th>
                <th scope="col" className="w-[150px]">
                  Spearman, −1 to 1
                </th>
                <th scope="col" className="!text-right">
                  ρ
                </th>
                <th scope="col" className="!text-right">
                  Sources
                </th>
                <th scope="col">Best here</th>
                <th scope="col">Best there</th>
                <th scope="col">Source by source</th>
              </tr>
            </thead>
            <tbody>
              {view.targets.map((t) => (
                <Line key={t.target} row={t} view={view} name={name} base={base} />
              ))}
            </tbody>
          </table>
        )}
      </section>
      <div className="flex flex-col gap-5">
        <section aria-label="Which tasks belong together">
          <h2 className="section-title">Which tasks belong together</h2>
          <p className="text-ink2 text-label">
            by the same id, by the published Taskonomy name, or as you say:{' '}
            {plural(view.mapping.length, 'task')}
          </p>
          <MapField key={map} map={map} set={set} />
          <ul className="mt-2">
            {view.mapping.map((m) => (
              <li key={m.task} className="grid grid-cols-[1fr_1fr_58px] gap-2 border-line border-b py-1">
                <span>{name(m.task)}</span>
                <span className="text-ink2">{theirs.name(m.other)}</span>
                <span className="text-right text-ink3 text-label">
                  {m.how === 'id' ? 'same id' : m.how === 'published' ? 'published' : 'given'}
                </span>
              </li>
            ))}
          </ul>
        </section>
        <p className="text-ink2">
          Read against the paper’s own repeat: 1k against 16k transfer images agree with a median of .875, but
          between −.45 and 0 for matching, egomotion and camera poses. Affinity ranks sources within one
          target; it is correlated target by target here and never across targets.
        </p>
      </div>
    </div>
  );
}

function MapField({ map, set }: Pick<LoadedProps, 'map' | 'set'>) {
  return (
    <form
      className="mt-2 flex gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        const text = new FormData(event.currentTarget).get('map');
        set({ map: typeof text === 'string' && text.trim() !== '' ? text.trim() : null });
      }}
    >
      <input
        className="field font-mono !text-[12px]"
        name="map"
        defaultValue={map}
        placeholder="z-depth:rgb2depth, …"
        aria-label="Tasks that belong together, as here:there"
        spellCheck={false}
      />
      <button type="submit" className="btn">
        Use
      </button>
    </form>
  );
}

function Line({
  row,
  view,
  name,
  base,
}: {
  row: Target;
  view: AgreementView;
  name: (id: string) => string;
  base: string;
}) {
  const r = row.correlation;
  return (
    <tr>
      <td>
        <Link className="link" href={`${base}/targets/${encodeURIComponent(row.target)}`}>
          {name(row.target)}
        </Link>
      </td>
      <td>
        <CorrelationBar value={r} />
      </td>
      <td className={`text-right font-semibold ${(r ?? 1) < 0 ? 'text-worse' : ''}`}>
        {r === null ? '–' : share(r)}
      </td>
      <td className="text-right">{row.sources}</td>
      <td className="whitespace-nowrap">{row.best === null ? '–' : name(row.best)}</td>
      <td className="whitespace-nowrap">
        {row.otherBest === null ? '–' : name(row.otherBest)}
        {row.best !== null && row.best === row.otherBest && <span className="ml-1.5 text-accent">same</span>}
      </td>
      <td>
        <Scatter row={row} unit={view.unit} name={name} />
      </td>
    </tr>
  );
}

function CorrelationBar({ value }: { value: number | null }) {
  if (value === null) return <span className="text-ink3 text-label">too few sources</span>;
  const colour = value < 0 ? 'var(--worse)' : 'var(--accent)';
  const x = (v: number): number => 70 + v * 62;
  return (
    <svg width="140" height="16" aria-hidden="true">
      <line x1="6" x2="134" y1="8" y2="8" stroke="var(--line2)" />
      <line x1={x(0)} x2={x(0)} y1="1" y2="15" stroke="var(--ink)" strokeDasharray="2 2" />
      <line x1={x(0)} x2={x(value)} y1="8" y2="8" stroke={colour} strokeWidth="3" opacity="0.5" />
      <circle cx={x(value)} cy="8" r="4.5" fill={colour} />
    </svg>
  );
}

const SIZE = 40;

/** Every source as a dot: its value here to the right, there upwards. */
function Scatter({ row, unit, name }: { row: Target; unit: Unit; name: (id: string) => string }) {
  const scale = (axis: 'here' | 'there') => {
    const values = row.points.map((p) => p[axis]);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return (v: number): number => (high > low ? (v - low) / (high - low) : 0.5) * (SIZE - 8) + 4;
  };
  if (row.points.length === 0) return null;
  const [x, y] = [scale('here'), scale('there')];
  const text = (v: number): string =>
    unit === 'effect' ? change(-v) : unit === 'affinity' ? share(v, 3) : percent(v);
  return (
    <svg
      width={SIZE}
      height={SIZE}
      role="img"
      aria-label={`${row.points.length} sources, here against there`}
    >
      <rect x="0.5" y="0.5" width={SIZE - 1} height={SIZE - 1} rx="3" fill="none" stroke="var(--line)" />
      {row.points.map((p) => (
        <circle
          key={p.source}
          cx={x(p.here)}
          cy={SIZE - y(p.there)}
          r="2.2"
          fill="var(--accent)"
          opacity="0.8"
        >
          <title>{`${name(p.source)}: ${text(p.here)} here, ${text(p.there)} there`}</title>
        </circle>
      ))}
    </svg>
  );
}
