import { TaskatlasError } from '@/lib/science/core';
import { at, type Numbers } from './arrays';

const polynomial = (c: Numbers, x: number): number => {
  let value = 0;
  for (let i = c.length - 1; i >= 0; i--) value = value * x + at(c, i);
  return value;
};

const CENTRAL_A = [
  3.387132872796366608, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125,
  45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727,
];
const CENTRAL_B = [
  1, 42.313330701600911252, 687.1870074920579083, 5394.1960214247511077, 21213.794301586595867,
  39307.89580009271061, 28729.085735721942674, 5226.495278852854561,
];
const MIDDLE_C = [
  1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055, 3.64784832476320460504,
  1.27045825245236838258, 0.24178072517745061177, 0.0227238449892691845833, 7.7454501427834140764e-4,
];
const MIDDLE_D = [
  1, 2.05319162663775882187, 1.6763848301838038494, 0.68976733498510000455, 0.14810397642748007459,
  0.0151986665636164571966, 5.475938084995344946e-4, 1.05075007164441684324e-9,
];
const TAIL_E = [
  6.6579046435011037772, 5.4637849111641143699, 1.7848265399172913358, 0.29656057182850489123,
  0.026532189526576123093, 0.0012426609473880784386, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
];
const TAIL_F = [
  1, 0.59983220655588793769, 0.13692988092273580531, 0.0148753612908506148525, 7.868691311456132591e-4,
  1.8463183175100546818e-5, 1.4215117583164458887e-7, 2.04426310338993978564e-15,
];

/**
 * Inverse of the standard normal distribution function, Φ⁻¹(p) (Wichura 1988, AS 241 PPND16; relative
 * error about 1e-16). ±Infinity at 0 and 1, NaN outside [0, 1].
 */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN;
  if (p === 0 || p === 1) return p === 0 ? -Infinity : Infinity;
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * polynomial(CENTRAL_A, r)) / polynomial(CENTRAL_B, r);
  }
  const r = Math.sqrt(-Math.log(q < 0 ? p : 1 - p));
  const z =
    r <= 5
      ? polynomial(MIDDLE_C, r - 1.6) / polynomial(MIDDLE_D, r - 1.6)
      : polynomial(TAIL_E, r - 5) / polynomial(TAIL_F, r - 5);
  return q < 0 ? -z : z;
}

/**
 * Standard normal distribution function Φ(x): Marsaglia's (2004) series ½ + φ(x)(x + x³/3 + x⁵/15 + …)
 * for |x| < 6, the continued fraction of the tail beyond it.
 */
export function normalCdf(x: number): number {
  const density = Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
  if (Math.abs(x) < 6) {
    let term = x;
    let series = x;
    for (let i = 3; Math.abs(term) > 1e-18 * Math.abs(series) && i < 400; i += 2) {
      term *= (x * x) / i;
      series += term;
    }
    return 0.5 + density * series;
  }
  let fraction = Math.abs(x);
  for (let k = 60; k >= 1; k--) fraction = Math.abs(x) + k / fraction;
  const tail = density / fraction;
  return x < 0 ? tail : 1 - tail;
}

const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** ln Γ(x) for x > 0 (Lanczos, g = 7, n = 9; relative error about 1e-15). */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.abs(Math.sin(Math.PI * x))) - logGamma(1 - x);
  const t = x + 6.5;
  let series = at(LANCZOS, 0);
  for (let i = 1; i < LANCZOS.length; i++) series += at(LANCZOS, i) / (x - 1 + i);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(series);
}

/**
 * P(X ≤ k) for X ~ Binomial(n, ½), summed exactly from the smaller tail by the ratio
 * C(n,i−1)/C(n,i) = i/(n−i+1).
 */
export function fairBinomialCdf(k: number, n: number): number {
  if (!Number.isInteger(k) || !Number.isInteger(n) || n < 0) {
    throw new TaskatlasError('invalid-input', `fairBinomialCdf needs whole numbers, got k=${k}, n=${n}`);
  }
  if (k < 0) return 0;
  if (k >= n) return 1;
  if (k > (n - 1) / 2) return 1 - fairBinomialCdf(n - k - 1, n);
  let term = fairBinomialPmf(k, n);
  let total = term;
  for (let i = k; i > 0 && term > total * 1e-18; i--) {
    term *= i / (n - i + 1);
    total += term;
  }
  return total;
}

/** P(X = k) for X ~ Binomial(n, ½): by exact products up to n = 1000, by ln Γ above. */
export function fairBinomialPmf(k: number, n: number): number {
  if (n > 1000) return Math.exp(logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1) - n * Math.LN2);
  let value = 2 ** -n;
  for (let i = 1; i <= k; i++) value *= (n - k + i) / i;
  return value;
}
