import type { PolicyEdgeView } from '@/lib/service/contracts';

interface GraphRow {
  target: string;
  y: number;
  edge: PolicyEdgeView;
}

interface GraphSource {
  id: string;
  y: number;
}

/** Edges with the same source set share one joint. */
interface GraphJoint {
  key: string;
  sources: readonly string[];
  targets: readonly string[];
  y: number;
  /** Column of the joint, 0 or 1: two joints at nearly the same height stand side by side. */
  lane: number;
}

export interface GraphLink {
  key: string;
  kind: 'own' | 'direct' | 'into-joint' | 'from-joint';
  fromY: number;
  toY: number;
  lane: number;
  width: number;
  sources: readonly string[];
  targets: readonly string[];
}

export interface GraphLayout {
  rows: readonly GraphRow[];
  sources: readonly GraphSource[];
  joints: readonly GraphJoint[];
  links: readonly GraphLink[];
  height: number;
}

export const ROW_HEIGHT = 30;

/** Width of a line by the share of resamples in which its edge survives (visual language: 0.9–4.1). */
export const linkWidth = (survival: number | null): number =>
  survival === null ? 1.6 : 0.9 + 3.2 * survival;

const jointKey = (sources: readonly string[]): string => [...sources].sort().join('+');
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/**
 * Order of the target rows for an order of the sources: each row lies at the barycentre of its sources;
 * a source's own row comes first among the rows that it serves alone, scratch rows come last.
 */
function orderRows(edges: readonly PolicyEdgeView[], sources: readonly string[]): PolicyEdgeView[] {
  const at = new Map(sources.map((id, i) => [id, i] as const));
  const key = (edge: PolicyEdgeView): number =>
    edge.kind === 'scratch' || edge.sources.length === 0
      ? sources.length
      : mean(edge.sources.map((s) => at.get(s) ?? sources.length));
  const rank = (edge: PolicyEdgeView): number => (edge.kind === 'self' ? 0 : edge.sources.length);
  return [...edges].sort(
    (a, b) => key(a) - key(b) || rank(a) - rank(b) || b.value - a.value || a.target.localeCompare(b.target),
  );
}

/** Rows of the sources: a source that serves itself stands on its own row, another on the nearest free one. */
function placeSources(rows: readonly PolicyEdgeView[], sources: readonly string[]): Map<string, number> {
  const placed = new Map<string, number>();
  const used = new Set<number>();
  const take = (id: string, wish: number): void => {
    const slots = Math.max(rows.length, sources.length);
    const free = Array.from({ length: slots }, (_, i) => i).filter((i) => !used.has(i));
    const best = free.reduce((a, b) => (Math.abs(b - wish) < Math.abs(a - wish) ? b : a), free[0] ?? 0);
    used.add(best);
    placed.set(id, best);
  };
  for (const id of sources) {
    const own = rows.findIndex((edge) => edge.kind === 'self' && edge.target === id);
    if (own >= 0) take(id, own);
  }
  for (const id of sources) {
    if (placed.has(id)) continue;
    const served = rows.flatMap((edge, i) => (edge.sources.includes(id) ? [i] : []));
    const ownRow = rows.findIndex((edge) => edge.target === id);
    take(id, served.length > 0 ? mean(served) : Math.max(0, ownRow));
  }
  return placed;
}

/** Lines counted for crossings at most: the count grows with the square. */
const CROSSING_LIMIT = 90;

/** Total vertical way of all lines plus one row for each crossing. */
function cost(edges: readonly PolicyEdgeView[], sources: readonly string[]): number {
  const rows = orderRows(edges, sources);
  const at = placeSources(rows, sources);
  const lines = rows.flatMap((edge, to) => edge.sources.map((s) => ({ from: at.get(s) ?? to, to })));
  const way = lines.reduce((sum, line) => sum + Math.abs(line.from - line.to), 0);
  return lines.length > CROSSING_LIMIT ? way : way + crossings(lines);
}

function crossings(lines: readonly { from: number; to: number }[]): number {
  let n = 0;
  for (const [i, a] of lines.entries()) {
    for (let j = i + 1; j < lines.length; j++) {
      const b = lines[j];
      if (b !== undefined && (a.from - b.from) * (a.to - b.to) < 0) n += 1;
    }
  }
  return n;
}

/** Above this many sources the search for a better order is left out: it grows with the cube. */
const SEARCH_LIMIT = 30;

/** Moves one source at a time to where the lines are shortest, until no move helps. */
function orderSources(edges: readonly PolicyEdgeView[], sources: readonly string[]): string[] {
  let order = [...sources];
  if (order.length > SEARCH_LIMIT) return order;
  let best = cost(edges, order);
  for (let pass = 0; pass < 4; pass++) {
    let improved = false;
    for (const id of [...order]) {
      const rest = order.filter((s) => s !== id);
      for (let i = 0; i <= rest.length; i++) {
        const trial = [...rest.slice(0, i), id, ...rest.slice(i)];
        const value = cost(edges, trial);
        if (value < best - 1e-9) {
          best = value;
          order = trial;
          improved = true;
        }
      }
    }
    if (!improved) break;
  }
  return order;
}

/** Joints at the mean of their rows; those closer than a row stand in different lanes. */
function placeJoints(rows: readonly GraphRow[]): GraphJoint[] {
  const groups = new Map<string, GraphRow[]>();
  for (const row of rows) {
    if (row.edge.kind !== 'transfer' || row.edge.sources.length < 2) continue;
    const key = jointKey(row.edge.sources);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const joints = [...groups].map(([key, served]) => ({
    key,
    sources: served[0]?.edge.sources ?? [],
    targets: served.map((row) => row.target),
    y: mean(served.map((row) => row.y)),
    lane: 0,
  }));
  joints.sort((a, b) => a.y - b.y);
  return joints.map((joint, i) => {
    const above = joints[i - 1];
    if (above !== undefined && joint.y - above.y < ROW_HEIGHT * 0.8 && above.lane === 0) joint.lane = 1;
    return joint;
  });
}

function linksOf(
  rows: readonly GraphRow[],
  joints: readonly GraphJoint[],
  at: ReadonlyMap<string, number>,
): GraphLink[] {
  const links: GraphLink[] = [];
  const yOf = (id: string): number => at.get(id) ?? 0;
  for (const row of rows) {
    const { edge, target, y } = row;
    const only = edge.sources[0];
    if (edge.kind === 'scratch' || only === undefined || edge.sources.length > 1) continue;
    const kind = edge.kind === 'self' ? 'own' : 'direct';
    const width = kind === 'own' ? 1.2 : linkWidth(edge.survival);
    links.push({
      key: `${only}>${target}`,
      kind,
      fromY: yOf(only),
      toY: y,
      lane: 0,
      width,
      sources: [only],
      targets: [target],
    });
  }
  const rowOf = new Map(rows.map((row) => [row.target, row] as const));
  for (const joint of joints) {
    const served = joint.targets.flatMap((id) => rowOf.get(id) ?? []);
    const survivals = served.flatMap((row) => (row.edge.survival === null ? [] : [row.edge.survival]));
    const into = linkWidth(survivals.length === 0 ? null : Math.max(...survivals));
    const both = { lane: joint.lane };
    for (const source of joint.sources) {
      links.push({
        ...both,
        key: `${source}>${joint.key}`,
        kind: 'into-joint',
        fromY: yOf(source),
        toY: joint.y,
        width: into,
        sources: [source],
        targets: joint.targets,
      });
    }
    for (const row of served) {
      links.push({
        ...both,
        key: `${joint.key}>${row.target}`,
        kind: 'from-joint',
        fromY: joint.y,
        toY: row.y,
        width: linkWidth(row.edge.survival),
        sources: joint.sources,
        targets: [row.target],
      });
    }
  }
  return links;
}

/** Layered graph of a policy: sources left, joints between, targets right, one row each. Pure and deterministic. */
export function layoutGraph(edges: readonly PolicyEdgeView[], chosen: readonly string[]): GraphLayout {
  const order = orderSources(edges, [...chosen].sort());
  const sorted = orderRows(edges, order);
  const slots = placeSources(sorted, order);
  const y = (i: number): number => ROW_HEIGHT * (i + 0.5);
  const rows = sorted.map((edge, i) => ({ target: edge.target, y: y(i), edge }));
  const sources = order.map((id) => ({ id, y: y(slots.get(id) ?? 0) }));
  const at = new Map(sources.map((s) => [s.id, s.y] as const));
  const joints = placeJoints(rows);
  const height = ROW_HEIGHT * Math.max(rows.length, sources.length);
  return { rows, sources, joints, links: linksOf(rows, joints, at), height };
}

/** The widest vertical gap between source labels, for the card of the selected target. */
export function widestGap(layout: GraphLayout): { top: number; height: number } {
  const ys = [...layout.sources.map((s) => s.y)].sort((a, b) => a - b);
  const edges = [-ROW_HEIGHT / 2, ...ys, layout.height + ROW_HEIGHT / 2];
  let best = { top: 0, height: 0 };
  for (let i = 1; i < edges.length; i++) {
    const top = (edges[i - 1] ?? 0) + ROW_HEIGHT / 2;
    const height = (edges[i] ?? 0) - ROW_HEIGHT / 2 - top;
    if (height > best.height) best = { top, height };
  }
  return best;
}
