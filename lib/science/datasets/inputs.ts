import { createRng, hash32, type PictureKind, type ViewKind } from '../core';

/**
 * What encoders see, made from stored bytes: values in [−1, 1], NHWC. Everything random
 * is fixed by `key`, a number per image, so that every run sees the same picture.
 */
const LEVELS = Float32Array.from({ length: 256 }, (_, i) => (i * 2) / 255 - 1);

const NOISE_SIZE = 1 << 16;
let noiseTable: Float32Array | null = null;

function gaussians(): Float32Array {
  if (noiseTable) return noiseTable;
  const rng = createRng('input-noise');
  noiseTable = Float32Array.from({ length: NOISE_SIZE }, () => rng.normal());
  return noiseTable;
}

type Fill = (rgb: Uint8Array, size: number, key: number, out: Float32Array, at: number) => void;

const plain: Fill = (rgb, _size, _key, out, at) => {
  for (let i = 0; i < rgb.length; i++) out[at + i] = LEVELS[rgb[i] as number] as number;
};

/** Gaussian noise, σ per image between 0.3 and 0.6 (of a range of 2), clipped. */
const noisy: Fill = (rgb, _size, key, out, at) => {
  const table = gaussians();
  const sigma = 0.3 + 0.3 * (hash32(key, 'sigma') / 4294967296);
  // an odd stride visits the whole table in an order of this image's own
  const stride = (hash32(key, 'stride') & 0x7fff) * 2 + 1;
  let position = hash32(key, 'start') % NOISE_SIZE;
  for (let i = 0; i < rgb.length; i++) {
    const v = (LEVELS[rgb[i] as number] as number) + sigma * (table[position] as number);
    out[at + i] = Math.max(-1, Math.min(1, v));
    position = (position + stride) & (NOISE_SIZE - 1);
  }
};

export interface Hole {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

/** The rectangle that `masked` inputs lack: 18–32 % of the picture, anywhere. */
export function holeOf(size: number, key: number): Hole {
  const rng = createRng('hole', key);
  const area = (0.18 + 0.14 * rng.next()) * size * size;
  const aspect = Math.exp(0.7 * (rng.next() - 0.5));
  const w = Math.min(size - 2, Math.round(Math.sqrt(area * aspect)));
  const h = Math.min(size - 2, Math.round(area / w));
  const x0 = rng.int(size - w + 1);
  const y0 = rng.int(size - h + 1);
  return { x0, y0, x1: x0 + w, y1: y0 + h };
}

const masked: Fill = (rgb, size, key, out, at) => {
  plain(rgb, size, key, out, at);
  const hole = holeOf(size, key);
  for (let y = hole.y0; y < hole.y1; y++) {
    out.fill(0, at + (y * size + hole.x0) * 3, at + (y * size + hole.x1) * 3);
  }
};

/** BT.601 luminance in all three channels. */
const grey: Fill = (rgb, _size, _key, out, at) => {
  for (let i = 0; i < rgb.length; i += 3) {
    const y =
      0.299 * (LEVELS[rgb[i] as number] as number) +
      0.587 * (LEVELS[rgb[i + 1] as number] as number) +
      0.114 * (LEVELS[rgb[i + 2] as number] as number);
    out[at + i] = y;
    out[at + i + 1] = y;
    out[at + i + 2] = y;
  }
};

/** Quarter turns counter-clockwise: the class of the rotation task, 0–3. */
export const turnOf = (key: number): number => hash32(key, 'turn') % 4;

const rotated: Fill = (rgb, size, key, out, at) => {
  const last = size - 1;
  // source pixel = start + x·right + y·down
  const [start, right, down] = (
    [
      [0, 1, size],
      [last, size, -1],
      [size * size - 1, -1, -size],
      [last * size, -size, 1],
    ] as const
  )[turnOf(key)] ?? [0, 1, size];
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const from = (start + x * right + y * down) * 3;
      const to = at + (y * size + x) * 3;
      out[to] = LEVELS[rgb[from] as number] as number;
      out[to + 1] = LEVELS[rgb[from + 1] as number] as number;
      out[to + 2] = LEVELS[rgb[from + 2] as number] as number;
    }
  }
};

export const JIGSAW_CLASSES = 24;

/**
 * The orders of 9 tiles that the jigsaw task tells apart: chosen greedily, each the one of
 * 200 random permutations that is farthest (in tiles) from those already chosen.
 */
export const JIGSAW_ORDERS: readonly Int32Array[] = (() => {
  const rng = createRng('jigsaw');
  const chosen: Int32Array[] = [rng.permutation(9)];
  const distance = (a: Int32Array, b: Int32Array): number =>
    a.reduce((d, v, i) => d + (v === b[i] ? 0 : 1), 0);
  while (chosen.length < JIGSAW_CLASSES) {
    let best = rng.permutation(9);
    let far = -1;
    for (let i = 0; i < 200; i++) {
      const p = rng.permutation(9);
      const d = Math.min(...chosen.map((c) => distance(c, p)));
      if (d > far) {
        far = d;
        best = p;
      }
    }
    chosen.push(best);
  }
  return chosen;
})();

export const orderOf = (key: number): number => hash32(key, 'order') % JIGSAW_CLASSES;

/** 3 × 3 tiles, each shifted a little in its cell so that borders do not simply continue; grey between. */
const tiles: Fill = (rgb, size, key, out, at) => {
  out.fill(0, at, at + rgb.length);
  const order = JIGSAW_ORDERS[orderOf(key)] as Int32Array;
  const cell = Math.floor(size / 3);
  const play = Math.max(1, Math.round(cell / 10));
  const side = cell - play;
  for (let t = 0; t < 9; t++) {
    const source = order[t] as number;
    const fx = (source % 3) * cell + (hash32(key, t, 'x') % (play + 1));
    const fy = Math.floor(source / 3) * cell + (hash32(key, t, 'y') % (play + 1));
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const from = ((fy + y) * size + fx + x) * 3;
        const to = at + ((Math.floor(t / 3) * cell + y) * size + (t % 3) * cell + x) * 3;
        for (let c = 0; c < 3; c++) out[to + c] = LEVELS[rgb[from + c] as number] as number;
      }
    }
  }
};

const FILLS: Record<Exclude<PictureKind, ViewKind>, Fill> = {
  rgb: plain,
  noisy,
  masked,
  grey,
  rotated,
  tiles,
};

/** Whether the two pictures of the matching task have the same point in the middle. */
export const samePointOf = (key: number): boolean => hash32(key, 'same point') % 2 === 1;

/** The stored view that a kind of picture shows; null for the image itself. */
export function viewOf(kind: PictureKind, key: number): Exclude<ViewKind, 'candidate'> | null {
  if (kind === 'candidate') return samePointOf(key) ? 'orbit-1' : 'shifted';
  return kind === 'orbit-1' || kind === 'orbit-2' || kind === 'shifted' ? kind : null;
}

/** Write one image's encoder input at `at`; further views are given by their own `rgb`. */
export function fillInput(
  kind: PictureKind,
  rgb: Uint8Array,
  size: number,
  key: number,
  out: Float32Array,
  at: number,
): void {
  const fill = kind in FILLS ? FILLS[kind as keyof typeof FILLS] : plain;
  fill(rgb, size, key, out, at);
}
