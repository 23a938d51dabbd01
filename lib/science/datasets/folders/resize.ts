import type { Raster } from './png';

/** The middle square of a picture. */
function middleSquare({ width, height }: Raster): { side: number; x0: number; y0: number } {
  const side = Math.min(width, height);
  return { side, x0: (width - side) >> 1, y0: (height - side) >> 1 };
}

/**
 * The middle square at size × size by the mean over each pixel's area (smaller pictures are enlarged by repetition);
 * rounded. For values that may be mixed.
 */
export function resizeMean(raster: Raster, size: number): Uint8Array | Uint16Array {
  const { width, channels, data } = raster;
  const { side, x0, y0 } = middleSquare(raster);
  const out =
    data instanceof Uint16Array
      ? new Uint16Array(size * size * channels)
      : new Uint8Array(size * size * channels);
  const from = (i: number): number => Math.floor((i * side) / size);
  const to = (i: number): number => Math.max(from(i) + 1, Math.floor(((i + 1) * side) / size));
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const count = (to(y) - from(y)) * (to(x) - from(x));
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let v = from(y); v < to(y); v++)
          for (let u = from(x); u < to(x); u++)
            sum += data[((y0 + v) * width + x0 + u) * channels + c] as number;
        out[(y * size + x) * channels + c] = Math.round(sum / count);
      }
    }
  }
  return out;
}

/** The middle square at size × size by the pixel nearest to each centre: for values that must not be mixed. */
export function resizeNearest(raster: Raster, size: number): Uint8Array | Uint16Array {
  const { width, channels, data } = raster;
  const { side, x0, y0 } = middleSquare(raster);
  const out =
    data instanceof Uint16Array
      ? new Uint16Array(size * size * channels)
      : new Uint8Array(size * size * channels);
  const at = (i: number): number => Math.floor(((i + 0.5) * side) / size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const p = ((y0 + at(y)) * width + x0 + at(x)) * channels;
      for (let c = 0; c < channels; c++) out[(y * size + x) * channels + c] = data[p + c] as number;
    }
  }
  return out;
}
