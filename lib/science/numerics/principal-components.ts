import type { Numbers } from './arrays';

/** Rounds of orthogonal iteration: directions whose variances differ by 10 % are then told apart to 1e-5. */
const ROUNDS = 120;

/** Makes the k columns of q [n×k] orthonormal, in order (modified Gram–Schmidt); a column that vanishes becomes 0. */
function orthonormalise(q: Float64Array, n: number, k: number): void {
  const dot = (a: number, b: number): number => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += (q[i * k + a] as number) * (q[i * k + b] as number);
    return sum;
  };
  for (let c = 0; c < k; c++) {
    const before = Math.sqrt(dot(c, c));
    for (let d = 0; d < c; d++) {
      const share = dot(c, d);
      for (let i = 0; i < n; i++) q[i * k + c] = (q[i * k + c] as number) - share * (q[i * k + d] as number);
    }
    const length = Math.sqrt(dot(c, c));
    const scale = length > 1e-12 * before ? 1 / length : 0;
    for (let i = 0; i < n; i++) q[i * k + c] = (q[i * k + c] as number) * scale;
  }
}

/**
 * The k leading principal directions of a symmetric covariance matrix [n×n], as columns of [n×k], by descending
 * variance (orthogonal iteration; Golub & Van Loan, 8.2). The same input gives the same bits; the sign is the one that
 * makes the largest entry of each direction positive. Where k exceeds the rank, the rest of the columns are 0.
 */
export function principalDirections(covariance: Numbers, n: number, k: number): Float64Array {
  let q = new Float64Array(n * k);
  // A start that is no eigenvector of anything likely: low-discrepancy numbers.
  for (let i = 0; i < q.length; i++) q[i] = (((i + 1) * 0.6180339887498949) % 1) - 0.5;
  orthonormalise(q, n, k);
  for (let round = 0; round < ROUNDS; round++) {
    const next = new Float64Array(n * k);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const a = covariance[i * n + j] as number;
        for (let c = 0; c < k; c++)
          next[i * k + c] = (next[i * k + c] as number) + a * (q[j * k + c] as number);
      }
    }
    orthonormalise(next, n, k);
    q = next;
  }
  for (let c = 0; c < k; c++) {
    let largest = 0;
    for (let i = 0; i < n; i++) {
      const entry = q[i * k + c] as number;
      if (Math.abs(entry) > Math.abs(largest)) largest = entry;
    }
    if (largest < 0) for (let i = 0; i < n; i++) q[i * k + c] = -(q[i * k + c] as number);
  }
  return q;
}
