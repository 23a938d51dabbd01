import { createRng } from '@/lib/science/core';

/** How strongly a view differs from its picture. */
export interface Augmentation {
  /** Smallest share of the picture that a crop keeps. */
  crop: number;
  /** Strength of brightness, contrast and saturation changes; 0 = none. */
  jitter: number;
  /** Share of views without colour. */
  grey: number;
  /** Whether half of the views are mirrored. */
  flip: boolean;
}

/** Where the pixels of one side of a view fall between those of the picture. */
interface Places {
  low: Int32Array;
  high: Int32Array;
  /** Share of `high` in the pixel's value. */
  share: Float32Array;
}

/** `size` places spread over [start, start + length) of a side of `size` pixels, clamped to the border. */
function placesOf(size: number, start: number, length: number, mirrored: boolean): Places {
  const places = { low: new Int32Array(size), high: new Int32Array(size), share: new Float32Array(size) };
  for (let i = 0; i < size; i++) {
    const at = mirrored ? size - 1 - i : i;
    const place = Math.min(size - 1, Math.max(0, start + ((at + 0.5) * length) / size - 0.5));
    places.low[i] = Math.floor(place);
    places.high[i] = Math.min(size - 1, Math.floor(place) + 1);
    places.share[i] = place - Math.floor(place);
  }
  return places;
}

/** Bilinear samples of a picture size × size × 3. Plain loops: this is most of what a step costs beside the network. */
function resample(image: Float32Array, size: number, columns: Places, rows: Places): Float32Array {
  const view = new Float32Array(image.length);
  let out = 0;
  for (let y = 0; y < size; y++) {
    const fy = rows.share[y] as number;
    const top = (rows.low[y] as number) * size;
    const bottom = (rows.high[y] as number) * size;
    for (let x = 0; x < size; x++) {
      const fx = columns.share[x] as number;
      const left = columns.low[x] as number;
      const right = columns.high[x] as number;
      for (let c = 0; c < 3; c++) {
        const a = image[(top + left) * 3 + c] as number;
        const b = image[(bottom + left) * 3 + c] as number;
        const upper = a + fx * ((image[(top + right) * 3 + c] as number) - a);
        const lower = b + fx * ((image[(bottom + right) * 3 + c] as number) - b);
        view[out++] = upper + fy * (lower - upper);
      }
    }
  }
  return view;
}

const clip = (x: number): number => Math.min(1, Math.max(-1, x));

/** (Y + saturation · (x − Y)) · contrast + brightness for each channel x of a pixel with luminance Y (BT.601). */
function recolour(view: Float32Array, saturation: number, contrast: number, brightness: number): void {
  for (let i = 0; i < view.length; i += 3) {
    const r = view[i] as number;
    const g = view[i + 1] as number;
    const b = view[i + 2] as number;
    const grey = 0.299 * r + 0.587 * g + 0.114 * b;
    view[i] = clip((grey + saturation * (r - grey)) * contrast + brightness);
    view[i + 1] = clip((grey + saturation * (g - grey)) * contrast + brightness);
    view[i + 2] = clip((grey + saturation * (b - grey)) * contrast + brightness);
  }
}

/**
 * One view of a picture in [−1, 1] (size × size × 3), after SimCLR (Chen et al. 2020, appendix A): a crop of random area
 * and aspect (3:4 to 4:3) scaled back, mirrored by chance, brightness, contrast and saturation changed, some
 * views grey. Everything random follows from `seed`.
 */
export function augment(
  image: Float32Array,
  size: number,
  { crop, jitter, grey, flip }: Augmentation,
  seed: readonly (string | number)[],
): Float32Array {
  const rng = createRng('view', ...seed);
  const between = (low: number, high: number): number => low + (high - low) * rng.next();
  const area = between(crop, 1);
  // No wider and no higher than the picture: a whole one stays as it is.
  const widest = Math.min(Math.log(4 / 3), -Math.log(area));
  const aspect = Math.exp(between(-widest, widest));
  const [width, height] = [size * Math.sqrt(area * aspect), size * Math.sqrt(area / aspect)];
  const columns = placesOf(size, between(0, size - width), width, rng.next() < 0.5 && flip);
  const rows = placesOf(size, between(0, size - height), height, false);
  const view = resample(image, size, columns, rows);
  const saturation = rng.next() < grey ? 0 : between(1 - jitter, 1 + jitter);
  recolour(view, saturation, between(1 - jitter, 1 + jitter), between(-jitter / 2, jitter / 2));
  return view;
}
