'use client';

import { scaleLinear } from 'd3';
import { share } from '@/app/_lib/format';
import { type MatrixModel, rankedCells } from '@/app/_lib/matrix-model';
import { cellEstimate } from '@/app/_lib/units';
import type { CellView, MatrixView } from '@/lib/service/contracts';

const W = 286;

/** Where this source stands among all sources of its target: one dot each on an affinity axis. */
export function AffinityStrip({
  matrix,
  model,
  cell,
  name,
}: {
  matrix: MatrixView;
  model: MatrixModel;
  cell: CellView;
  name: (id: string) => string;
}) {
  const set = model.targets.get(cell.target)?.set;
  const dots = rankedCells(matrix, cell.target).flatMap((c) => {
    const value = cellEstimate(c, 'affinity');
    return value === null ? [] : [{ source: c.source, value: value.value }];
  });
  const own = cellEstimate(cell, 'affinity');
  if (own === null) return null;
  const x = scaleLinear([0, Math.max(0.05, own.value, ...dots.map((d) => d.value))], [8, W - 14]).nice(4);
  const rival = dots.find((d) => d.source !== cell.source);
  return (
    <>
      <h3 className="section-title">Affinity {share(own.value, own.value < 0.0995 ? 3 : 2)}</h3>
      <p className="text-ink2 text-label">
        among {set?.name ?? 'the sources of this target'} and the own network
      </p>
      <svg width="100%" viewBox={`0 0 ${W} 52`} aria-hidden="true" className="mt-1 text-ink2">
        <line x1="0" x2={W} y1="28" y2="28" stroke="var(--line2)" />
        {dots.map((d) => (
          <circle key={d.source} cx={x(d.value)} cy="28" r="4" fill="var(--ink3)" opacity="0.4" />
        ))}
        <circle cx={x(own.value)} cy="28" r="5" fill="var(--accent)" />
        {rival !== undefined && (
          <text
            x={Math.min(x(rival.value), W - 4)}
            y="14"
            fontSize="11.5"
            textAnchor={x(rival.value) > W * 0.6 ? 'end' : 'middle'}
          >
            {name(rival.source)} {rival.value > own.value ? '' : 'next'}
          </text>
        )}
        {x.ticks(3).map((t) => (
          <text key={t} x={x(t)} y="49" fontSize="11.5" textAnchor="middle">
            {t === 0 ? '0' : share(t)}
          </text>
        ))}
      </svg>
    </>
  );
}
