'use client';

import { memo } from 'react';
import type { AxisLayout, MatrixLayout } from '@/app/_lib/matrix-layout';
import type { Ordered } from '@/app/_lib/matrix-order';
import { type Bracket, brackets, type Tree } from '@/app/_lib/tree';

const DEPTH = 50;

function bracketsOf(tree: Tree, axis: AxisLayout): Bracket[] {
  const at = new Map(axis.ids.map((id, i) => [id, (axis.starts[i] ?? 0) + axis.tile / 2] as const));
  return brackets(tree, at);
}

/** The similarity trees: of the targets at the right, of the sources below. */
export const Dendrograms = memo(function Dendrograms({
  ordered,
  layout,
}: {
  ordered: Ordered;
  layout: MatrixLayout;
}) {
  const { rows, columns, ownAt } = layout;
  if (layout.phone) return null;
  const x0 = ownAt + columns.tile + 7;
  const y0 = rows.length + 26;
  // Square root: the low merges, where the tasks differ in detail, stay apart.
  const d = (h: number): number => Math.sqrt(h) * DEPTH;
  return (
    <g fill="none" stroke="var(--ink3)" strokeWidth="1">
      {ordered.targets.tree !== null &&
        bracketsOf(ordered.targets.tree, rows).map((b) => (
          <path key={`r${b.a}-${b.b}`} d={`M${x0 + d(b.ha)} ${b.a}H${x0 + d(b.h)}V${b.b}H${x0 + d(b.hb)}`} />
        ))}
      {ordered.sources.tree !== null &&
        bracketsOf(ordered.sources.tree, columns).map((b) => (
          <path key={`c${b.a}-${b.b}`} d={`M${b.a} ${y0 + d(b.ha)}V${y0 + d(b.h)}H${b.b}V${y0 + d(b.hb)}`} />
        ))}
    </g>
  );
});
