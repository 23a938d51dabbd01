import { TaskatlasError } from '../core';
import { at, type Numbers } from '../numerics';
import {
  type BinaryData,
  decisions,
  type LinearClassifier,
  logisticRegression,
  supportVectorMachine,
} from './linear-classifiers';

/**
 * Proxy A-distance 2(1 − 2ε) from the test error ε of a classifier that tells two domains apart (Ben-David et al.
 * 2007, 2010): 2 = told apart always, 0 = by chance. Below 0 (ε > ½) the classifier found nothing.
 */
export const proxyADistance = (error: number): number => 2 * (1 - 2 * error);

/** Rows `indices` of a matrix with `columns` columns. */
const pick = (rows: Numbers, columns: number, indices: readonly number[]): Float64Array =>
  Float64Array.from({ length: indices.length * columns }, (_, i) =>
    at(rows, (indices[Math.floor(i / columns)] as number) * columns + (i % columns)),
  );

function testError(model: LinearClassifier, data: BinaryData): number {
  let wrong = 0;
  decisions(model, data.rows, data.columns).forEach((value, row) => {
    if ((value > 0 ? 1 : 0) !== data.labels[row]) wrong++;
  });
  return wrong / data.labels.length;
}

/** (x − mean) / sd by the columns of `train` (divisor n); a constant column is only centred. */
function standardiser(train: Numbers, columns: number): (rows: Float64Array) => Float64Array {
  const n = train.length / columns;
  const mean = new Float64Array(columns);
  const square = new Float64Array(columns);
  for (let i = 0; i < train.length; i++) mean[i % columns] = at(mean, i % columns) + at(train, i) / n;
  for (let i = 0; i < train.length; i++)
    square[i % columns] = at(square, i % columns) + (at(train, i) - at(mean, i % columns)) ** 2 / n;
  const deviation = square.map((s, c) => {
    const sd = Math.sqrt(s);
    return sd > 10 * Number.EPSILON * Math.abs(at(mean, c)) && sd > 0 ? sd : 1;
  });
  return (rows) => rows.map((x, i) => (x - at(mean, i % columns)) / at(deviation, i % columns));
}

/** Two samples of rows, source first, and which rows of both train and test the classifier. */
export interface DomainSplit {
  source: Numbers;
  target: Numbers;
  columns: number;
  /** Indices into source rows followed by target rows. */
  train: readonly number[];
  test: readonly number[];
}

/**
 * The distance by a logistic regression (C = 1, features standardised by its training rows) on a given split.
 * Deterministic and convex: the one that Taskatlas shows. Throws `invalid-input` on an empty test or one-sided training part.
 */
export function logisticADistance({ source, target, columns, train, test }: DomainSplit): number {
  const sourceRows = source.length / columns;
  const all = Float64Array.from({ length: source.length + target.length }, (_, i) =>
    i < source.length ? at(source, i) : at(target, i - source.length),
  );
  const count = all.length / columns;
  if (test.length === 0) throw new TaskatlasError('invalid-input', 'the test part has no rows');
  for (const i of [...train, ...test]) {
    if (i >= count) throw new TaskatlasError('invalid-input', `row ${i} is beyond the ${count} rows given`);
  }
  const labelsOf = (indices: readonly number[]) => indices.map((i): 0 | 1 => (i < sourceRows ? 0 : 1));
  const raw = pick(all, columns, train);
  const standardise = standardiser(raw, columns);
  const model = logisticRegression({ rows: standardise(raw), columns, labels: labelsOf(train) });
  const held = { rows: standardise(pick(all, columns, test)), columns, labels: labelsOf(test) };
  return proxyADistance(testError(model, held));
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/**
 * The distance by linear support vector machines: the first half of each domain trains, the best of ten C from 1e−5 to
 * 1e4 by (folded: min(ε, 1 − ε)) test error counts. Choosing C on the test part makes it optimistic; kept for
 * comparison with published numbers (jindongwang/transferlearning).
 */
export function supportVectorADistance(source: Numbers, target: Numbers, columns: number): number {
  const part = (from: (n: number) => number, to: (n: number) => number): BinaryData => {
    const [n, m] = [source.length / columns, target.length / columns];
    const ours = pick(source, columns, range(from(n), to(n)));
    const theirs = pick(target, columns, range(from(m), to(m)));
    const labels = [
      ...Array.from({ length: ours.length / columns }, (): 0 | 1 => 0),
      ...Array.from({ length: theirs.length / columns }, (): 0 | 1 => 1),
    ];
    return { rows: Float64Array.of(...ours, ...theirs), columns, labels };
  };
  const half = (n: number): number => Math.floor(n / 2);
  const train = part(() => 0, half);
  const test = part(half, (n) => n);
  const errors = range(-5, 5).map((power) => {
    const error = testError(supportVectorMachine(train, 10 ** power), test);
    return error > 0.5 ? 1 - error : error;
  });
  return proxyADistance(Math.min(1, ...errors));
}
