'use client';

import { memo } from 'react';
import { MARK_INK } from '@/app/_lib/colour';
import type { MatrixLayout } from '@/app/_lib/matrix-layout';
import { cellKey, type MatrixModel, type Tile } from '@/app/_lib/matrix-model';

interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}

/** All tiles of a matrix that is large enough for SVG. Memoised: hover and selection are drawn above it. */
export const Tiles = memo(function Tiles({ model, layout }: { model: MatrixModel; layout: MatrixLayout }) {
  const { columns, rows } = layout;
  return (
    <g>
      {rows.ids.map((target, r) =>
        columns.ids.map((source, c) => {
          const tile = model.tiles.get(cellKey(source, target));
          if (tile === undefined) return null;
          const box = { x: columns.starts[c] ?? 0, y: rows.starts[r] ?? 0, w: columns.tile, h: rows.tile };
          return (
            <TileShape
              key={`${source}>${target}`}
              tile={tile}
              box={box}
              phone={layout.phone}
              marks={layout.detail === 'full'}
            />
          );
        }),
      )}
    </g>
  );
});

interface ShapeProps {
  tile: Tile;
  box: Box;
  phone: boolean;
  marks: boolean;
}

export function TileShape({ tile, box, phone, marks }: ShapeProps) {
  const { x, y, w, h } = box;
  if (tile.kind === 'itself') {
    return (
      <>
        <rect
          x={x + 0.5}
          y={y + 0.5}
          width={w - 1}
          height={h - 1}
          rx="1"
          fill="var(--panel)"
          stroke="var(--line2)"
        />
        <path d={`M${x} ${y}v${h}h${w}z`} fill={tile.colour} />
      </>
    );
  }
  if (tile.kind === 'value') {
    const share = phone ? 1 : tile.share;
    const [iw, ih] = [w * share, h * share];
    return (
      <>
        {share < 1 && <rect x={x} y={y} width={w} height={h} rx="2" fill={tile.tint} />}
        <rect
          x={x + (w - iw) / 2}
          y={y + (h - ih) / 2}
          width={iw}
          height={ih}
          rx={share < 1 ? 1.5 : 2}
          fill={tile.colour}
        />
        {w >= NUMBER_FROM && !phone && (
          <text
            x={x + w / 2}
            y={y + h / 2}
            dy="0.36em"
            textAnchor="middle"
            fontSize="11.5"
            style={{ fill: MARK_INK[tile.markInk] }}
          >
            {tile.short}
          </text>
        )}
        {tile.mark !== null && (tile.mark === 'best' || marks) && (
          <Mark tile={tile} box={box} phone={phone} />
        )}
      </>
    );
  }
  return <EmptyTile tile={tile} box={box} phone={phone} />;
}

/** Tiles of this size carry their number; the mark then stands in the corner. */
const NUMBER_FROM = 33;

function Mark({ tile, box, phone }: { tile: Tile; box: Box; phone: boolean }) {
  const corner = box.w >= NUMBER_FROM && !phone;
  // In the corner of a small inner square the mark would lie on the tint, where the page's own ink shows.
  const ink = corner && tile.share < 1 ? 'var(--ink)' : MARK_INK[tile.markInk];
  const r = phone ? 2.4 : corner ? 3 : Math.max(2.4, Math.min(5, box.w * 0.13));
  const at = corner
    ? { cx: box.x + box.w - 6, cy: box.y + 6, r }
    : { cx: box.x + box.w / 2, cy: box.y + box.h / 2, r };
  if (tile.mark === 'best') return <circle {...at} fill={ink} />;
  return phone ? null : <circle {...at} r={r - 0.4} fill="none" stroke={ink} strokeWidth="1.4" />;
}

/** Tiles without a measured value. Shapes differ, not only colours. */
function EmptyTile({ tile, box, phone }: { tile: Tile; box: Box; phone: boolean }) {
  const { x, y, w, h } = box;
  const [cx, cy] = [x + w / 2, y + h / 2];
  const frame = { x: x + 0.75, y: y + 0.75, width: w - 1.5, height: h - 1.5, rx: 1.5, fill: 'var(--panel)' };
  switch (tile.state) {
    case 'predicted':
      return (
        <>
          <rect
            x={x + 0.5}
            y={y + 0.5}
            width={w - 1}
            height={h - 1}
            rx="1.5"
            fill="url(#hatch)"
            stroke="var(--line2)"
          />
          {!phone && tile.colour !== 'transparent' && (
            <rect
              x={cx - w * 0.25}
              y={cy - h * 0.25}
              width={w / 2}
              height={h / 2}
              fill={tile.colour}
              stroke="var(--panel)"
              strokeWidth="0.8"
            />
          )}
          {!phone && tile.colour === 'transparent' && (
            <rect
              x={cx - w * 0.2}
              y={cy - h * 0.2}
              width={w * 0.4}
              height={h * 0.4}
              fill="none"
              stroke="var(--ink3)"
            />
          )}
        </>
      );
    case 'running':
      return (
        <>
          <rect {...frame} stroke="var(--accent)" strokeWidth="1.5" />
          <rect
            x={x + 3}
            y={y + h - 6}
            width={Math.max(1.5, (w - 6) * (tile.progress ?? 0.1))}
            height="2.6"
            fill="var(--accent)"
          />
        </>
      );
    case 'failed':
      return (
        <>
          <rect {...frame} stroke="var(--fail)" strokeWidth="1.2" />
          {!phone && (
            <path
              d={`M${cx - 3.4} ${cy - 3.4}l6.8 6.8m0-6.8l-6.8 6.8`}
              stroke="var(--fail)"
              strokeWidth="1.6"
            />
          )}
        </>
      );
    case 'lost':
      return <rect {...frame} stroke="var(--fail)" strokeWidth="1.2" strokeDasharray="2.4 1.8" />;
    case 'waiting':
    case 'queued':
      return (
        <>
          <rect {...frame} stroke="var(--line2)" strokeWidth="1" />
          {tile.state === 'waiting' ? (
            <circle cx={cx} cy={cy} r="1.2" fill="var(--ink3)" />
          ) : (
            <circle cx={cx} cy={cy} r="2.6" fill="none" stroke="var(--ink3)" strokeWidth="1.1" />
          )}
        </>
      );
    case 'cancelled':
      return (
        <>
          <rect {...frame} stroke="var(--line2)" strokeWidth="1" />
          <path d={`M${cx - 3} ${cy}h6`} stroke="var(--ink3)" strokeWidth="1.2" />
        </>
      );
    default:
      return <rect {...frame} fill="none" stroke="var(--line)" strokeWidth="1" />;
  }
}

/** The hatch of predicted tiles, once per SVG. */
export function HatchPattern() {
  return (
    <defs>
      <pattern id="hatch" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect width="4" height="4" fill="var(--nav)" />
        <line x1="0" x2="0" y1="0" y2="4" stroke="var(--edge)" strokeWidth="1.1" />
      </pattern>
    </defs>
  );
}
