'use client';

import type { MatrixLayout } from '@/app/_lib/matrix-layout';
import type { MatrixModel } from '@/app/_lib/matrix-model';
import type { Pointed } from './axes';

/** Soft bands through the selected row and column, drawn under the tiles. */
export function Bands({ layout, pointed }: { layout: MatrixLayout; pointed: Pointed }) {
  const { rows, columns } = layout;
  const r = pointed.target === null ? undefined : rows.index.get(pointed.target);
  const c = pointed.source === null ? undefined : columns.index.get(pointed.source);
  return (
    <g fill="var(--accent-soft)">
      {r !== undefined && (
        <rect
          x={-layout.labelWidth + 2}
          y={(rows.starts[r] ?? 0) - 1.5}
          width={layout.labelWidth + layout.ownAt + columns.tile + 4}
          height={rows.tile + 3}
          rx="3"
        />
      )}
      {c !== undefined && !layout.phone && (
        <rect
          x={(columns.starts[c] ?? 0) - 1.5}
          y={-8}
          width={columns.tile + 3}
          height={rows.length + 16}
          rx="3"
        />
      )}
    </g>
  );
}

/** Ring around a cell: 2 px ink when selected, thin under the pointer. */
export function Ring({ layout, pointed, thin }: { layout: MatrixLayout; pointed: Pointed; thin?: boolean }) {
  const { rows, columns } = layout;
  const r = pointed.target === null ? undefined : rows.index.get(pointed.target);
  const c = pointed.source === null ? undefined : columns.index.get(pointed.source);
  if (r === undefined || c === undefined) return null;
  const x = (columns.starts[c] ?? 0) - 1.5;
  const y = (rows.starts[r] ?? 0) - 1.5;
  const [w, h] = [columns.tile + 3, rows.tile + 3];
  if (thin)
    return (
      <rect
        x={x + 1}
        y={y + 1}
        width={w - 2}
        height={h - 2}
        rx="2.5"
        fill="none"
        stroke="var(--ink)"
        strokeWidth="1.2"
      />
    );
  return (
    <g fill="none">
      <rect
        x={x - 1.5}
        y={y - 1.5}
        width={w + 3}
        height={h + 3}
        rx="5"
        stroke="var(--paper)"
        strokeWidth="1.6"
      />
      <rect x={x} y={y} width={w} height={h} rx="4" stroke="var(--ink)" strokeWidth="2" />
    </g>
  );
}

/** The detached column: affinity of each target's own network. */
export function OwnNetwork({ layout, model }: { layout: MatrixLayout; model: MatrixModel }) {
  const { rows, columns } = layout;
  return (
    <g>
      {rows.ids.map((id, i) => {
        const own = model.own.get(id);
        const box = {
          x: layout.ownAt,
          y: rows.starts[i] ?? 0,
          width: columns.tile,
          height: rows.tile,
          rx: columns.tile < 8 ? 0 : 2,
        };
        return own === undefined ? (
          <rect key={id} {...box} fill="none" stroke="var(--line)" />
        ) : (
          <rect key={id} {...box} fill={own.colour} />
        );
      })}
    </g>
  );
}
