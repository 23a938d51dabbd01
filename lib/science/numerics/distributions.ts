import { TaskatlasError } from '@/lib/science/core';
import { at, type Numbers } from './arrays';

const polynomial = (c: Numbers, x: number): number => {
  let value = 0;
  for (let i = c.length - 1; i >= 0; i--) value = value * x + at(c, i);
  return value;
};

const CENTRAL_A = [
  3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987,
  67265.7709270087, 33430.57558358813, 2509.0809287301227,
];
const CENTRAL_B = [
  1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271,
  28729.085735721943, 5226.495278852854,
];
const MIDDLE_C = [
  1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684,
  0.2417807251774506, 0.022723844989269184, 0.0007745450142783414,
];
const MIDDLE_D = [
  1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
  0.0005475938084995345, 1.0507500716444169e-9,
];
const TAIL_E = [
  6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124,
  0.0012426609473880784, 2.7115555687434876e-5, 2.0103343992922881e-7,
];
const TAIL_F = [
  1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133,
  1.8463183175100548e-5, 1.421511758316446e-7, 2.0442631033899397e-15,
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
  0.9999999999998099, 676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406,
  12.507343278686905, -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
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
