import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  growTree,
  impurity,
  leafOf,
  leafProbabilities,
  prune,
  type TreeNode,
  treeLines,
} from './decision-tree';

const hard = (classes: readonly number[], count: number): Float32Array =>
  Float32Array.from({ length: classes.length * count }, (_, i) =>
    classes[Math.floor(i / count)] === i % count ? 1 : 0,
  );
const options = { classes: 2, depth: 3, minLeaf: 1, criterion: 'gini' } as const;

describe('a tree by hand', () => {
  // Two features. x₀ parts {0,0,0,1} from {1,1}; then x₁ parts the rest without fault.
  const features = Float32Array.from([1, 5, 2, 6, 3, 7, 4, 1, 8, 5, 9, 6]);
  const labels = hard([0, 0, 0, 1, 1, 1], 2);
  const tree = growTree(features, labels, options);

  it('has the impurities of the book', () => {
    expect(impurity([3, 3], 'gini')).toBeCloseTo(3);
    expect(impurity([3, 1], 'gini')).toBeCloseTo(1.5);
    expect(impurity([3, 3], 'entropy')).toBeCloseTo(6 * Math.LN2);
    expect(impurity([4, 0], 'entropy')).toBe(0);
  });

  it('asks first what lowers the impurity most, half-way between two values', () => {
    // x₀ ≤ 3.5 leaves {3,0} and {0,3}: impurity 0. x₁ has no such place (≤ 3 leaves {0,1} and {3,2}: 2.4).
    expect(tree.split).toMatchObject({ feature: 0, threshold: 3.5 });
    expect(tree.split?.yes).toMatchObject({ split: null, mass: Float64Array.of(3, 0) });
    expect(tree.split?.no).toMatchObject({ split: null, mass: Float64Array.of(0, 3) });
  });

  it('asks a second question where one is not enough', () => {
    // Exclusive or with one corner doubled: no first question is perfect, two are.
    const corners = Float32Array.from([0, 0, 0, 1, 1, 0, 1, 1, 1, 1]);
    const xor = growTree(corners, hard([0, 1, 1, 0, 0], 2), options);
    const classOf = (i: number): number => {
      const p = leafProbabilities(leafOf(xor, corners, 2 * i));
      return (p[1] ?? 0) > 0.5 ? 1 : 0;
    };
    expect([0, 1, 2, 3, 4].map(classOf)).toEqual([0, 1, 1, 0, 0]);
    expect(xor.split?.yes.split).not.toBeNull();
    expect(growTree(corners, hard([0, 1, 1, 0, 0], 2), { ...options, depth: 0 }).split).toBeNull();
  });

  it('corrects a pure leaf after Laplace', () => {
    expect([...leafProbabilities({ mass: Float64Array.of(3, 0), split: null })]).toEqual([0.8, 0.2]);
  });

  it('keeps leaves as large as asked, and can be cut off', () => {
    expect(growTree(features, labels, { ...options, minLeaf: 4 }).split).toBeNull();
    expect(prune(tree, 0)).toEqual({ mass: Float64Array.of(3, 3), split: null });
    expect(leafOf(tree, features, 0, 0)).toBe(tree);
  });

  it('reads as text', () => {
    expect(treeLines(tree, (f) => `x${f}`).map((line) => line.text)).toEqual([
      'x0 ≤ 3.5?',
      '│ yes: class 0',
      '│ no: class 1',
    ]);
  });

  it('refuses tables that do not fit', () => {
    expect(() => growTree(new Float32Array(5), hard([0, 1], 2), options)).toThrow(/no table/);
  });
});

describe('what must not matter', () => {
  const table = fc
    .record({
      rows: fc.integer({ min: 2, max: 14 }),
      seed: fc.array(fc.integer({ min: -6, max: 6 }), { minLength: 42, maxLength: 42 }),
      classes: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 14, maxLength: 14 }),
      criterion: fc.constantFrom('gini' as const, 'entropy' as const),
    })
    .map(({ rows, seed, classes, criterion }) => ({
      rows,
      features: Float32Array.from(seed.slice(0, rows * 3)),
      classes: classes.slice(0, rows),
      options: { classes: 3, depth: 3, minLeaf: 1, criterion },
    }));
  const answers = (tree: TreeNode, features: Float32Array): number[][] =>
    Array.from({ length: features.length / 3 }, (_, i) => [...leafOf(tree, features, 3 * i).mass]);

  it('the scale of a feature: any rising function of it gives the same answers', () => {
    fc.assert(
      fc.property(table, ({ features, classes, options: how }) => {
        const bent = features.map((x, i) => (i % 3 === 1 ? Math.exp(x) : x));
        const labels = hard(classes, 3);
        expect(answers(growTree(bent, labels, how), bent)).toEqual(
          answers(growTree(features, labels, how), features),
        );
      }),
    );
  });

  it('whether a label is soft, or its parts are so many hard ones', () => {
    fc.assert(
      fc.property(table, ({ rows, features, classes, options: how }) => {
        // Every label is ¾ its class and ¼ the next one; or three rows of the one and one of the other.
        const soft = Float32Array.from({ length: rows * 3 }, (_, i) => {
          const away = ((i % 3) - (classes[Math.floor(i / 3)] ?? 0) + 3) % 3;
          return away === 0 ? 0.75 : away === 1 ? 0.25 : 0;
        });
        const parts = classes.flatMap((c) => [c, c, c, (c + 1) % 3]);
        const four = Float32Array.from(
          { length: rows * 12 },
          (_, i) => features[Math.floor(i / 12) * 3 + (i % 3)] ?? 0,
        );
        const whole = growTree(four, hard(parts, 3), { ...how, minLeaf: 4 });
        const taught = answers(growTree(features, soft, how), features);
        expect(taught.map((mass) => mass.map((m) => 4 * m))).toEqual(answers(whole, features));
      }),
    );
  });

  it('the order of the examples', () => {
    fc.assert(
      fc.property(table, ({ rows, features, classes, options: how }) => {
        const turn = (i: number): number => (i + 1) % rows;
        const moved = Float32Array.from(
          features,
          (_, i) => features[turn(Math.floor(i / 3)) * 3 + (i % 3)] ?? 0,
        );
        const labels = hard(
          classes.map((_, i) => classes[turn(i)] ?? 0),
          3,
        );
        expect(answers(growTree(moved, labels, how), features)).toEqual(
          answers(growTree(features, hard(classes, 3), how), features),
        );
      }),
    );
  });

  it('its own examples: deep enough, they are told apart where their features differ', () => {
    fc.assert(
      fc.property(table, ({ rows, features, classes, options: how }) => {
        const tree = growTree(features, hard(classes, 3), { ...how, depth: 40 });
        for (let i = 0; i < rows; i++) {
          const { mass, split } = leafOf(tree, features, 3 * i);
          const kinds = mass.filter((m) => m > 0).length;
          expect(split).toBeNull();
          expect(mass[classes[i] ?? 0]).toBeGreaterThan(0);
          if (kinds > 1) expect(mass.reduce((a, b) => a + b, 0)).toBeGreaterThan(1);
        }
      }),
    );
  });
});
