'use client';

import { line, scaleLinear, scaleLog } from 'd3';
import { useRef } from 'react';
import { type CurveGroup, type CurvePoint, groupCurves, passes } from '@/app/_lib/curves';
import { loss } from '@/app/_lib/format';
import { logTicks, tickText } from '@/app/_lib/ticks';
import { useWidth } from '@/app/_lib/use-width';
import type { PairView } from '@/lib/service/contracts';
import { XAxis, YAxis } from '../ui/axes';
import { EndLabels } from '../ui/end-labels';

const HEIGHT = 270;
const MARGIN = { top: 10, right: 92, bottom: 38, left: 40 };
const STYLE: Record<string, { colour: string; text: string; bold: boolean }> = {
  transfer: { colour: 'var(--accent)', text: 'transfer', bold: true },
  scratch: { colour: 'var(--bar)', text: 'scratch', bold: true },
};
const shortSteps = (n: number): string =>
  n >= 10_000 ? `${Math.round(n / 1000)}k` : n >= 1000 ? `${n / 1000}k` : String(n);

/** Selection loss by step of transfer and scratch, each seed thin, the mean bold; fixed references across. */
export function LearningCurves({ pair }: { pair: PairView }) {
  const box = useRef<HTMLDivElement>(null);
  const width = Math.max(260, useWidth(box));
  const groups = groupCurves(pair.curves).filter((g) => g.label in STYLE);
  const { mean, gold } = pair.targetRow.losses;
  const references = [
    { label: 'mean predictor', value: mean, dash: '1 2' },
    { label: 'own network', value: gold, dash: '4 3' },
  ].flatMap((r) => (r.value === null || r.value <= 0 ? [] : [{ ...r, value: r.value }]));
  const all = [
    ...groups.flatMap((g) => g.seeds.flatMap((seed) => seed.points.map((p) => p.loss))),
    ...references.map((r) => r.value),
  ];
  const steps = Math.max(
    1,
    ...groups.flatMap((g) => g.seeds.flatMap((seed) => seed.points.map((p) => p.step))),
  );
  const x = scaleLinear([0, steps], [MARGIN.left, width - MARGIN.right]);
  const domain: [number, number] = [Math.min(...all) * 0.92, Math.max(...all) * 1.06];
  const y = scaleLog(domain, [HEIGHT - MARGIN.bottom, MARGIN.top]);
  const path = line<CurvePoint>(
    (p) => x(p.step),
    (p) => y(p.loss),
  );
  const ends = [
    ...groups.map((g) => ({
      label: g.label,
      y: y(g.mean.at(-1)?.loss ?? 1),
      colour: STYLE[g.label]?.colour ?? '',
      bold: true,
    })),
    ...references.map((r) => ({ label: r.label, y: y(r.value), colour: 'var(--ink2)', bold: false })),
  ];
  return (
    <section ref={box} aria-label="Learning curves">
      <h2 className="section-title">Learning curves</h2>
      <p className="mb-1 text-ink2 text-label">
        selection loss by step, log scale; lines across are test losses
      </p>
      {groups.length === 0 ? (
        <p className="py-6 text-ink3">No curve yet.</p>
      ) : (
        <svg
          width={width}
          height={HEIGHT}
          role="img"
          aria-label={summary(groups)}
          className="block text-ink2"
        >
          <YAxis
            ticks={logTicks(domain)}
            y={y}
            left={MARGIN.left}
            right={width - MARGIN.right}
            text={tickText}
          />
          <XAxis
            ticks={x.ticks(4)}
            x={x}
            at={HEIGHT - 20}
            text={shortSteps}
            title={{ text: 'steps', at: HEIGHT - 4, from: x(0), to: x(steps) }}
          />
          {references.map((r) => (
            <line
              key={r.label}
              x1={x(0)}
              x2={x(steps)}
              y1={y(r.value)}
              y2={y(r.value)}
              stroke="var(--ink2)"
              strokeDasharray={r.dash}
            />
          ))}
          <g fill="none">
            {groups.map((g) =>
              g.seeds.length < 2
                ? null
                : g.seeds.map((seed) => (
                    <path
                      key={`${g.label} ${seed.name}`}
                      d={path(seed.points) ?? ''}
                      stroke={STYLE[g.label]?.colour}
                      opacity="0.4"
                    />
                  )),
            )}
            {groups.map((g) => (
              <path key={g.label} d={path(g.mean) ?? ''} stroke={STYLE[g.label]?.colour} strokeWidth="2.2" />
            ))}
          </g>
          <Crossing groups={groups} x={x} y={y} />
          <EndLabels ends={ends} left={width - MARGIN.right + 6} />
        </svg>
      )}
    </section>
  );
}

const summary = (groups: readonly CurveGroup[]): string =>
  groups.map((g) => `${g.label} ends at ${loss(g.mean.at(-1)?.loss ?? Number.NaN)}`).join(', ');

type Scale = (value: number) => number;

/** The point at which the transfer passes the best that scratch ever reaches. */
function Crossing({ groups, x, y }: { groups: readonly CurveGroup[]; x: Scale; y: Scale }) {
  const of = (label: string): CurvePoint[] => groups.find((g) => g.label === label)?.mean ?? [];
  const at = passes(of('transfer'), of('scratch'));
  if (at === null) return null;
  return (
    <g>
      <circle
        cx={x(at.step)}
        cy={y(at.loss)}
        r="4"
        fill="var(--paper)"
        stroke="var(--accent)"
        strokeWidth="2"
      />
      <text
        x={x(at.step) + 9}
        y={y(at.loss) - 9}
        fontSize="11.5"
        className="text-ink"
        stroke="var(--paper)"
        strokeWidth="3.5"
        paintOrder="stroke"
      >
        passes scratch’s best at {shortSteps(at.step)}
      </text>
    </g>
  );
}
