import type { PackedLabels } from '../networks';
import type { LossSpec } from './losses';

/** Examples that the average is taken over: enough for a starting point. */
const SAMPLE = 512;

/**
 * Starting bias of the output layer: the best constant without looking at any picture (mean of each regressed
 * channel, log share of each class as the loss weighs it), repeated for each pixel that a position of the code
 * serves. A network so started begins near the mean predictor instead of spending its first epochs there.
 * @param size length of the bias: r²·channels or channels
 * @param images the first so many examples are those that are trained on
 */
export function outputBias(spec: LossSpec, labels: PackedLabels, size: number, images: number): Float32Array {
  // no constant embedding is better than another
  if (spec.name === 'metric') return new Float32Array(size);
  const { rows, channels, values, ids, valid } = labels;
  const sums = new Float64Array(channels);
  let total = 0;
  for (let row = 0; row < Math.min(images, SAMPLE) * rows; row++) {
    if (valid[row] === 0) continue;
    const id = ids ? (ids[row] as number) : -1;
    const weight = ids && spec.classWeights ? (spec.classWeights[id] as number) : 1;
    total += weight;
    if (ids) sums[id] = (sums[id] as number) + weight;
    else {
      for (let c = 0; c < channels; c++) sums[c] = (sums[c] as number) + (values?.[row * channels + c] ?? 0);
    }
  }
  const classes = spec.name !== 'l1' && spec.name !== 'l2';
  const one = sums.map((sum) => {
    const mean = sum / Math.max(1, total);
    return classes ? Math.log(Math.max(1e-4, mean)) : mean;
  });
  return Float32Array.from({ length: size }, (_, i) => one[i % channels] as number);
}
