import { createRng } from '../core';
import { at, type Numbers } from '../numerics';
import { coralDistance, squaredMmd } from './domain-distance';
import { logisticADistance } from './proxy-a-distance';

/** Pictures or maps of one domain: count × side × side × channels. */
export interface FeatureMaps {
  values: Float32Array;
  side: number;
  channels: number;
}

/** How far two samples lie apart; 0 = not at all. */
export interface DomainDistances {
  /** 2(1 − 2ε), ε the error of a logistic regression on the half that it was not fitted to: 2 = told apart always. */
  proxyA: number;
  /** Squared maximum mean discrepancy with γ = 1 / columns. */
  mmd: number;
  /** ‖C_s − C_t‖²_F / (4d²). */
  coral: number;
}

/** Mean and standard deviation of every channel in each quadrant, a row per map: 8 × channels columns (2 × at side 1). */
export function quadrantMoments({ values, side, channels }: FeatureMaps): {
  rows: Float64Array;
  columns: number;
} {
  const parts = side > 1 ? 2 : 1;
  const cells = parts * parts * channels;
  const columns = 2 * cells;
  const count = values.length / (side * side * channels);
  const rows = new Float64Array(count * columns);
  const seen = new Float64Array(count * cells);
  for (let i = 0; i < values.length; i++) {
    const channel = i % channels;
    const place = Math.floor(i / channels) % (side * side);
    const map = Math.floor(i / (channels * side * side));
    const y = Math.floor((Math.floor(place / side) * parts) / side);
    const x = Math.floor(((place % side) * parts) / side);
    const cell = (y * parts + x) * channels + channel;
    const value = at(values, i);
    rows[map * columns + cell] = at(rows, map * columns + cell) + value;
    rows[map * columns + cells + cell] = at(rows, map * columns + cells + cell) + value * value;
    seen[map * cells + cell] = at(seen, map * cells + cell) + 1;
  }
  for (let i = 0; i < seen.length; i++) {
    const mean = Math.floor(i / cells) * columns + (i % cells);
    const n = at(seen, i);
    rows[mean] = at(rows, mean) / n;
    rows[mean + cells] = Math.sqrt(Math.max(0, at(rows, mean + cells) / n - at(rows, mean) ** 2));
  }
  return { rows, columns };
}

/** Both samples by the mean and deviation of all their rows, so that no column rules by its scale. */
function standardiseBoth(source: Numbers, target: Numbers, columns: number): [Float64Array, Float64Array] {
  const count = (source.length + target.length) / columns;
  const mean = new Float64Array(columns);
  const square = new Float64Array(columns);
  const add = (rows: Numbers): void => {
    for (let i = 0; i < rows.length; i++) {
      mean[i % columns] = at(mean, i % columns) + at(rows, i) / count;
      square[i % columns] = at(square, i % columns) + at(rows, i) ** 2 / count;
    }
  };
  add(source);
  add(target);
  const deviation = square.map((s, c) => Math.sqrt(Math.max(0, s - at(mean, c) ** 2)));
  const scale = (rows: Numbers): Float64Array =>
    Float64Array.from({ length: rows.length }, (_, i) => {
      const d = at(deviation, i % columns);
      // A column without spread tells nothing (float32 noise included).
      return d > 1e-6 ? (at(rows, i) - at(mean, i % columns)) / d : 0;
    });
  return [scale(source), scale(target)];
}

/**
 * Distances between two domains, on quadrant moments standardised over both. Deterministic: the classifier's split is
 * drawn from a fixed seed. With 200 maps of each domain half of them test, so ε has a standard error of up to 0.035 and
 * the proxy of 0.14. NaN where a map is not finite (a training that diverged).
 */
export function domainDistances(sourceMaps: FeatureMaps, targetMaps: FeatureMaps): DomainDistances {
  const { rows: ours, columns } = quadrantMoments(sourceMaps);
  const { rows: theirs } = quadrantMoments(targetMaps);
  if (!ours.every(Number.isFinite) || !theirs.every(Number.isFinite))
    return { proxyA: Number.NaN, mmd: Number.NaN, coral: Number.NaN };
  const [source, target] = standardiseBoth(ours, theirs, columns);
  const count = (source.length + target.length) / columns;
  const order = Array.from(createRng('domain-distance', count).permutation(count));
  const half = Math.floor(count / 2);
  const split = { train: order.slice(0, half), test: order.slice(half) };
  return {
    proxyA: logisticADistance({ source, target, columns, ...split }),
    mmd: squaredMmd(source, target, columns, 1 / columns),
    coral: coralDistance(source, target, columns),
  };
}
