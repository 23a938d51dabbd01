import { matvec } from '@/lib/science/numerics';

/** Colours for pixel embeddings: their first three principal components, each over its own range. */

/** Covariance (channels × channels) of rows of an image, and the rows' mean. */
function covariance(values: Float32Array, channels: number): { matrix: Float64Array; mean: Float64Array } {
  const rows = values.length / channels;
  const mean = new Float64Array(channels);
  values.forEach((v, i) => {
    mean[i % channels] = (mean[i % channels] as number) + v / rows;
  });
  const matrix = new Float64Array(channels * channels);
  for (let r = 0; r < rows; r++) {
    for (let a = 0; a < channels; a++) {
      const x = (values[r * channels + a] as number) - (mean[a] as number);
      for (let b = 0; b < channels; b++) {
        const y = (values[r * channels + b] as number) - (mean[b] as number);
        matrix[a * channels + b] = (matrix[a * channels + b] as number) + (x * y) / rows;
      }
    }
  }
  return { matrix, mean };
}

/** Leading eigenvector by power iteration from a fixed start; enough steps for a picture. */
function leading(matrix: Float64Array, n: number): Float64Array {
  let v = Float64Array.from({ length: n }, (_, i) => Math.cos(i + 1));
  for (let step = 0; step < 60; step++) {
    const next = matvec(matrix, v, n, n);
    const length = Math.hypot(...next);
    if (length < 1e-12) break;
    v = next.map((x) => x / length);
  }
  return v;
}

/** Three numbers in [0, 1] for each pixel. */
export function embeddingColours(values: Float32Array, channels: number): Float32Array {
  const rows = values.length / channels;
  const { matrix, mean } = covariance(values, channels);
  const colours = new Float32Array(rows * 3);
  for (let c = 0; c < 3; c++) {
    const axis = leading(matrix, channels);
    const turned = matvec(matrix, axis, channels, channels);
    const power = axis.reduce((sum, x, a) => sum + x * (turned[a] as number), 0);
    for (let a = 0; a < channels; a++) {
      for (let b = 0; b < channels; b++) {
        const at = a * channels + b;
        matrix[at] = (matrix[at] as number) - power * (axis[a] as number) * (axis[b] as number);
      }
    }
    const deviation = Math.sqrt(Math.max(1e-12, power));
    for (let r = 0; r < rows; r++) {
      let sum = 0;
      for (let a = 0; a < channels; a++) {
        sum += (axis[a] as number) * ((values[r * channels + a] as number) - (mean[a] as number));
      }
      colours[r * 3 + c] = Math.min(1, Math.max(0, 0.5 + sum / (4 * deviation)));
    }
  }
  return colours;
}
