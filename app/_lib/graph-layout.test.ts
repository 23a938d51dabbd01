import { describe, expect, it } from 'vitest';
import type { PolicyEdgeView } from '@/lib/service/contracts';
import { layoutGraph, linkWidth, ROW_HEIGHT, widestGap } from './graph-layout';

const edge = (target: string, sources: string[], patch: Partial<PolicyEdgeView> = {}): PolicyEdgeView => ({
  target,
  sources,
  kind:
    sources.length === 1 && sources[0] === target ? 'self' : sources.length === 0 ? 'scratch' : 'transfer',
  value: 0.5,
  gain: null,
  quality: null,
  survival: 0.9,
  ...patch,
});

const edges = [
  edge('a', ['a']),
  edge('z', ['z']),
  edge('t1', ['z', 'a']),
  edge('t2', ['a', 'z']),
  edge('t3', ['z']),
  edge('t4', ['a']),
  edge('alone', []),
];

describe('the layered graph', () => {
  const layout = layoutGraph(edges, ['a', 'z']);
  const rowOf = (target: string): number => layout.rows.findIndex((r) => r.target === target);
  it('gives every target one row and edges of one source set one joint', () => {
    expect(layout.rows).toHaveLength(edges.length);
    expect(layout.joints).toHaveLength(1);
    expect(layout.joints[0]?.targets.toSorted()).toEqual(['t1', 't2']);
  });
  it('stands a self-serving source on its own row', () => {
    for (const id of ['a', 'z']) {
      expect(layout.sources.find((s) => s.id === id)?.y).toBe(layout.rows[rowOf(id)]?.y);
    }
  });
  it('puts joined rows between their sources and scratch last', () => {
    const [low, high] = [rowOf('a'), rowOf('z')].toSorted((x, y) => x - y) as [number, number];
    for (const id of ['t1', 't2']) {
      expect(rowOf(id)).toBeGreaterThan(low);
      expect(rowOf(id)).toBeLessThan(high);
    }
    expect(rowOf('alone')).toBe(edges.length - 1);
  });
  it('draws one line into the joint per source, one out per target, and one per direct edge', () => {
    const count = (kind: string): number => layout.links.filter((l) => l.kind === kind).length;
    expect([count('into-joint'), count('from-joint'), count('own'), count('direct')]).toEqual([2, 2, 2, 2]);
  });
  it('does not depend on the order of its input', () => {
    expect(layoutGraph(edges.toReversed(), ['z', 'a'])).toEqual(layout);
  });
  it('keeps two sources off one row', () => {
    const crowded = layoutGraph([edge('t', ['p', 'q']), edge('u', ['p'])], ['p', 'q']);
    const ys = crowded.sources.map((s) => s.y);
    expect(new Set(ys).size).toBe(2);
  });
});

describe('order of the sources', () => {
  it('brings sources that share targets together', () => {
    const shared = [edge('t1', ['a', 'c']), edge('t2', ['a', 'c']), edge('t3', ['b']), edge('t4', ['b'])];
    const { sources } = layoutGraph(shared, ['a', 'b', 'c']);
    const y = (id: string): number => sources.find((s) => s.id === id)?.y ?? 0;
    expect(Math.abs(y('a') - y('c'))).toBe(ROW_HEIGHT);
  });
});

describe('details', () => {
  it('maps survival to widths of 0.9 to 4.1', () => {
    expect(linkWidth(0)).toBeCloseTo(0.9, 9);
    expect(linkWidth(1)).toBeCloseTo(4.1, 9);
  });
  it('finds the widest free place beside the source labels', () => {
    const gap = widestGap({
      rows: [],
      joints: [],
      links: [],
      height: 300,
      sources: [
        { id: 'a', y: 15 },
        { id: 'b', y: 255 },
      ],
    });
    expect(gap).toEqual({ top: 15 + ROW_HEIGHT / 2, height: 240 - ROW_HEIGHT });
  });
});
