'use client';

import { line, scaleLinear, scaleLog } from 'd3';
import { useRef } from 'react';
import { flops, list, percent } from '@/app/_lib/format';
import { type CostPoint, sideOf } from '@/app/_lib/method-compare';
import { clip } from '@/app/_lib/text-fit';
import { logTicks } from '@/app/_lib/ticks';
import { useWidth } from '@/app/_lib/use-width';
import { XAxis, YAxis } from '../ui/axes';

const HEIGHT = 300;
const MARGIN = { top: 18, right: 18, bottom: 42, left: 42 };
const COLOURS = { better: 'var(--accent)', worse: 'var(--worse)', unsure: 'var(--ink2)' };

interface Props {
  points: readonly CostPoint[];
  label: (point: CostPoint) => string;
  selected: string | null;
  onSelect: (key: string | null) => void;
}

const ends = ({ gain }: CostPoint): number[] => [gain.value, gain.low ?? gain.value, gain.high ?? gain.value];

/** Gain over training compute, one dot a way; the line joins the best that each budget buys. */
export function CostChart({ points, label, selected, onSelect }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const width = Math.max(280, useWidth(box));
  const costs = points.map((p) => p.flops).filter((c) => c > 0);
  const x = scaleLog(
    [Math.min(...costs) / 1.5, Math.max(...costs) * 1.6],
    [MARGIN.left, width - MARGIN.right],
  );
  const values = points.flatMap(ends);
  const [bottom, top] = [Math.min(0.45, ...values) - 0.02, Math.max(0.55, ...values) + 0.02];
  const y = scaleLinear([bottom, top], [HEIGHT - MARGIN.bottom, MARGIN.top]);
  const front = points.filter((p) => p.front);
  const at = (p: CostPoint): number => x(Math.max(p.flops, Math.min(...costs)));
  const path = line<CostPoint>(at, (p) => y(p.gain.value))(front);
  const scratch = points.find((p) => p.way === null);
  const ticks = logTicks([x.domain()[0] ?? 1, x.domain()[1] ?? 10]).slice(0, width < 420 ? 4 : 6);
  return (
    <div ref={box}>
      <svg
        width={width}
        height={HEIGHT}
        role="img"
        data-testid="cost-chart"
        aria-label={`Best for each budget: ${list(front.map((p) => `${label(p)}, ${percent(p.gain.value)} for ${flops(p.flops)}`))}`}
        className="block overflow-visible text-ink2"
      >
        <rect
          x={MARGIN.left}
          width={width - MARGIN.left - MARGIN.right}
          y={y(0.5)}
          height={y(bottom) - y(0.5)}
          fill="var(--worse-soft)"
        />
        <YAxis ticks={y.ticks(5)} y={y} left={MARGIN.left} right={width - MARGIN.right} text={percent} />
        <XAxis
          ticks={ticks}
          x={x}
          at={HEIGHT - MARGIN.bottom + 17}
          text={(t) => flops(t).replace(/FLOP$/, '')}
          title={{
            text: 'training compute, FLOP, log scale',
            at: HEIGHT - 6,
            from: MARGIN.left,
            to: width - MARGIN.right,
          }}
        />
        {scratch !== undefined && (
          <g>
            <line
              x1={at(scratch)}
              x2={at(scratch)}
              y1={MARGIN.top}
              y2={y(bottom)}
              stroke="var(--bar)"
              strokeDasharray="3 3"
            />
            <text x={at(scratch) + 5} y={MARGIN.top + 4} fontSize="11.5">
              scratch
            </text>
          </g>
        )}
        {path !== null && <path d={path} fill="none" stroke="var(--accent)" strokeWidth="1.6" />}
        {points.map((p) => (
          <Dot
            key={p.key}
            point={p}
            cx={at(p)}
            y={y}
            on={p.key === selected}
            onSelect={onSelect}
            name={label(p)}
          />
        ))}
        {front.map((p, i) => (
          <FrontLabel
            key={p.key}
            text={label(p)}
            x={at(p)}
            y={y(p.gain.value)}
            width={width}
            above={i % 2 === 0}
          />
        ))}
      </svg>
    </div>
  );
}

interface DotProps {
  point: CostPoint;
  cx: number;
  y: (value: number) => number;
  on: boolean;
  name: string;
  onSelect: (key: string | null) => void;
}

/** Pointing only highlights: the table beside holds the same by keyboard. Filled where the interval leaves one half; the whisker is drawn for the front and for what is pointed at. */
function Dot({ point, cx, y, on, name, onSelect }: DotProps) {
  const { gain, front } = point;
  const side = point.way === null ? 'unsure' : sideOf(gain, 'gain');
  const colour = COLOURS[side];
  return (
    <g onPointerEnter={() => onSelect(point.key)} onPointerLeave={() => onSelect(null)}>
      <title>{`${name}: ${percent(gain.value)} for ${flops(point.flops)}`}</title>
      {(front || on) && gain.low !== null && gain.high !== null && (
        <line
          x1={cx}
          x2={cx}
          y1={y(gain.low)}
          y2={y(gain.high)}
          stroke={colour}
          strokeWidth="2"
          opacity="0.5"
        />
      )}
      <circle
        cx={cx}
        cy={y(gain.value)}
        r={on ? 6 : front ? 5 : 3.5}
        fill={side === 'unsure' ? 'var(--paper)' : colour}
        stroke={on ? 'var(--ink)' : colour}
        strokeWidth={on ? 2 : 1.6}
      />
    </g>
  );
}

function FrontLabel({
  text,
  x,
  y,
  width,
  above,
}: {
  text: string;
  x: number;
  y: number;
  width: number;
  above: boolean;
}) {
  const right = x > width * 0.6;
  return (
    <text
      x={right ? x - 9 : x + 9}
      y={above ? y - 9 : y + 15}
      textAnchor={right ? 'end' : 'start'}
      fontSize="11.5"
      fontWeight="600"
      stroke="var(--paper)"
      strokeWidth="3"
      paintOrder="stroke"
    >
      {clip(text, (right ? x : width - x) - 12, 11.5)}
    </text>
  );
}
