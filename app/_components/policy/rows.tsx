'use client';

import { scaleLinear, scaleLog } from 'd3';
import { list, percent, plural, share } from '@/app/_lib/format';
import { type GraphLayout, ROW_HEIGHT } from '@/app/_lib/graph-layout';
import type { PolicyEdgeView, PolicyRecord } from '@/lib/service/contracts';

const FRAGILE = 0.7;

/** Scale and text of the value column by objective. Affinities span decades, so they get a log scale. */
export function valueScale(objective: PolicyRecord['objectiveName'], values: readonly number[]) {
  const top = Math.max(1e-9, ...values);
  if (objective === 'affinity') {
    const scale = scaleLog([0.001, 1], [0, 1]).clamp(true);
    return {
      at: (v: number) => scale(Math.max(v, 0.001)),
      ticks: [0.01, 0.1, 1].map((t) => [scale(t), share(t, t < 1 ? (t < 0.1 ? 2 : 1) : 0)] as const),
      text: (v: number) => share(v, 3),
      note: 'dots on a log scale',
    };
  }
  const end = objective === 'log-loss' ? top : Math.min(1, Math.ceil(top * 4) / 4);
  const scale = scaleLinear([0, end], [0, 1]).clamp(true);
  const ticks = [0, end];
  const text = objective === 'log-loss' ? (v: number) => share(v) : (v: number) => percent(v);
  return {
    at: (v: number) => scale(Math.max(0, v)),
    ticks: ticks.map((t) => [scale(t), text(t)] as const),
    text,
    note: objective === 'log-loss' ? 'cut of the log loss' : 'of images won',
  };
}

/** Whether the edge's mean loss is no better than a constant's: it is counted at 0 at most. */
const isUseless = ({ skill }: PolicyEdgeView): boolean => skill !== undefined && skill !== null && skill <= 0;

export function servedBy(edge: PolicyEdgeView, name: (id: string) => string): string {
  if (edge.kind === 'self') return 'its own network';
  if (edge.kind === 'scratch' || edge.sources.length === 0) return 'training from scratch';
  return `from ${list(edge.sources.map(name))}`;
}

interface Props {
  layout: GraphLayout;
  left: number;
  objective: PolicyRecord['objectiveName'];
  name: (id: string) => string;
  selected: string | null;
  onSelect: (target: string | null) => void;
  onHover: (target: string | null) => void;
  phone: boolean;
}

/** Each target's row: how it is served, its value, how often the edge survives resampling. */
export function TargetRows({ layout, left, objective, name, selected, onSelect, onHover, phone }: Props) {
  const scale = valueScale(
    objective,
    layout.rows.map((r) => r.edge.value),
  );
  return (
    <ol className="relative" style={{ marginLeft: left }}>
      {layout.rows.map(({ target, edge }) => {
        const on = selected === target;
        return (
          <li
            key={target}
            className="border-line border-b"
            style={phone ? undefined : { height: ROW_HEIGHT }}
          >
            <button
              type="button"
              aria-pressed={on}
              onClick={() => onSelect(on ? null : target)}
              onPointerEnter={() => onHover(target)}
              onPointerLeave={() => onHover(null)}
              className={`grid h-full w-full grid-cols-[minmax(0,1fr)_50px_74px_104px] items-center gap-2 rounded-control pl-4 pr-1 text-left phone:grid-cols-[minmax(0,1fr)_52px_84px] phone:py-2 phone:pl-1 ${on ? 'bg-accent-soft' : 'hover:bg-accent-soft/50'}`}
            >
              <span className="min-w-0">
                <span className={`block truncate ${on ? 'font-semibold' : ''}`}>
                  {name(target)}
                  {isUseless(edge) && (
                    <span className="ml-1.5 text-tick text-worse">no better than a constant</span>
                  )}
                </span>
                <span className={phone ? 'block truncate text-ink3 text-tick' : 'sr-only'}>
                  <span className="sr-only">, </span>
                  {servedBy(edge, name)}
                </span>
              </span>
              <span className="text-right">{scale.text(edge.value)}</span>
              {!phone && (
                <span className="relative h-full w-[60px]" aria-hidden="true">
                  {scale.ticks.map(([at]) => (
                    <span
                      key={at}
                      className="absolute inset-y-[-1px] border-line border-l"
                      style={{ left: `${at * 100}%` }}
                    />
                  ))}
                  <span
                    className="absolute top-1/2 size-[7px] -translate-x-1/2 -translate-y-1/2 rounded-full"
                    style={{
                      left: `${scale.at(edge.value) * 100}%`,
                      background: edge.kind === 'self' ? 'var(--accent)' : 'var(--bar)',
                    }}
                  />
                </span>
              )}
              <Survival edge={edge} />
            </button>
          </li>
        );
      })}
      {!phone && (
        <li
          aria-hidden="true"
          className="grid grid-cols-[minmax(0,1fr)_50px_74px_104px] gap-2 pt-1 pr-1 pl-4 text-ink3 text-note"
        >
          <span className="relative col-start-3 h-4 w-[60px]">
            {scale.ticks.map(([at, text]) => (
              <span key={at} className="absolute -translate-x-1/2" style={{ left: `${at * 100}%` }}>
                {text}
              </span>
            ))}
          </span>
        </li>
      )}
    </ol>
  );
}

function Survival({ edge }: { edge: PolicyEdgeView }) {
  if (edge.kind === 'self') return <span className="text-ink3 text-label">own network</span>;
  if (edge.kind === 'scratch') return <span className="text-ink3 text-label">from scratch</span>;
  if (edge.survival === null)
    return <span className="text-ink3 text-label">{plural(edge.sources.length, 'source')}</span>;
  const fragile = edge.survival < FRAGILE;
  return (
    <span className="flex items-center gap-2">
      <span className="h-1.5 w-11 overflow-hidden rounded-full bg-line" aria-hidden="true">
        <span
          className={`block h-full rounded-full ${fragile ? 'bg-worse' : 'bg-[var(--bar)]'}`}
          style={{ width: `${edge.survival * 100}%` }}
        />
      </span>
      <span className={`ml-auto text-label ${fragile ? 'font-semibold text-worse' : ''}`}>
        <span className="sr-only">survives </span>
        {percent(edge.survival)}
      </span>
    </span>
  );
}
