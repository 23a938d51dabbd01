import { describe, expect, it } from 'vitest';
import { createRng } from '@/lib/science/core';
import type { DistanceMetric, LinkageMethod } from '@/lib/science/numerics';
import { describeReference, readReference } from '@/lib/science/numerics/testing/reference';
import {
  asymmetries,
  displayDistance,
  displayStrength,
  rankAgreement,
  renormalise,
  similarityTree,
} from './structure';

describe('display', () => {
  it('renormalises over what is there and draws exp(−20 p)', () => {
    expect(Array.from(renormalise([1, Number.NaN, 3]))).toEqual([0.25, Number.NaN, 0.75]);
    expect(displayDistance(0.05)).toBeCloseTo(Math.exp(-1), 12);
    expect(displayStrength(0.05)).toBeCloseTo(1 - Math.exp(-1), 12);
    expect(displayStrength(0)).toBe(0);
  });
});

describe('structure', () => {
  const value = (table: Record<string, number>) => (s: string, t: string) => table[`${s}>${t}`] ?? null;

  it('puts like sources together', () => {
    const rng = createRng('tree');
    const names = ['d1', 't1', 'd2', 't2', 'd3', 't3'];
    const features = names.map((n) =>
      Array.from({ length: 5 }, (_, i) => (n.startsWith('d') === i < 2 ? 1 : 0) + 0.05 * rng.normal()),
    );
    const tree = similarityTree(names, features);
    const sorted = tree.clades.map((c) => [...c].sort().join());
    expect(sorted).toContain('d1,d2,d3');
    expect(sorted).toContain('t1,t2,t3');
    expect([...tree.order].sort()).toEqual([...names].sort());
  });

  it('finds the most one-sided pairs, and leaves out what was measured one way only', () => {
    const found = asymmetries(
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
      value({ 'a>b': 0.1, 'b>a': 0.9, 'a>c': 0.5, 'c>a': 0.45, 'b>c': 1 }),
    );
    expect(found.map((f) => `${f.a}>${f.b}`)).toEqual(['b>a', 'a>c']);
    expect(found[0]?.difference).toBeCloseTo(0.8, 12);
  });

  it('correlates two rankings over the sources that both have', () => {
    const first = value({ 'a>t': 1, 'b>t': 2, 'c>t': 3, 'd>t': 4 });
    const second = value({ 'a>t': 10, 'b>t': 30, 'c>t': 20 });
    expect(rankAgreement(['t'], ['a', 'b', 'c', 'd'], first, second).t).toBeCloseTo(0.5, 12);
    expect(rankAgreement(['t'], ['a', 'b'], first, second).t).toBeNaN();
  });
});

describeReference('published similarity tree', () => {
  interface Tree {
    labels: string[];
    paper_clades_read_from_figure: string[][];
    reference_linkages: {
      feature: string;
      metric: DistanceMetric;
      linkage: LinkageMethod;
      matches: number;
      Z: [number, number, number, number][];
      clades: string[][];
    }[];
  }
  interface FirstOrder {
    '16k': { rows_targets: string[]; cols_sources: string[]; after: { affinity_all_orders: number[][] } };
  }

  it('is reproduced, merge by merge, in every reference configuration', () => {
    const tree = readReference<Tree>('taskonomy', 'similarity_tree.json');
    const { cols_sources, after } = readReference<FirstOrder>('taskonomy', 'first_order.json')['16k'];
    const rows = after.affinity_all_orders.map(renormalise);
    for (const reference of tree.reference_linkages) {
      const display = reference.feature.startsWith('exp');
      const features = tree.labels.map((source) =>
        rows.map((row) => {
          const p = row[cols_sources.indexOf(source)] as number;
          return display ? displayDistance(p) : p;
        }),
      );
      const mine = similarityTree(tree.labels, features, {
        metric: reference.metric,
        method: reference.linkage,
      });
      expect(mine.merges.map((m) => [m.left, m.right, m.size])).toEqual(
        reference.Z.map(([a, b, , size]) => [a, b, size]),
      );
      mine.merges.forEach((m, i) => {
        expect(m.height).toBeCloseTo(reference.Z[i]?.[2] ?? Number.NaN, 9);
      });
      const sorted = new Set(mine.clades.map((c) => [...c].sort().join()));
      const matches = tree.paper_clades_read_from_figure.filter((c) =>
        sorted.has([...c].sort().join()),
      ).length;
      expect(matches).toBe(reference.matches);
    }
  });
});
