'use client';

import { line, scaleLinear, scaleLog } from 'd3';
import { useRef } from 'react';
import { count, percent } from '@/app/_lib/format';
import {
  type Crossing,
  type SizeLine,
  type SizeUnit,
  sizeDomain,
  sizesSummary,
} from '@/app/_lib/size-curves';
import { clip } from '@/app/_lib/text-fit';
import { logTicks, tickText } from '@/app/_lib/ticks';
import { useWidth } from '@/app/_lib/use-width';
import { XAxis, YAxis } from '../ui/axes';
import { EndLabels } from '../ui/end-labels';

const HEIGHT = 276;
const MARGIN = { top: 20, right: 112, bottom: 40, left: 42 };
/** Room for names at the ends of lines; those with a method are longer. */
const WIDE = 168;

const STYLE: Record<SizeLine['role'], { colour: string; width: number; dash?: string }> = {
  lead: { colour: 'var(--accent)', width: 2.2 },
  named: { colour: 'var(--ink2)', width: 1.4 },
  rest: { colour: 'var(--edge)', width: 1 },
  scratch: { colour: 'var(--bar)', width: 2.2 },
  own: { colour: 'var(--ink2)', width: 1.4, dash: '4 3' },
  mean: { colour: 'var(--ink2)', width: 1.4, dash: '1 2' },
};

type Scale = (value: number) => number;

interface Props {
  lines: readonly SizeLine[];
  unit: SizeUnit;
  sizes: readonly number[];
  /** Where gain falls through one half; null in the other units. */
  crossing: Crossing | null;
}

/** One line for each way over the size of the transfer set, with intervals, and where scratch catches up with the lead. */
export function SizeChart({ lines, unit, sizes, crossing }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const width = Math.max(280, useWidth(box));
  const [bottom, top] = sizeDomain(lines, unit);
  const named = lines.filter((l) => l.role !== 'rest');
  const margin = named.some((l) => l.label.length * 6 > MARGIN.right) ? WIDE : MARGIN.right;
  const right = width - margin;
  const x = scaleLog([sizes[0] ?? 1, sizes.at(-1) ?? 2], [MARGIN.left + 8, right]);
  const range = [HEIGHT - MARGIN.bottom, MARGIN.top];
  const y = unit === 'loss' ? scaleLog([bottom, top], range) : scaleLinear([bottom, top], range);
  const ticks = unit === 'loss' ? logTicks([bottom, top]) : y.ticks(Math.min(6, (top - bottom) * 10));
  return (
    <div ref={box}>
      <svg
        width={width}
        height={HEIGHT}
        role="img"
        aria-label={sizesSummary(lines, unit)}
        data-testid="size-chart"
        className="block overflow-visible text-ink2"
      >
        {unit !== 'loss' && bottom < 0.5 && (
          <rect
            x={MARGIN.left}
            width={right - MARGIN.left}
            y={y(0.5)}
            height={y(bottom) - y(0.5)}
            fill="var(--worse-soft)"
          />
        )}
        <YAxis
          ticks={ticks}
          y={y}
          left={MARGIN.left}
          right={right}
          text={(t) => (unit === 'loss' ? tickText(t) : percent(t))}
        />
        <SizeTicks sizes={sizes} x={x} right={right} />
        {crossing !== null && <CrossingMark crossing={crossing} x={x} right={right} />}
        {lines.map((l) => (
          <Curve key={l.key} line={l} x={x} y={y} />
        ))}
        {crossing !== null && (
          <circle
            cx={x(crossing.images)}
            cy={y(0.5)}
            r="4"
            fill="var(--paper)"
            stroke="var(--accent)"
            strokeWidth="2"
          />
        )}
        <EndLabels
          left={right + 8}
          ends={named.map((l) => ({
            label: clip(l.label, margin - 8, 11.5),
            y: y(l.points.at(-1)?.value ?? bottom),
            colour: STYLE[l.role].colour,
            bold: STYLE[l.role].width > 2,
          }))}
        />
      </svg>
    </div>
  );
}

/** The sizes measured; where two stand too close, the smaller goes without a number. */
function SizeTicks({ sizes, x, right }: { sizes: readonly number[]; x: Scale; right: number }) {
  const shown = sizes.filter((s, i) => sizes.slice(i + 1).every((next) => x(next) - x(s) > 34));
  return (
    <>
      {sizes.map((s) => (
        <line
          key={s}
          x1={x(s)}
          x2={x(s)}
          y1={HEIGHT - MARGIN.bottom}
          y2={HEIGHT - MARGIN.bottom + 4}
          stroke="var(--ink3)"
        />
      ))}
      <XAxis
        ticks={shown}
        x={x}
        at={HEIGHT - 21}
        text={count}
        title={{
          text: 'images in the transfer set, log scale',
          at: HEIGHT - 4,
          from: MARGIN.left,
          to: right,
        }}
      />
    </>
  );
}

function Curve({ line: { role, points }, x, y }: { line: SizeLine; x: Scale; y: Scale }) {
  const { colour, width, dash } = STYLE[role];
  const path = line<SizeLine['points'][number]>(
    (p) => x(p.images),
    (p) => y(p.value),
  );
  return (
    <g stroke={colour} opacity={role === 'rest' ? 0.6 : undefined}>
      <path d={path(points) ?? ''} fill="none" strokeWidth={width} strokeDasharray={dash} />
      {role !== 'rest' &&
        points.map((p) =>
          p.low === null || p.high === null ? null : (
            <line
              key={p.images}
              x1={x(p.images)}
              x2={x(p.images)}
              y1={y(p.low)}
              y2={y(p.high)}
              strokeWidth={role === 'lead' ? 2 : 1.2}
              opacity="0.55"
            />
          ),
        )}
      {(role === 'lead' || role === 'named') &&
        points.map((p) => (
          <circle
            key={p.images}
            cx={x(p.images)}
            cy={y(p.value)}
            r={role === 'lead' ? 3.4 : 2.4}
            fill={
              p.low !== null && p.high !== null && p.low <= 0.5 && p.high >= 0.5 ? 'var(--paper)' : colour
            }
            strokeWidth="1.4"
          />
        ))}
    </g>
  );
}

/** Where scratch catches up with the lead: a line with its number, its interval as a band within the sizes. */
function CrossingMark({ crossing, x, right }: { crossing: Crossing; x: Scale; right: number }) {
  const at = x(crossing.images);
  const [low, high] = [x(crossing.low), x(crossing.high)];
  const left = at > right * 0.55;
  return (
    <g>
      <rect
        x={low}
        width={Math.max(1, high - low)}
        y={MARGIN.top}
        height={HEIGHT - MARGIN.bottom - MARGIN.top}
        fill="var(--accent)"
        opacity="0.1"
      />
      <line
        x1={at}
        x2={at}
        y1={MARGIN.top - 4}
        y2={HEIGHT - MARGIN.bottom}
        stroke="var(--accent)"
        strokeDasharray="3 3"
      />
      <text
        x={at + (left ? 4 : -4)}
        y={MARGIN.top - 9}
        textAnchor={left ? 'end' : 'start'}
        fontSize="11.5"
        className="text-ink"
      >
        scratch catches up at {count(Math.round(crossing.images))}
      </text>
    </g>
  );
}
