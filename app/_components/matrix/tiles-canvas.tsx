'use client';

import { useEffect, useRef } from 'react';
import type { MatrixLayout } from '@/app/_lib/matrix-layout';
import { cellKey, type MatrixModel } from '@/app/_lib/matrix-model';

/** Flat tiles for matrices whose tiles are below 10 px: one canvas instead of tens of thousands of elements. */
export function TilesCanvas({ model, layout }: { model: MatrixModel; layout: MatrixLayout }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { columns, rows } = layout;
  useEffect(() => {
    const node = canvas.current;
    const context = node?.getContext('2d');
    if (!node || !context) return;
    const ratio = window.devicePixelRatio || 1;
    node.width = Math.ceil(columns.length * ratio);
    node.height = Math.ceil(rows.length * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const line = getComputedStyle(node).getPropertyValue('--line');
    rows.ids.forEach((target, r) => {
      columns.ids.forEach((source, c) => {
        const tile = model.tiles.get(cellKey(source, target));
        const known = tile !== undefined && tile.kind !== 'empty' && tile.colour !== 'transparent';
        context.fillStyle = known ? tile.colour : line;
        context.globalAlpha = tile?.kind === 'predicted' ? 0.5 : 1;
        context.fillRect(columns.starts[c] ?? 0, rows.starts[r] ?? 0, columns.tile, rows.tile);
      });
    });
  }, [model, columns, rows]);
  return (
    <canvas
      ref={canvas}
      className="pointer-events-none absolute"
      style={{ left: layout.labelWidth, top: layout.headHeight, width: columns.length, height: rows.length }}
    />
  );
}
