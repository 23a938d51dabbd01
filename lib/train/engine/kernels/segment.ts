/**
 * Sums rows by segment: out[segmentIds[i], :] += x[i, :]. Rows with a negative id or one beyond
 * `segments` are dropped, as TensorFlow does.
 */
export function segmentSum(
  x: Float32Array | Int32Array,
  segmentIds: Int32Array,
  width: number,
  segments: number,
  out: Float32Array | Int32Array,
): void {
  out.fill(0);
  segmentIds.forEach((segment, row) => {
    if (segment < 0 || segment >= segments) return;
    for (let column = 0; column < width; column++) {
      const to = segment * width + column;
      out[to] = (out[to] ?? 0) + (x[row * width + column] ?? 0);
    }
  });
}
