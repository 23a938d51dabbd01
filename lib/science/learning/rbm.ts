import { TaskatlasError } from '../core';
import { at, matmul, type Numbers, transpose } from '../numerics';

/** A restricted Boltzmann machine: energy −b·v − c·h − vᵀWh over binary v [visible], h [hidden]; W row-major. */
export interface Rbm {
  visible: number;
  hidden: number;
  weights: Numbers;
  visibleBias: Numbers;
  hiddenBias: Numbers;
}

export type MatMul = (a: Numbers, b: Numbers, n: number, k: number, m: number) => Numbers;

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** σ(X·W + bias), row-major [rows × columns]. */
function unitProbabilities(product: Numbers, bias: Numbers): Float64Array {
  const columns = bias.length;
  return Float64Array.from(product, (x, i) => sigmoid(x + at(bias, i % columns)));
}

/** p(h = 1 | v) = σ(c + vW) of each row of v [rows × visible]; `multiply` may be an engine's product. */
export const hiddenProbabilities = (
  { weights, hiddenBias, visible, hidden }: Rbm,
  v: Numbers,
  multiply: MatMul = matmul,
): Float64Array => unitProbabilities(multiply(v, weights, v.length / visible, visible, hidden), hiddenBias);

/** p(v = 1 | h) = σ(b + hWᵀ) of each row of h [rows × hidden]. */
const visibleProbabilities = (
  { weights, visibleBias, visible, hidden }: Rbm,
  h: Numbers,
  multiply: MatMul,
): Float64Array =>
  unitProbabilities(
    multiply(h, transpose(weights, visible, hidden), h.length / hidden, hidden, visible),
    visibleBias,
  );

const sample = (probabilities: Float64Array, uniforms: Numbers): Float64Array =>
  probabilities.map((p, i) => (at(uniforms, i) < p ? 1 : 0));

/** Σ of each column's differences a − b over the rows. */
function columnDifferences(a: Numbers, b: Numbers, columns: number): Float64Array {
  const sums = new Float64Array(columns);
  for (let i = 0; i < a.length; i++) sums[i % columns] = at(sums, i % columns) + at(a, i) - at(b, i);
  return sums;
}

export interface ContrastiveStep {
  rbm: Rbm;
  /** Mean squared difference between v and p(v | h): how well the machine reconstructs. */
  reconstruction: number;
}

/**
 * One step of contrastive divergence with one Gibbs step, CD-1 (Hinton 2002; Hinton 2010, section 3), on a batch of
 * N rows v₀ (binary, or probabilities):
 *   h₀ ~ p(h|v₀), v₁ ~ p(v|h₀);  W += η/N·(v₀ᵀp(h|v₀) − v₁ᵀp(h|v₁)), b += η/N·Σ(v₀ − v₁), c += η/N·Σ(p(h|v₀) − p(h|v₁))
 * @param uniforms numbers in [0, 1) that draw h₀ [N × hidden] and v₁ [N × visible]: a unit is on where u < p
 * @param multiply matrix product; training passes the engine's
 */
export function contrastiveStep(
  rbm: Rbm,
  batch: Numbers,
  uniforms: { hidden: Numbers; visible: Numbers },
  rate: number,
  multiply: MatMul = matmul,
): ContrastiveStep {
  const { visible, hidden } = rbm;
  const rows = batch.length / visible;
  if (!Number.isInteger(rows) || rows < 1) {
    throw new TaskatlasError(
      'invalid-input',
      `a batch needs rows of ${visible} units, got ${batch.length} numbers`,
    );
  }
  if (uniforms.hidden.length !== rows * hidden || uniforms.visible.length !== rows * visible) {
    throw new TaskatlasError('invalid-input', 'uniforms need one number for each unit of each row');
  }
  const positive = hiddenProbabilities(rbm, batch, multiply);
  const expected = visibleProbabilities(rbm, sample(positive, uniforms.hidden), multiply);
  const fantasy = sample(expected, uniforms.visible);
  const negative = hiddenProbabilities(rbm, fantasy, multiply);
  const data = multiply(transpose(batch, rows, visible), positive, visible, rows, hidden);
  const model = multiply(transpose(fantasy, rows, visible), negative, visible, rows, hidden);
  const step = rate / rows;
  const visibleChange = columnDifferences(batch, fantasy, visible);
  const hiddenChange = columnDifferences(positive, negative, hidden);
  const squares = expected.reduce((sum, p, i) => sum + (at(batch, i) - p) ** 2, 0);
  return {
    rbm: {
      visible,
      hidden,
      weights: Float64Array.from(rbm.weights, (w, i) => w + step * (at(data, i) - at(model, i))),
      visibleBias: Float64Array.from(rbm.visibleBias, (b, i) => b + step * at(visibleChange, i)),
      hiddenBias: Float64Array.from(rbm.hiddenBias, (c, i) => c + step * at(hiddenChange, i)),
    },
    reconstruction: squares / batch.length,
  };
}
