import { TaskatlasError } from '@/lib/science/core';
import { at, type Numbers, principalEigenvector, secondEigenModulus } from '@/lib/science/numerics';

/** Win rates are clipped to [CLIP, 1 − CLIP] before the odds are taken (Zamir et al. 2018, supplementary). */
export const CLIP = 0.001;

export interface WinRates {
  /** W[i·n + j] = share of images on which i's loss is below j's, ties half; ½ on the diagonal. */
  rates: Float64Array;
  /** Share of compared image pairs that tie. */
  tieRate: number;
  /** Images used: those on which every candidate has a loss. */
  images: number;
}

/** 1 where every list has a number, 0 where any is NaN: one mask for all candidates. Throws `data` on unequal lengths. */
export function commonMask(losses: readonly Numbers[]): Uint8Array {
  const n = losses[0]?.length ?? 0;
  const mask = new Uint8Array(n).fill(1);
  losses.forEach((list, c) => {
    if (list.length !== n) {
      throw new TaskatlasError(
        'data',
        `loss list ${c} has ${list.length} images, the first has ${n}; they must share one test set`,
      );
    }
    for (let i = 0; i < n; i++) if (Number.isNaN(list[i] as number)) mask[i] = 0;
  });
  return mask;
}

/**
 * Tournament of candidates on per-image losses [candidates][images]:
 * W[i][j] = (#{loss_i < loss_j} + ½ #{loss_i = loss_j}) / images.
 */
export function winRates(losses: readonly Numbers[]): WinRates {
  const n = losses.length;
  const mask = commonMask(losses);
  const images = mask.reduce((total, m) => total + m, 0);
  if (images === 0 && n > 0)
    throw new TaskatlasError('data', 'no test image has a loss from every candidate');
  const rates = new Float64Array(n * n).fill(0.5);
  let ties = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      let score = 0;
      for (let k = 0; k < mask.length; k++) {
        if (mask[k] === 0) continue;
        const a = at(losses[i] as Numbers, k);
        const b = at(losses[j] as Numbers, k);
        if (a < b) score += 2;
        else if (a === b) {
          score += 1;
          ties++;
        }
      }
      rates[i * n + j] = score / (2 * images);
      rates[j * n + i] = 1 - score / (2 * images);
    }
  }
  return { rates, tieRate: n < 2 ? 0 : ties / ((images * n * (n - 1)) / 2), images };
}

/** Odds W′[i][j] = clip(W[i][j]) / clip(W[j][i]), a positive reciprocal matrix, row-major [n×n]. */
export function oddsMatrix(rates: Numbers, n: number, clip = CLIP): Float64Array {
  const clipped = (i: number, j: number): number => {
    const w = rates[i * n + j] as number;
    if (!(w >= 0 && w <= 1)) {
      throw new TaskatlasError('invalid-input', `winRates[${i}][${j}] = ${w} must be a number from 0 to 1`);
    }
    return Math.min(1 - clip, Math.max(clip, w));
  };
  const odds = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) odds[i * n + j] = clipped(i, j) / clipped(j, i);
  return odds;
}

/** Saaty's random consistency index, n = 3 … 15. */
const SAATY_RANDOM_INDEX = [0.58, 0.9, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59];

export interface AhpResult {
  /** Principal right eigenvector, sum 1: the affinities. */
  weights: Float64Array;
  /** Principal eigenvalue, ≥ n for a reciprocal matrix, = n when perfectly consistent. */
  lambdaMax: number;
  /** (λmax − n) / (n − 1); 0 for n = 1. */
  consistencyIndex: number;
  /** Consistency index over Saaty's random index; null outside 3 ≤ n ≤ 15. */
  consistencyRatio: number | null;
}

/** Analytic Hierarchy Process (Saaty 1987) on a positive reciprocal matrix, row-major [n×n]. */
export function ahp(odds: Numbers, n: number, start?: Float64Array): AhpResult {
  if (n === 0)
    return { weights: new Float64Array(0), lambdaMax: 0, consistencyIndex: 0, consistencyRatio: null };
  const { vector, value } = principalEigenvector(odds, n, start);
  const consistencyIndex = n === 1 ? 0 : (value - n) / (n - 1);
  const random = SAATY_RANDOM_INDEX[n - 3];
  return {
    weights: vector,
    lambdaMax: value,
    consistencyIndex,
    consistencyRatio: random === undefined ? null : consistencyIndex / random,
  };
}

/** Win rates → clip → odds → AHP: the affinities of one target's tournament. */
export const affinityFromWinRates = (rates: Numbers, n: number, start?: Float64Array): AhpResult =>
  ahp(oddsMatrix(rates, n), n, start);

/** Further AHP figures: geometric-mean weights (Crawford & Williams 1985), Alonso & Lamata's (2006) index, |λ₂|. */
export function ahpDetails(odds: Float64Array, n: number, result: AhpResult) {
  const geometric = Float64Array.from({ length: n }, (_, i) => {
    let logs = 0;
    for (let j = 0; j < n; j++) logs += Math.log(odds[i * n + j] as number);
    return Math.exp(logs / n);
  });
  const total = geometric.reduce((a, b) => a + b, 0);
  const randomIndex = n < 3 ? null : (2.7699 * n - 4.3513 - n) / (n - 1);
  return {
    geometricMeanWeights: geometric.map((w) => w / total),
    randomIndexAlonsoLamata: randomIndex,
    consistencyRatioAlonsoLamata: randomIndex === null ? null : result.consistencyIndex / randomIndex,
    secondEigenModulus: secondEigenModulus(odds, n, { vector: result.weights, value: result.lambdaMax }),
  };
}

/** Triples i > j > k > i of a tournament by majority (W > ½), each reported once, smallest index first. */
export function intransitiveTriples(rates: Numbers, n: number): [number, number, number][] {
  const beats = (i: number, j: number): boolean => (rates[i * n + j] as number) > 0.5;
  const triples: [number, number, number][] = [];
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      for (let k = i + 1; k < n; k++) {
        if (k !== j && beats(i, j) && beats(j, k) && beats(k, i)) triples.push([i, j, k]);
      }
    }
  }
  return triples;
}
