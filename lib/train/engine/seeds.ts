import type { Rng } from '@/lib/science/core/rng';

/**
 * Seeds. Every random number of a training comes from `createRng(seed, label…)` of the core, never from a
 * backend's own generator, so that weights and orders are the same numbers on every backend.
 */

function fans(shape: readonly number[]): { fanIn: number; fanOut: number } {
  const receptive = shape.slice(0, -2).reduce((product, side) => product * side, 1);
  return { fanIn: receptive * (shape.at(-2) ?? 1), fanOut: receptive * (shape.at(-1) ?? 1) };
}

const fill = (shape: readonly number[], draw: () => number): Float32Array =>
  Float32Array.from({ length: shape.reduce((product, side) => product * side, 1) }, draw);

/** He et al. 2015: normal with variance 2 / fan-in, for layers followed by ReLU. `shape` is [kh, kw, in, out] or [in, out]. */
export function heNormal(rng: Rng, shape: readonly number[]): Float32Array {
  const sd = Math.sqrt(2 / fans(shape).fanIn);
  return fill(shape, () => sd * rng.normal());
}

/** Glorot & Bengio 2010: uniform in ±√(6 / (fan-in + fan-out)). */
export function glorotUniform(rng: Rng, shape: readonly number[]): Float32Array {
  const { fanIn, fanOut } = fans(shape);
  const limit = Math.sqrt(6 / (fanIn + fanOut));
  return fill(shape, () => limit * (2 * rng.next() - 1));
}
