/**
 * Gradient of nearest-neighbour resizing: each output pixel's gradient goes to the input pixel it was read
 * from. NHWC; `from` = [n,h,w,c] of the images, `to` = [oh,ow] of dy. Replaces the stock cpu kernel, which
 * steps through dy with the strides of the input and so reads the wrong image from the second on.
 */
export function resizeNearestGradient(
  dy: Float32Array,
  from: readonly [number, number, number, number],
  to: readonly [number, number],
  alignCorners: boolean,
): Float32Array {
  const [n, h, w, c] = from;
  const [oh, ow] = to;
  const rows = sourceIndex(h, oh, alignCorners);
  const columns = sourceIndex(w, ow, alignCorners);
  const dx = new Float32Array(n * h * w * c);
  for (let image = 0; image < n; image++) {
    for (let r = 0; r < oh; r++) {
      for (let q = 0; q < ow; q++) {
        const target = ((image * h + (rows[r] ?? 0)) * w + (columns[q] ?? 0)) * c;
        const source = ((image * oh + r) * ow + q) * c;
        for (let d = 0; d < c; d++) dx[target + d] = (dx[target + d] ?? 0) + (dy[source + d] ?? 0);
      }
    }
  }
  return dx;
}

/** The input index that each output index reads. */
function sourceIndex(input: number, output: number, alignCorners: boolean): number[] {
  const aligned = alignCorners && output > 1;
  const scale = aligned ? (input - 1) / (output - 1) : input / output;
  return Array.from({ length: output }, (_, i) =>
    Math.min(input - 1, alignCorners ? Math.round(i * scale) : Math.floor(i * scale)),
  );
}
