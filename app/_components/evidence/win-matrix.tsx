'use client';

import { useState } from 'react';
import { inkOn, MARK_INK, rampColour } from '@/app/_lib/colour';
import { percent, share, signed } from '@/app/_lib/format';
import { textWidth } from '@/app/_lib/matrix-layout';
import { clip as clipText } from '@/app/_lib/text-fit';
import { useTheme } from '@/app/_lib/theme';
import type { TournamentView } from '@/lib/service/contracts';

interface Props {
  view: TournamentView;
  name: (key: string) => string;
  odds: boolean;
}

/** Rows and columns by weight, best first. */
function byWeight(view: TournamentView): number[] {
  const weight = view.keys.map((k) => view.candidates.find((c) => c.key === k)?.affinity?.value ?? 0);
  return view.keys.map((_, i) => i).sort((a, b) => (weight[b] ?? 0) - (weight[a] ?? 0));
}

/** Odds on the ramp of win rates: ln odds, ±ln 999 at its ends. */
const oddsAt = (odds: number): number => 0.5 + Math.log(odds) / (2 * Math.log(999));
const oddsText = (odds: number): string =>
  odds >= 10 ? signed(odds) : odds >= 1 ? signed(odds, 1) : share(odds);

const LABEL = 168;
/** Width of the weights beside the rows, and the smallest weight on their log axis. */
const WEIGHTS = 230;
const SMALLEST = 1e-4;

/** Who beats whom: petrol where the row wins, ochre where it loses; a framed tile was clipped. */
export function WinMatrix({ view, name, odds }: Props) {
  const [at, setAt] = useState<{ row: number; column: number } | null>(null);
  const order = byWeight(view);
  const n = order.length;
  const pitch = Math.max(7, Math.min(34, Math.floor(820 / n)));
  const labels = pitch >= 11;
  const label = labels
    ? Math.min(LABEL, Math.max(70, ...view.keys.map((k) => textWidth(name(k), 12) + 10)))
    : 12;
  const head = labels ? Math.min(120, label * 0.74 + 12) : 12;
  const value = (i: number, j: number): number | null => (odds ? view.odds : view.winRates)[i]?.[j] ?? null;
  const clipped = (i: number, j: number): boolean => {
    const rate = view.winRates[i]?.[j] ?? 0.5;
    return rate < view.clip[0] || rate > view.clip[1];
  };
  const focus = at === null ? null : { row: order[at.row] ?? 0, column: order[at.column] ?? 0 };
  return (
    <div className="relative overflow-x-auto">
      <svg
        width={label + n * pitch + (labels ? WEIGHTS + 40 : 20)}
        height={head + n * pitch + 22}
        role="img"
        aria-label={`${odds ? 'Odds' : 'Win rates'} of ${n} candidates; the same numbers stand in the export`}
        onPointerLeave={() => setAt(null)}
      >
        {labels &&
          order.map((i, column) => (
            <text
              key={view.keys[i]}
              transform={`translate(${label + (column + 0.62) * pitch} ${head - 5}) rotate(-48)`}
              fontSize="11.5"
              fontWeight={at?.column === column ? 600 : 400}
              style={{ fill: 'var(--ink2)' }}
            >
              {clipText(name(view.keys[i] ?? ''), 150, 11.5)}
            </text>
          ))}
        {order.map((i, row) => (
          <g key={view.keys[i]} transform={`translate(0 ${head + row * pitch})`}>
            {labels && (
              <text
                x={label - 7}
                y={pitch / 2 + 4}
                textAnchor="end"
                fontSize="12"
                fontWeight={at?.row === row ? 600 : 400}
              >
                {clipText(name(view.keys[i] ?? ''), label - 6, 12)}
              </text>
            )}
            {order.map((j, column) => (
              <Tile
                key={view.keys[j]}
                value={value(i, j)}
                own={i === j}
                clipped={clipped(i, j)}
                on={at?.row === row && at.column === column}
                x={label + column * pitch}
                size={pitch - 1}
                odds={odds}
                onEnter={() => setAt({ row, column })}
              />
            ))}
          </g>
        ))}
        {labels && <Weights view={view} order={order} x={label + n * pitch + 34} y={head} pitch={pitch} />}
      </svg>
      <p className="mt-1 min-h-[3em] text-ink2 text-label" aria-live="off">
        {focus === null || focus.row === focus.column
          ? 'Petrol: the row wins. Ochre: it loses. A frame marks a pair that was clipped.'
          : `${name(view.keys[focus.row] ?? '')} beats ${name(view.keys[focus.column] ?? '')} on ${percent(view.winRates[focus.row]?.[focus.column] ?? 0, 1)} of the test images: odds ${oddsText(view.odds[focus.row]?.[focus.column] ?? 1)}${clipped(focus.row, focus.column) ? ', clipped' : ''}.`}
      </p>
    </div>
  );
}

interface TileProps {
  value: number | null;
  own: boolean;
  clipped: boolean;
  on: boolean;
  x: number;
  size: number;
  odds: boolean;
  onEnter: () => void;
}

function Tile({ value, own, clipped, on, x, size, odds, onEnter }: TileProps) {
  const theme = useTheme();
  const empty = value === null || own;
  const colour = empty ? 'transparent' : rampColour('diverging', theme, odds ? oddsAt(value) : value);
  const frame = on ? 'var(--ink)' : own ? 'var(--line)' : clipped ? 'var(--ink2)' : 'none';
  return (
    <g transform={`translate(${x} 0)`} onPointerEnter={onEnter}>
      <rect width={size} height={size} rx="2" fill={colour} stroke={frame} strokeWidth={on ? 2 : 1} />
      {size >= 24 && !empty && (
        <text
          x={size / 2}
          y={size / 2 + 4}
          textAnchor="middle"
          fontSize="10.5"
          style={{ fill: MARK_INK[inkOn(colour)] }}
        >
          {odds ? oddsText(value) : Math.round(value * 100)}
        </text>
      )}
    </g>
  );
}

/** The eigenvector beside its rows: each candidate's weight with its bootstrap interval, on a log axis. */
function Weights({
  view,
  order,
  x,
  y,
  pitch,
}: {
  view: TournamentView;
  order: readonly number[];
  x: number;
  y: number;
  pitch: number;
}) {
  const at = (weight: number): number =>
    x + (1 - Math.log(Math.max(SMALLEST, weight)) / Math.log(SMALLEST)) * (WEIGHTS - 20);
  const bottom = y + order.length * pitch;
  return (
    <g>
      <text x={x} y={y - 8} fontSize="12" fontWeight="600">
        Weight, log scale
      </text>
      {[0.0001, 0.001, 0.01, 0.1, 1].map((tick) => (
        <g key={tick}>
          <line x1={at(tick)} x2={at(tick)} y1={y} y2={bottom} stroke="var(--line)" />
          <text
            x={at(tick)}
            y={bottom + 15}
            textAnchor="middle"
            fontSize="11.5"
            style={{ fill: 'var(--ink2)' }}
          >
            {tick === SMALLEST ? '' : share(tick, tick === 1 ? 0 : -Math.round(Math.log10(tick)))}
          </text>
        </g>
      ))}
      {order.map((i, row) => {
        const found = view.candidates.find((c) => c.key === view.keys[i])?.affinity ?? null;
        const middle = y + row * pitch + (pitch - 1) / 2;
        if (found === null) return null;
        return (
          <g key={view.keys[i]}>
            {found.low !== null && found.high !== null && (
              <line
                x1={at(found.low)}
                x2={at(found.high)}
                y1={middle}
                y2={middle}
                stroke="var(--accent)"
                strokeWidth="2.4"
                opacity="0.5"
              />
            )}
            <circle cx={at(found.value)} cy={middle} r="4" fill="var(--accent)" />
          </g>
        );
      })}
    </g>
  );
}
