import { TaskatlasError } from '../core';
import { at, choleskySolve, type Numbers } from '../numerics';

/** Rows [n × columns] with labels 0 or 1. */
export interface BinaryData {
  rows: Numbers;
  columns: number;
  labels: readonly (0 | 1)[];
}

/** A hyperplane: decides 1 where `decision(row) > 0`. */
export interface LinearClassifier {
  coefficients: Float64Array;
  intercept: number;
}

/** w·x + b of each row. */
export const decisions = (
  { coefficients, intercept }: LinearClassifier,
  rows: Numbers,
  columns: number,
): Float64Array =>
  Float64Array.from({ length: rows.length / columns }, (_, r) => {
    let total = intercept;
    for (let c = 0; c < columns; c++) total += at(coefficients, c) * at(rows, r * columns + c);
    return total;
  });

function checkBothClasses({ rows, columns, labels }: BinaryData): void {
  if (rows.length !== labels.length * columns)
    throw new TaskatlasError('invalid-input', `${labels.length} labels for ${rows.length / columns} rows`);
  if (!labels.includes(0) || !labels.includes(1)) {
    throw new TaskatlasError('invalid-input', 'a classifier needs training rows of both classes');
  }
}

const NEWTON_STEPS = 200;

/** ½‖w‖² + C·Σ ln(1 + e^(−s·f)), s = ±1. */
function logisticObjective(data: BinaryData, model: LinearClassifier, cost: number): number {
  const f = decisions(model, data.rows, data.columns);
  let total = 0;
  for (const w of model.coefficients) total += (w * w) / 2;
  f.forEach((value, i) => {
    const margin = data.labels[i] === 1 ? value : -value;
    total += cost * (margin > 0 ? Math.log1p(Math.exp(-margin)) : Math.log1p(Math.exp(margin)) - margin);
  });
  return total;
}

/** Newton direction (coefficients, then intercept) and the gradient's largest entry. */
function newtonDirection(data: BinaryData, model: LinearClassifier, cost: number) {
  const { rows, columns, labels } = data;
  const size = columns + 1;
  const gradient = new Float64Array(size);
  const hessian = new Float64Array(size * size);
  gradient.set(model.coefficients);
  for (let c = 0; c < columns; c++) hessian[c * size + c] = 1;
  const entry = (row: number, c: number): number => (c < columns ? at(rows, row * columns + c) : 1);
  decisions(model, rows, columns).forEach((value, row) => {
    const p = 1 / (1 + Math.exp(-value));
    const residual = cost * (p - (labels[row] as number));
    const weight = cost * p * (1 - p);
    for (let i = 0; i < size; i++) {
      gradient[i] = at(gradient, i) + residual * entry(row, i);
      for (let j = 0; j < size; j++)
        hessian[i * size + j] = at(hessian, i * size + j) + weight * entry(row, i) * entry(row, j);
    }
  });
  // A saturated fit leaves the unpenalised intercept without curvature: a trace of ridge keeps the step finite.
  hessian[size * size - 1] = at(hessian, size * size - 1) + 1e-12;
  const largest = gradient.reduce((top, g) => Math.max(top, Math.abs(g)), 0);
  return { direction: choleskySolve(hessian, gradient, size, 1), largest };
}

/**
 * Logistic regression by Newton's method with halved steps: minimises ½‖w‖² + C·Σ log-loss, the intercept free.
 * Convex, so the answer does not depend on the path. Throws `invalid-input` when a class is missing.
 */
export function logisticRegression(data: BinaryData, cost = 1): LinearClassifier {
  checkBothClasses(data);
  let model: LinearClassifier = { coefficients: new Float64Array(data.columns), intercept: 0 };
  let objective = logisticObjective(data, model, cost);
  for (let step = 0; step < NEWTON_STEPS; step++) {
    const { direction, largest } = newtonDirection(data, model, cost);
    if (largest < 1e-12) break;
    let improved = false;
    for (let size = 1; size > 1e-10 && !improved; size /= 2) {
      const next = {
        coefficients: model.coefficients.map((w, c) => w - size * at(direction, c)),
        intercept: model.intercept - size * at(direction, data.columns),
      };
      const value = logisticObjective(data, next, cost);
      improved = value < objective;
      if (improved) [model, objective] = [next, value];
    }
    if (!improved) break;
  }
  return model;
}

/** State of the dual of a linear support vector machine. */
interface Dual {
  n: number;
  /** +1 for label 0, −1 for label 1, as libsvm orders them. */
  signs: Float64Array;
  /** yᵢyⱼ⟨xᵢ, xⱼ⟩ in single precision, as libsvm stores it. */
  q: Float32Array;
  /** ‖xᵢ − xⱼ‖² by those products, never below libsvm's smallest curvature. */
  curvature: Float64Array;
  alpha: Float64Array;
  /** Gradient Qα − 1. */
  gradient: Float64Array;
  cost: number;
  /** The pair to be optimised next. */
  first: number;
  second: number;
}

/** libsvm's stopping tolerance and smallest curvature. */
const SVM_TOLERANCE = 1e-3;
const SVM_TAU = 1e-12;
const SVM_STEPS = 10_000_000;

function createDual({ rows, columns, labels }: BinaryData, cost: number): Dual {
  const n = labels.length;
  const signs = Float64Array.from(labels, (label) => (label === 0 ? 1 : -1));
  const q = new Float32Array(n * n);
  const diagonal = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let dot = 0;
      for (let c = 0; c < columns; c++) dot += at(rows, i * columns + c) * at(rows, j * columns + c);
      q[i * n + j] = at(signs, i) * at(signs, j) * dot;
      if (i === j) diagonal[i] = dot;
    }
  }
  const curvature = Float64Array.from(q, (product, k) => {
    const [i, j] = [Math.floor(k / n), k % n];
    const own = at(diagonal, i) + at(diagonal, j) - 2 * at(signs, i) * at(signs, j) * product;
    return own > 0 ? own : SVM_TAU;
  });
  const alpha = new Float64Array(n);
  return {
    n,
    signs,
    q,
    curvature,
    alpha,
    gradient: new Float64Array(n).fill(-1),
    cost,
    first: -1,
    second: -1,
  };
}

/**
 * Second-order choice of the violating pair (Fan, Chen & Lin 2005); false when the tolerance is met. Runs millions of
 * times for large C on overlapping classes: no closures, no allocation.
 */
function chooseWorkingSet(dual: Dual): boolean {
  const { n, signs, alpha, gradient, cost, curvature } = dual;
  let first = -1;
  let top = Number.NEGATIVE_INFINITY;
  for (let t = 0; t < n; t++) {
    const y = signs[t] as number;
    const a = alpha[t] as number;
    const value = -y * (gradient[t] as number);
    if ((y > 0 ? a < cost : a > 0) && value >= top) {
      top = value;
      first = t;
    }
  }
  let second = -1;
  let bottom = Number.NEGATIVE_INFINITY;
  let best = Number.POSITIVE_INFINITY;
  for (let t = 0; t < n; t++) {
    const y = signs[t] as number;
    const a = alpha[t] as number;
    if (y > 0 ? a <= 0 : a >= cost) continue;
    const value = y * (gradient[t] as number);
    if (value > bottom) bottom = value;
    const violation = top + value;
    if (!(violation > 0)) continue;
    const decrease = -(violation * violation) / (curvature[first * n + t] as number);
    if (decrease <= best) {
      best = decrease;
      second = t;
    }
  }
  dual.first = first;
  dual.second = second;
  return top + bottom >= SVM_TOLERANCE && second >= 0;
}

/** Solves the two-variable problem of the pair exactly inside the box [0, C]², keeping Σ yα. */
function optimisePair(dual: Dual): void {
  const { n, signs, q, alpha, gradient, cost, first: i, second: j } = dual;
  const oldI = alpha[i] as number;
  const oldJ = alpha[j] as number;
  const bend = dual.curvature[i * n + j] as number;
  let newI: number;
  let newJ: number;
  if (signs[i] !== signs[j]) {
    const difference = oldI - oldJ;
    const wanted = oldJ + (-(gradient[i] as number) - (gradient[j] as number)) / bend;
    newJ = Math.min(Math.min(cost, cost - difference), Math.max(Math.max(0, -difference), wanted));
    newI = Math.min(cost, Math.max(0, difference + newJ));
  } else {
    const total = oldI + oldJ;
    const wanted = oldJ + ((gradient[i] as number) - (gradient[j] as number)) / bend;
    newJ = Math.min(Math.min(cost, total), Math.max(Math.max(0, total - cost), wanted));
    newI = Math.min(cost, Math.max(0, total - newJ));
  }
  alpha[i] = newI;
  alpha[j] = newJ;
  const changeI = newI - oldI;
  const changeJ = newJ - oldJ;
  for (let t = 0; t < n; t++) {
    gradient[t] =
      (gradient[t] as number) + (q[i * n + t] as number) * changeI + (q[j * n + t] as number) * changeJ;
  }
}

/** Offset ρ: mean of yG over free vectors, else the middle of its bounds. */
function offset({ n, signs, alpha, gradient, cost }: Dual): number {
  let [upper, lower, total, free] = [Infinity, Number.NEGATIVE_INFINITY, 0, 0];
  for (let t = 0; t < n; t++) {
    const value = at(signs, t) * at(gradient, t);
    const positive = at(signs, t) > 0;
    if (at(alpha, t) >= cost) {
      if (positive) lower = Math.max(lower, value);
      else upper = Math.min(upper, value);
    } else if (at(alpha, t) <= 0) {
      if (positive) upper = Math.min(upper, value);
      else lower = Math.max(lower, value);
    } else {
      total += value;
      free++;
    }
  }
  return free > 0 ? total / free : (upper + lower) / 2;
}

/**
 * Linear support vector machine by sequential minimal optimisation, as libsvm's C-SVC solves it (second-order pairs,
 * tolerance 1e-3): minimises ½‖w‖² + C·Σ hinge. Throws `invalid-input` when a class is missing.
 */
export function supportVectorMachine(data: BinaryData, cost: number): LinearClassifier {
  checkBothClasses(data);
  const dual = createDual(data, cost);
  for (let step = 0; step < SVM_STEPS && chooseWorkingSet(dual); step++) optimisePair(dual);
  // libsvm's first class is ours with label 0: the sign turns so that > 0 decides 1.
  const coefficients = new Float64Array(data.columns);
  for (let t = 0; t < dual.n; t++) {
    const weight = at(dual.signs, t) * at(dual.alpha, t);
    if (weight === 0) continue;
    for (let c = 0; c < data.columns; c++)
      coefficients[c] = at(coefficients, c) - weight * at(data.rows, t * data.columns + c);
  }
  return { coefficients, intercept: offset(dual) };
}
