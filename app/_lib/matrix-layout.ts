import type { Ordered, OrderedAxis } from './matrix-order';

/** Pixels between clusters and around a tile (visual language). */
const CLUSTER_GAP = 7;
const TILE_GAP = 1;

interface Span {
  name: string;
  start: number;
  end: number;
  n: number;
}

export interface AxisLayout {
  ids: readonly string[];
  /** Start of each tile; a tile covers [start, start + tile). */
  starts: readonly number[];
  pitch: number;
  tile: number;
  length: number;
  spans: readonly Span[];
  index: ReadonlyMap<string, number>;
}

export interface MatrixLayout {
  columns: AxisLayout;
  rows: AxisLayout;
  labelWidth: number;
  headHeight: number;
  footHeight: number;
  /** Left edge of the own-network column inside the plot; null when it is left out. */
  ownAt: number;
  treeWidth: number;
  width: number;
  height: number;
  /** What the tile size still allows to draw. */
  detail: 'full' | 'plain' | 'canvas';
  columnLabels: boolean;
  rowLabels: boolean;
  phone: boolean;
}

export function layoutAxis(axis: OrderedAxis, pitch: number, gap: number): AxisLayout {
  const starts: number[] = [];
  const spans: Span[] = [];
  let at = 0;
  for (const group of axis.groups) {
    const start = at;
    for (const _ of group.ids) {
      starts.push(at);
      at += pitch;
    }
    spans.push({ name: group.name, start, end: at - TILE_GAP, n: group.ids.length });
    at += gap;
  }
  const ids = axis.groups.flatMap((g) => g.ids);
  return {
    ids,
    starts,
    pitch,
    tile: Math.max(1, pitch - (pitch > 4 ? TILE_GAP : 0)),
    length: at - gap,
    spans,
    index: new Map(ids.map((id, i) => [id, i])),
  };
}

/** The tile under a coordinate; null in a gap or outside. */
export function tileAt(axis: AxisLayout, x: number): number | null {
  let low = 0;
  let high = axis.starts.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const start = axis.starts[middle] ?? 0;
    if (x < start) high = middle - 1;
    else if (x >= start + axis.pitch) low = middle + 1;
    else return middle;
  }
  return null;
}

/** Inter at 12.5 px: mean advance per character, good to a few pixels for task names. */
export const textWidth = (text: string, size = 12.5): number => text.length * size * 0.53;

/**
 * Tile pitch: clamp(3, available / n, 23) of the visual language; a matrix of few tasks may
 * grow to 44 px and carry its numbers, because 8 columns of 23 px would be lost on the page.
 */
export function pitchFor(available: number, n: number, gaps: number): number {
  const most = n >= 20 ? 23 : Math.min(44, Math.round(23 + (20 - n) * 2));
  return Math.max(3, Math.min(most, (available - gaps) / n));
}

const SIN = Math.sin((48 * Math.PI) / 180);
const COS = Math.cos((48 * Math.PI) / 180);

/** Everything of the matrix that depends on its width. Pure: pixels in, pixels out. */
export function layoutMatrix(
  ordered: Ordered,
  name: (id: string) => string,
  available: number,
): MatrixLayout {
  const phone = available < 560;
  const longest = (ids: readonly string[], cap: number): number =>
    Math.min(cap, Math.max(60, ...ids.map((id) => textWidth(name(id), phone ? 11.5 : 12.5))));
  const labelWidth = longest(ordered.targets.ids, phone ? 100 : 160) + 24;
  const n = ordered.sources.ids.length + 1;
  const gap = phone ? 5 : CLUSTER_GAP;
  const gaps = (ordered.sources.groups.length - 1) * gap + gap + 2;
  const hasTree = !phone && (ordered.sources.tree !== null || ordered.targets.tree !== null);
  const lastLabel = Math.max(
    0,
    ...ordered.sources.ids.slice(-3).map((id) => textWidth(name(id)) * COS - 30),
    textWidth('Own network') * COS,
  );
  const treeWidth = phone ? 0 : Math.max(hasTree ? 62 : 0, lastLabel);
  const pitch = pitchFor(available - labelWidth - treeWidth, n, gaps);
  const rowPitch = phone ? Math.max(16, Math.min(24, pitch)) : pitch;
  const columns = layoutAxis(ordered.sources, pitch, gap);
  const rows = layoutAxis(ordered.targets, rowPitch, gap);
  const columnLabels = !phone && pitch >= 10;
  const headHeight = phone
    ? 58
    : columnLabels
      ? Math.max(70, longest(ordered.sources.ids, 170) * SIN + 22)
      : 46;
  const named = ordered.sources.groups.some((g) => g.name !== '');
  const footHeight = phone ? 4 : (named ? 24 : 6) + (ordered.sources.tree === null ? 0 : 56);
  const ownAt = columns.length + gap + 2;
  return {
    columns,
    rows,
    labelWidth,
    headHeight,
    footHeight,
    ownAt,
    treeWidth,
    width: labelWidth + ownAt + pitch + treeWidth,
    height: headHeight + rows.length + footHeight,
    detail: pitch >= 18 || phone ? 'full' : pitch >= 10 ? 'plain' : 'canvas',
    columnLabels,
    rowLabels: rowPitch >= 9,
    phone,
  };
}

/** The cell one step away from the selected one; the first cell when nothing is selected. */
export function step(
  layout: MatrixLayout,
  from: { source: string; target: string } | null,
  dx: number,
  dy: number,
): { source: string; target: string } | null {
  const { columns, rows } = layout;
  const clamp = (i: number, n: number): number => Math.max(0, Math.min(n - 1, i));
  const c = from === null ? 0 : clamp((columns.index.get(from.source) ?? 0) + dx, columns.ids.length);
  const r = from === null ? 0 : clamp((rows.index.get(from.target) ?? 0) + dy, rows.ids.length);
  const [source, target] = [columns.ids[c], rows.ids[r]];
  return source === undefined || target === undefined ? null : { source, target };
}
