'use client';

import type { MatrixLayout } from '@/app/_lib/matrix-layout';
import type { Tile } from '@/app/_lib/matrix-model';
import { Arrow } from '../ui/arrow';

/** Names and value beside the hovered tile. Hidden from screen readers: the live region says the same. */
export function Tooltip({
  layout,
  tile,
  name,
}: {
  layout: MatrixLayout;
  tile: Tile | null;
  name: (id: string) => string;
}) {
  if (tile === null || layout.phone) return null;
  const c = layout.columns.index.get(tile.source) ?? 0;
  const r = layout.rows.index.get(tile.target) ?? 0;
  const left = layout.labelWidth + (layout.columns.starts[c] ?? 0) + layout.columns.pitch + 6;
  const top = layout.headHeight + (layout.rows.starts[r] ?? 0) + layout.rows.pitch + 4;
  const flip = left > layout.width - 220;
  return (
    <div
      aria-hidden="true"
      className="pointer-events-none absolute z-20 whitespace-nowrap rounded-control bg-ink px-2.5 py-1.5 text-label text-paper shadow-lg"
      style={{
        top,
        left: flip ? undefined : left,
        right: flip ? layout.width - left + layout.columns.pitch + 12 : undefined,
      }}
    >
      <span className="font-semibold">
        {name(tile.source)}
        <Arrow />
        {name(tile.target)}
      </span>
      <span className="ml-2 opacity-85">{tile.text}</span>
    </div>
  );
}
