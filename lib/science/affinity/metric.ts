import { at } from '@/lib/science/numerics';

/** A run's metric by scene: the sum over the scene's images that have a label, and their number. */
export interface SceneMetric {
  sums: Float64Array;
  counts: Float64Array;
}

/** @param order images in scene order; scene s holds order[sceneStart[s]] … order[sceneStart[s + 1] − 1] */
export function sceneMetric(
  metrics: Float32Array,
  order: readonly number[],
  sceneStart: Int32Array,
): SceneMetric {
  const scenes = sceneStart.length - 1;
  const found = { sums: new Float64Array(scenes), counts: new Float64Array(scenes) };
  for (let s = 0; s < scenes; s++) {
    for (const image of order.slice(at(sceneStart, s), at(sceneStart, s + 1))) {
      const value = at(metrics, image);
      if (!Number.isFinite(value)) continue;
      found.sums[s] = at(found.sums, s) + value;
      found.counts[s] = at(found.counts, s) + 1;
    }
  }
  return found;
}

/**
 * Metric of a candidate's runs under one weighting: Σ_r w_r · (Σ_s n_s · sum_rs / Σ_s n_s · count_rs), the mean over images
 * with a label, then over runs. NaN unless each of its runs has kept its metric image by image.
 * @param runs weight of each run, adding up to 1
 * @param scenes how often each scene counts
 */
export function weightedMetric(
  metrics: readonly (SceneMetric | null)[],
  runs: Float64Array,
  scenes: Float64Array,
): number {
  let total = 0;
  metrics.forEach((metric, r) => {
    if (!metric) {
      total = Number.NaN;
      return;
    }
    let [sum, count] = [0, 0];
    for (let s = 0; s < scenes.length; s++) {
      sum += at(scenes, s) * at(metric.sums, s);
      count += at(scenes, s) * at(metric.counts, s);
    }
    if (at(runs, r) > 0) total += (at(runs, r) * sum) / count;
  });
  return total;
}
