/**
 * Labels computed from the picture alone; used by every data set. Functions write one
 * image's label at `at`.
 */
import { holeOf } from '../inputs';

/** Luminance 0–1 (BT.601) of the stored bytes. */
function luminance(rgb: Uint8Array, out: Float32Array): void {
  for (let i = 0, k = 0; i < rgb.length; i += 3, k++) {
    out[k] =
      (0.299 * (rgb[i] as number) + 0.587 * (rgb[i + 1] as number) + 0.114 * (rgb[i + 2] as number)) / 255;
  }
}

/** Separable [1 2 1] / 4 smoothing with mirrored borders, in place by a scratch map. */
export function smooth(map: Float32Array, size: number, scratch: Float32Array): void {
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const k = y * size + x;
      const left = map[x > 0 ? k - 1 : k + 1] as number;
      const right = map[x < size - 1 ? k + 1 : k - 1] as number;
      scratch[k] = (left + 2 * (map[k] as number) + right) / 4;
    }
  }
  for (let k = 0; k < size * size; k++) {
    const above = scratch[k >= size ? k - size : k + size] as number;
    const below = scratch[k < size * (size - 1) ? k + size : k - size] as number;
    map[k] = (above + 2 * (scratch[k] as number) + below) / 4;
  }
}

/** Central differences ∂x, ∂y with mirrored borders (zero there). */
function gradients(map: Float32Array, size: number, gx: Float32Array, gy: Float32Array): void {
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const k = y * size + x;
      gx[k] = x > 0 && x < size - 1 ? ((map[k + 1] as number) - (map[k - 1] as number)) / 2 : 0;
      gy[k] = y > 0 && y < size - 1 ? ((map[k + size] as number) - (map[k - size] as number)) / 2 : 0;
    }
  }
}

/** Scratch maps of one size, shared by all labels (nothing here is asynchronous). */
export interface Maps {
  a: Float32Array;
  b: Float32Array;
  c: Float32Array;
  d: Float32Array;
}

const pools = new Map<number, Maps>();

export function scratchMaps(size: number): Maps {
  const found = pools.get(size);
  if (found) return found;
  const n = size * size;
  const made = {
    a: new Float32Array(n),
    b: new Float32Array(n),
    c: new Float32Array(n),
    d: new Float32Array(n),
  };
  pools.set(size, made);
  return made;
}

/**
 * 2D edges: magnitude of the gradient of smoothed luminance (Canny's first stage, without
 * thresholds), √ to tame the long tail: (√|∇| − 0.15) / 0.11.
 */
export function edges2d(rgb: Uint8Array, size: number, out: Float32Array, at: number): void {
  const { a, b, c, d } = scratchMaps(size);
  luminance(rgb, a);
  smooth(a, size, d);
  gradients(a, size, b, c);
  for (let k = 0; k < size * size; k++) {
    out[at + k] = (((b[k] as number) ** 2 + (c[k] as number) ** 2) ** 0.25 - 0.15) / 0.11;
  }
}

/**
 * 2D keypoints: Harris–Förstner response det / trace of the smoothed structure tensor of
 * luminance, √: a continuous corner map in place of the paper's SURF detections.
 */
export function keypoints2d(rgb: Uint8Array, size: number, out: Float32Array, at: number): void {
  const { a, b, c, d } = scratchMaps(size);
  luminance(rgb, a);
  gradients(a, size, b, c);
  const n = size * size;
  const xy = a;
  for (let k = 0; k < n; k++) {
    const gx = b[k] as number;
    const gy = c[k] as number;
    xy[k] = gx * gy;
    b[k] = gx * gx;
    c[k] = gy * gy;
  }
  smooth(xy, size, d);
  smooth(b, size, d);
  smooth(c, size, d);
  for (let k = 0; k < n; k++) {
    const trace = (b[k] as number) + (c[k] as number);
    const det = (b[k] as number) * (c[k] as number) - (xy[k] as number) ** 2;
    out[at + k] = (Math.sqrt(Math.max(0, det) / (trace + 1e-6)) - 0.03) / 0.03;
  }
}

/** 1 inside the hole of a `masked` input, 0 elsewhere. */
export function holeMask(size: number, key: number, mask: Uint8Array, at: number): void {
  const hole = holeOf(size, key);
  for (let y = hole.y0; y < hole.y1; y++) mask.fill(1, at + y * size + hole.x0, at + y * size + hole.x1);
}

// ---- colours ----

/** Distance of neighbouring colour bins in CIE a*b* units. */
const BIN_STEP = 12;

/** Hexagonal grid of a*b* bins: the neutral one and three rings, 37 in all. */
const COLOUR_BINS: readonly (readonly [number, number])[] = (() => {
  const bins: [number, number][] = [];
  for (let q = -3; q <= 3; q++) {
    for (let r = -3; r <= 3; r++) {
      if (Math.abs(q + r) <= 3) bins.push([BIN_STEP * (q + r / 2), BIN_STEP * r * (Math.sqrt(3) / 2)]);
    }
  }
  return bins;
})();

const CUBE = 32;
let binTable: Uint8Array | null = null;

const linear = (v: number): number => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
const labF = (t: number): number => (t > 216 / 24389 ? Math.cbrt(t) : (t * 24389) / 27 / 116 + 16 / 116);

/** CIE L*a*b* (D65) chroma coordinates of an sRGB colour in [0, 1]. */
function chroma(r: number, g: number, b: number): readonly [number, number] {
  const [lr, lg, lb] = [linear(r), linear(g), linear(b)];
  const x = labF((0.4124 * lr + 0.3576 * lg + 0.1805 * lb) / 0.95047);
  const y = labF(0.2126 * lr + 0.7152 * lg + 0.0722 * lb);
  const z = labF((0.0193 * lr + 0.1192 * lg + 0.9505 * lb) / 1.08883);
  return [500 * (x - y), 200 * (y - z)];
}

function nearestBin(a: number, b: number): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  COLOUR_BINS.forEach(([ba, bb], i) => {
    const d = (a - ba) ** 2 + (b - bb) ** 2;
    if (d < least) {
      least = d;
      best = i;
    }
  });
  return best;
}

/** Bin of each of 32³ quantised colours. */
function binLookup(): Uint8Array {
  if (binTable) return binTable;
  binTable = new Uint8Array(CUBE ** 3);
  for (let i = 0; i < CUBE ** 3; i++) {
    const level = (v: number): number => ((v % CUBE) + 0.5) / CUBE;
    const [a, b] = chroma(level(Math.floor(i / CUBE / CUBE)), level(Math.floor(i / CUBE)), level(i));
    binTable[i] = nearestBin(a, b);
  }
  return binTable;
}

/** Colorization: nearest a*b* bin of each pixel (Zhang et al. 2016, hard encoding). */
export function colourBins(rgb: Uint8Array, out: Float32Array, at: number): void {
  const table = binLookup();
  for (let i = 0, k = 0; i < rgb.length; i += 3, k++) {
    const code =
      (((rgb[i] as number) >> 3) << 10) |
      (((rgb[i + 1] as number) >> 3) << 5) |
      ((rgb[i + 2] as number) >> 3);
    out[at + k] = table[code] as number;
  }
}
