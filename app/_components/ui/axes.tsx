import type { ReactNode } from 'react';

type Scale = (value: number) => number;

interface YAxisProps {
  ticks: readonly number[];
  y: Scale;
  /** Ends of the lines across. */
  left: number;
  right: number;
  text: (tick: number) => ReactNode;
  /** Pixels between a number and its line. */
  gap?: number;
  /** The tick whose line is ink: no difference. */
  strong?: number;
}

/** Lines across a chart with their numbers to the left. */
export function YAxis({ ticks, y, left, right, text, gap = 8, strong }: YAxisProps) {
  return (
    <>
      {ticks.map((t) => (
        <g key={t}>
          <line
            x1={left}
            x2={right}
            y1={y(t)}
            y2={y(t)}
            stroke={t === strong ? 'var(--ink)' : 'var(--line)'}
          />
          <text x={left - gap} y={y(t)} dy="0.35em" textAnchor="end" fontSize="11.5">
            {text(t)}
          </text>
        </g>
      ))}
    </>
  );
}

interface XAxisProps {
  ticks: readonly number[];
  x: Scale;
  /** Baseline of the numbers. */
  at: number;
  text: (tick: number) => ReactNode;
  /** What the numbers are, in the middle between `from` and `to`. */
  title?: { text: string; at: number; from: number; to: number };
  /** First and last number stay inside the ends. */
  inside?: boolean;
}

/** Numbers below a chart, and what they are. */
export function XAxis({ ticks, x, at, text, title, inside = false }: XAxisProps) {
  const anchor = (i: number): 'start' | 'middle' | 'end' =>
    !inside || (i > 0 && i < ticks.length - 1) ? 'middle' : i === 0 ? 'start' : 'end';
  return (
    <>
      {ticks.map((t, i) => (
        <text key={t} x={x(t)} y={at} textAnchor={anchor(i)} fontSize="11.5">
          {text(t)}
        </text>
      ))}
      {title !== undefined && (
        <text x={(title.from + title.to) / 2} y={title.at} textAnchor="middle" fontSize="11.5">
          {title.text}
        </text>
      )}
    </>
  );
}
