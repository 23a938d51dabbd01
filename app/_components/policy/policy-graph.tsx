'use client';

import Link from 'next/link';
import { type ReactNode, useMemo, useRef, useState } from 'react';
import { percent } from '@/app/_lib/format';
import { layoutGraph, widestGap } from '@/app/_lib/graph-layout';
import { textWidth } from '@/app/_lib/matrix-layout';
import { usePhone } from '@/app/_lib/use-phone';
import { useWidth } from '@/app/_lib/use-width';
import type { PolicyEdgeView, PolicyView } from '@/lib/service/contracts';
import { frameFor, Graph } from './graph';
import { servedBy, TargetRows, valueScale } from './rows';

/** Columns of the rows beside the graph. */
const ROWS_WIDTH = 424;
const CARD_HEIGHT = 168;
const OBJECTIVE_HEAD = {
  quality: 'Quality',
  gain: 'Gain',
  affinity: 'Affinity',
  'log-loss': 'Loss cut',
} as const;

interface Props {
  policy: PolicyView;
  name: (id: string) => string;
  selected: string | null;
  onSelect: (target: string | null) => void;
}

export function PolicyGraph({ policy, name, selected, onSelect }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const phone = usePhone();
  const [hoverTarget, setHoverTarget] = useState<string | null>(null);
  const [hoverSource, setHoverSource] = useState<string | null>(null);
  const layout = useMemo(() => layoutGraph(policy.edges, policy.sources), [policy.edges, policy.sources]);
  const labelWidth = Math.min(
    150,
    Math.max(60, ...layout.sources.map((s) => textWidth(name(s.id), 13.5) + 4)),
  );
  const graphWidth = Math.max(250, width - ROWS_WIDTH);
  const frame = frameFor(graphWidth, labelWidth);
  const picked = layout.rows.find((row) => row.target === selected)?.edge ?? null;
  const gap = widestGap(layout);
  const inGap = gap.height >= CARD_HEIGHT;
  const focus = { target: hoverTarget ?? selected, source: hoverSource };
  return (
    <section ref={box} aria-label="Task graph" className="min-w-0">
      {width > 0 && (
        <>
          <Heads policy={policy} graphWidth={graphWidth} labelWidth={labelWidth} phone={phone} />
          <div className="relative">
            {!phone && (
              <Graph
                layout={layout}
                frame={frame}
                width={graphWidth}
                focus={focus}
                name={name}
                onSource={setHoverSource}
              />
            )}
            <TargetRows
              layout={layout}
              left={phone ? 0 : graphWidth - 12}
              objective={policy.objectiveName}
              name={name}
              selected={selected}
              onSelect={onSelect}
              onHover={setHoverTarget}
              phone={phone}
            />
            {picked !== null && inGap && !phone && (
              <div
                className="card absolute left-0 w-[158px] p-3"
                style={{ top: gap.top + Math.min(16, (gap.height - CARD_HEIGHT) / 2) }}
              >
                <EdgeCard edge={picked} policy={policy} name={name} />
              </div>
            )}
          </div>
          {picked !== null && (!inGap || phone) && (
            <div className="card mt-3 max-w-md p-4">
              <EdgeCard edge={picked} policy={policy} name={name} />
            </div>
          )}
          {!phone && <GraphLegend />}
        </>
      )}
    </section>
  );
}

function Heads({
  policy,
  graphWidth,
  labelWidth,
  phone,
}: {
  policy: PolicyView;
  graphWidth: number;
  labelWidth: number;
  phone: boolean;
}) {
  const scale = valueScale(
    policy.objectiveName,
    policy.edges.map((e) => e.value),
  );
  const head = (title: string, note: string, style = '') => (
    <div className={style}>
      <div className="font-semibold">{title}</div>
      <div className="text-ink2">{note}</div>
    </div>
  );
  return (
    <div className="mb-1 flex items-end text-label" aria-hidden="true">
      {!phone && (
        <div style={{ width: graphWidth - 12 }}>
          <div style={{ width: labelWidth + 2 }}>
            {head('Fully supervised', 'sources, filled', 'text-right whitespace-nowrap')}
          </div>
        </div>
      )}
      <div className="grid grow grid-cols-[minmax(0,1fr)_132px_104px] gap-2 pl-4 pr-1 phone:grid-cols-[minmax(0,1fr)_52px_84px] phone:pl-1">
        {head('Targets', 'each served once')}
        {head(OBJECTIVE_HEAD[policy.objectiveName], phone ? '' : scale.note, phone ? 'text-right' : '')}
        {policy.edges.some((e) => e.survival !== null)
          ? head('Survival', 'of resamples')
          : head('Served by', 'no resamples')}
      </div>
    </div>
  );
}

function EdgeCard({
  edge,
  policy,
  name,
}: {
  edge: PolicyEdgeView;
  policy: PolicyView;
  name: (id: string) => string;
}) {
  const facts = [
    ['Gain', edge.gain],
    ['Quality', edge.quality],
    ['Survives', edge.survival],
  ] as const;
  return (
    <>
      <p className="font-semibold">{name(edge.target)}</p>
      <p className="text-ink2 text-label">{servedBy(edge, name)}</p>
      <dl className="my-2">
        {facts.map(([label, value]) =>
          value === null ? null : (
            <div key={label} className="flex justify-between text-label">
              <dt className="text-ink2">{label}</dt>
              <dd className="font-semibold">{percent(value)}</dd>
            </div>
          ),
        )}
      </dl>
      <Link
        className="link text-label"
        href={`/sweeps/${encodeURIComponent(policy.sweepId)}/targets/${encodeURIComponent(edge.target)}`}
      >
        Open target
      </Link>
    </>
  );
}

function GraphLegend() {
  const entry = (label: string, shape: ReactNode) => (
    <li className="flex items-center gap-2">
      <svg width="26" height="16" aria-hidden="true">
        {shape}
      </svg>
      {label}
    </li>
  );
  return (
    <ul className="mt-4 flex flex-wrap gap-x-5 gap-y-1 text-ink2 text-label">
      {entry('source', <circle cx="13" cy="8" r="7" fill="var(--accent)" />)}
      {entry(
        'sources joined',
        <rect
          x="8"
          y="3"
          width="10"
          height="10"
          transform="rotate(45 13 8)"
          fill="none"
          stroke="var(--ink2)"
          strokeWidth="1.4"
        />,
      )}
      {entry('sure edge', <line x1="2" x2="24" y1="8" y2="8" stroke="var(--edge)" strokeWidth="4" />)}
      {entry('fragile edge', <line x1="2" x2="24" y1="8" y2="8" stroke="var(--edge)" strokeWidth="1.2" />)}
      {entry(
        'its own network',
        <line x1="2" x2="24" y1="8" y2="8" stroke="var(--ink3)" strokeDasharray="2 3" />,
      )}
    </ul>
  );
}
