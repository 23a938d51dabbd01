import { TaskatlasError } from '../core';
import { argMax, at, type Numbers } from '../numerics';

export type Criterion = 'gini' | 'entropy';

/** A question with a yes and a no branch, or a leaf. */
export interface TreeNode {
  /** Mass of every class among the examples that came here: the sum of their (soft) labels [classes]. */
  mass: Float64Array;
  /** x[feature] ≤ threshold? Null in a leaf. */
  split: { feature: number; threshold: number; yes: TreeNode; no: TreeNode } | null;
}

export interface TreeOptions {
  classes: number;
  /** Questions on the longest path. */
  depth: number;
  /** Smallest number of examples behind either answer of a question. */
  minLeaf: number;
  criterion: Criterion;
}

/**
 * Impurity of a node times its mass m, with p the shares of its classes (Breiman et al. 1984, section 4.3):
 *   gini m·(1 − Σ p²), entropy −m·Σ p·ln p. Both take soft labels as they take hard ones.
 */
export function impurity(mass: Numbers, criterion: Criterion): number {
  let total = 0;
  for (let c = 0; c < mass.length; c++) total += at(mass, c);
  if (total <= 0) return 0;
  let sum = 0;
  for (let c = 0; c < mass.length; c++) {
    const p = at(mass, c) / total;
    if (p > 0) sum += criterion === 'gini' ? p * p : -p * Math.log(p);
  }
  return total * (criterion === 'gini' ? 1 - sum : sum);
}

interface Examples {
  /** Row-major [examples × features]. */
  features: Float32Array;
  width: number;
  /** Row-major [examples × classes]; rows of hard labels hold one 1. */
  labels: Float32Array;
}

interface Split {
  feature: number;
  threshold: number;
  decrease: number;
}

const massOf = ({ labels }: Examples, rows: readonly number[], classes: number): Float64Array => {
  const mass = new Float64Array(classes);
  for (const row of rows) {
    for (let c = 0; c < classes; c++) mass[c] = at(mass, c) + at(labels, row * classes + c);
  }
  return mass;
};

/** Between two values that a question parts: their middle in single precision, or the lower one if that rounds up. */
function between(low: number, high: number): number {
  const middle = Math.fround(low + (high - low) / 2);
  return middle < high ? middle : low;
}

/** The best question on one feature: rows in its order, mass moved from the right side to the left one by one. */
function bestOnFeature(
  { features, width, labels }: Examples,
  rows: readonly number[],
  feature: number,
  whole: Float64Array,
  { classes, minLeaf, criterion }: TreeOptions,
): Split | null {
  const value = (row: number): number => at(features, row * width + feature);
  const sorted = [...rows].sort((a, b) => value(a) - value(b) || a - b);
  const before = impurity(whole, criterion);
  const left = new Float64Array(classes);
  const right = whole.slice();
  let best: Split | null = null;
  for (let i = 0; i + 1 < sorted.length; i++) {
    const row = sorted[i] as number;
    for (let c = 0; c < classes; c++) {
      const label = at(labels, row * classes + c);
      left[c] = at(left, c) + label;
      right[c] = Math.max(0, at(right, c) - label);
    }
    const [here, next] = [value(row), value(sorted[i + 1] as number)];
    if (here === next || i + 1 < minLeaf || sorted.length - i - 1 < minLeaf) continue;
    const decrease = before - impurity(left, criterion) - impurity(right, criterion);
    if (best === null || decrease > best.decrease)
      best = { feature, threshold: between(here, next), decrease };
  }
  return best;
}

/** Gains below this share of the mass are rounding. */
const NOTHING = 1e-9;

function grow(examples: Examples, rows: readonly number[], depth: number, options: TreeOptions): TreeNode {
  const mass = massOf(examples, rows, options.classes);
  if (depth >= options.depth || rows.length < 2 * options.minLeaf) return { mass, split: null };
  let best: Split | null = null;
  for (let feature = 0; feature < examples.width; feature++) {
    const found = bestOnFeature(examples, rows, feature, mass, options);
    if (found && found.decrease > (best?.decrease ?? NOTHING * rows.length)) best = found;
  }
  if (!best) return { mass, split: null };
  const { feature, threshold } = best;
  const yes = (row: number): boolean => at(examples.features, row * examples.width + feature) <= threshold;
  return {
    mass,
    split: {
      feature,
      threshold,
      yes: grow(examples, rows.filter(yes), depth + 1, options),
      no: grow(
        examples,
        rows.filter((row) => !yes(row)),
        depth + 1,
        options,
      ),
    },
  };
}

/**
 * A classification tree by greedy splits (CART, Breiman, Friedman, Olshen & Stone 1984) on labels that may be soft: the
 * question that lowers the impurity most, x ≤ t with t half-way between two values, the first feature of equals.
 * @param features row-major [N × F]
 * @param labels row-major [N × classes], rows ≥ 0; a soft label counts as that many parts of hard ones
 * @throws TaskatlasError `invalid-input` when the shapes do not fit
 */
export function growTree(features: Float32Array, labels: Float32Array, options: TreeOptions): TreeNode {
  const rows = labels.length / options.classes;
  const width = features.length / rows;
  if (!(rows >= 1) || !Number.isInteger(rows) || !Number.isInteger(width)) {
    throw new TaskatlasError(
      'invalid-input',
      `${labels.length} labels of ${options.classes} classes and ${features.length} features are no table`,
    );
  }
  const all = Array.from({ length: rows }, (_, i) => i);
  return grow({ features, width, labels }, all, 0, options);
}

/** Where a row ends after at most `depth` questions. */
export function leafOf(
  tree: TreeNode,
  features: Numbers,
  from: number,
  depth = Number.POSITIVE_INFINITY,
): TreeNode {
  let node = tree;
  for (let d = 0; d < depth && node.split; d++) {
    const { feature, threshold, yes, no } = node.split;
    node = at(features, from + feature) <= threshold ? yes : no;
  }
  return node;
}

/**
 * Class probabilities of a node with Laplace's correction (Provost & Domingos 2003): (mass_c + 1) / (mass + classes).
 * Without it a pure leaf would call every other class impossible.
 */
export function leafProbabilities({ mass }: TreeNode): Float64Array {
  const total = mass.reduce((sum, m) => sum + m, 0) + mass.length;
  return mass.map((m) => (m + 1) / total);
}

/** The tree cut off below `depth` questions. */
export function prune(tree: TreeNode, depth: number): TreeNode {
  if (!tree.split || depth <= 0) return { mass: tree.mass, split: null };
  const { yes, no, ...question } = tree.split;
  return { mass: tree.mass, split: { ...question, yes: prune(yes, depth - 1), no: prune(no, depth - 1) } };
}

export interface TreeLine {
  /** Indented by one bar for each question above. */
  text: string;
  /** Mass that came here. */
  mass: number;
  /** Its likeliest class, and how likely. */
  class: number;
  certainty: number;
}

/** The tree as text, a question before its yes branch before its no branch. */
export function treeLines(tree: TreeNode, featureName: (feature: number) => string): TreeLine[] {
  const lines: TreeLine[] = [];
  const visit = (node: TreeNode, depth: number, answer: string): void => {
    const p = leafProbabilities(node);
    const top = argMax(p);
    const say = node.split
      ? `${featureName(node.split.feature)} ≤ ${Number(node.split.threshold.toPrecision(3))}?`
      : `class ${top}`;
    lines.push({
      text: `${'│ '.repeat(depth)}${answer}${say}`,
      mass: node.mass.reduce((sum, m) => sum + m, 0),
      class: top,
      certainty: at(p, top),
    });
    if (!node.split) return;
    visit(node.split.yes, depth + 1, 'yes: ');
    visit(node.split.no, depth + 1, 'no: ');
  };
  visit(tree, 0, '');
  return lines;
}
