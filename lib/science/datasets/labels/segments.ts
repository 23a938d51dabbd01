/** Labels of the unsupervised segmentations: the graph-based method of Felzenszwalb and Huttenlocher (2004). */
import { DEPTH_UNITS, META, type RoomRecord } from '../rooms/record';
import type { PictureRecord } from './labeller';
import { scratchMaps, smooth } from './picture';

/** Segments of a picture at most: ids fit a byte. */
const MAX_SEGMENTS = 255;

/** Work arrays of one picture size, shared by all images. */
interface Forest {
  parent: Int32Array;
  /** Of roots: pixels, and the threshold k / pixels + largest weight inside. */
  pixels: Int32Array;
  limit: Float32Array;
  /** Edges: first pixel · 4 + direction, and their weights. */
  edges: Int32Array;
  weights: Float32Array;
  sorted: Int32Array;
}

const forests = new Map<number, Forest>();

function forestOf(size: number): Forest {
  const found = forests.get(size);
  if (found) return found;
  const n = size * size;
  const made = {
    parent: new Int32Array(n),
    pixels: new Int32Array(n),
    limit: new Float32Array(n),
    edges: new Int32Array(4 * n),
    weights: new Float32Array(4 * n),
    sorted: new Int32Array(4 * n),
  };
  forests.set(size, made);
  return made;
}

function rootOf(parent: Int32Array, pixel: number): number {
  let p = pixel;
  while (parent[p] !== p) {
    const up = parent[parent[p] as number] as number;
    parent[p] = up;
    p = up;
  }
  return p;
}

/** Edges of each pixel to its right, lower, lower right and lower left neighbour; returns their number. */
function buildEdges(features: Float32Array, channels: number, size: number, forest: Forest): number {
  const { edges, weights } = forest;
  const steps = [1, size, size + 1, size - 1];
  let count = 0;
  for (let p = 0; p < size * size; p++) {
    const x = p % size;
    const last = p >= size * (size - 1);
    for (let d = 0; d < 4; d++) {
      if ((d === 0 || d === 2) && x === size - 1) continue;
      if (d > 0 && last) continue;
      if (d === 3 && x === 0) continue;
      const q = p + (steps[d] as number);
      let square = 0;
      for (let c = 0; c < channels; c++) {
        const difference = (features[p * channels + c] as number) - (features[q * channels + c] as number);
        square += difference * difference;
      }
      edges[count] = 4 * p + d;
      weights[count++] = Math.sqrt(square);
    }
  }
  return count;
}

const BUCKETS = 4096;
const bucket = new Int32Array(BUCKETS + 1);

/** Edges by weight, by counting sort over 4096 steps of 1/8; equal steps keep their order. */
function sortEdges(count: number, { weights, sorted }: Forest): void {
  const step = (e: number): number => Math.min(BUCKETS - 1, Math.floor((weights[e] as number) * 8));
  bucket.fill(0);
  for (let e = 0; e < count; e++) {
    const b = step(e) + 1;
    bucket[b] = (bucket[b] as number) + 1;
  }
  for (let b = 1; b <= BUCKETS; b++) bucket[b] = (bucket[b] as number) + (bucket[b - 1] as number);
  for (let e = 0; e < count; e++) {
    const b = step(e);
    const at = bucket[b] as number;
    sorted[at] = e;
    bucket[b] = at + 1;
  }
}

/** Join the trees of two roots; the larger stays. */
function join(forest: Forest, a: number, b: number, weight: number, k: number): void {
  const { parent, pixels, limit } = forest;
  const [big, small] = (pixels[a] as number) >= (pixels[b] as number) ? [a, b] : [b, a];
  parent[small] = big;
  const total = (pixels[a] as number) + (pixels[b] as number);
  pixels[big] = total;
  limit[big] = weight + k / total;
}

/** Both passes over the sorted edges: joins by the predicate, then of segments below `least` pixels. */
function joinAll(count: number, size: number, forest: Forest, k: number, least: number): void {
  const { parent, pixels, limit, edges, weights, sorted } = forest;
  const steps = [1, size, size + 1, size - 1];
  for (const small of [false, true]) {
    for (let i = 0; i < count; i++) {
      const e = sorted[i] as number;
      const code = edges[e] as number;
      const p = code >> 2;
      const a = rootOf(parent, p);
      const b = rootOf(parent, p + (steps[code & 3] as number));
      if (a === b) continue;
      const w = weights[e] as number;
      const meets = small
        ? (pixels[a] as number) < least || (pixels[b] as number) < least
        : w <= (limit[a] as number) && w <= (limit[b] as number);
      if (meets) join(forest, a, b, w, k);
    }
  }
}

/** Ids 0, 1, 2 … by falling size (ties: first pixel first); the smallest beyond 255 share the last id. */
function writeIds(size: number, { parent, pixels }: Forest, out: Float32Array, at: number): void {
  const n = size * size;
  const roots: number[] = [];
  for (let p = 0; p < n; p++) if (parent[p] === p) roots.push(p);
  roots.sort((a, b) => (pixels[b] as number) - (pixels[a] as number) || a - b);
  const ids = new Map(roots.map((root, i) => [root, Math.min(i, MAX_SEGMENTS - 1)]));
  for (let p = 0; p < n; p++) out[at + p] = ids.get(rootOf(parent, p)) as number;
}

/**
 * Graph-based segmentation: neighbouring pixels are joined in the order of their difference w (Euclidean over the
 * channels) while w ≤ min over both segments of (largest w inside + k / pixels); then segments below `least` pixels
 * join their nearest neighbour. Writes the segment's id at each pixel.
 * @param features size · size · channels, differences of order 1–255
 */
export function graphSegments(
  features: Float32Array,
  channels: number,
  size: number,
  options: { k: number; least: number },
  out: Float32Array,
  at: number,
): void {
  const forest = forestOf(size);
  const n = size * size;
  for (let p = 0; p < n; p++) {
    forest.parent[p] = p;
    forest.pixels[p] = 1;
    forest.limit[p] = options.k;
  }
  const count = buildEdges(features, channels, size, forest);
  sortEdges(count, forest);
  joinAll(count, size, forest, options.k, options.least);
  writeIds(size, forest, out, at);
}

const features = new Map<number, Float32Array>();

function featureMap(size: number, channels: number): Float32Array {
  const key = size * 16 + channels;
  const map = features.get(key) ?? new Float32Array(size * size * channels);
  features.set(key, map);
  return map;
}

/** Smoothed colours of a picture times `weight` into the first three of `channels`. */
function addColours(
  rgb: Uint8Array,
  size: number,
  channels: number,
  weight: number,
  out: Float32Array,
): void {
  const { a, d } = scratchMaps(size);
  for (let c = 0; c < 3; c++) {
    for (let k = 0; k < size * size; k++) a[k] = (rgb[3 * k + c] as number) * weight;
    smooth(a, size, d);
    for (let k = 0; k < size * size; k++) out[k * channels + c] = a[k] as number;
  }
}

/** Sizes grow with the picture, so that segments of a larger picture are of the same kind. */
const optionsFor = (size: number, k: number): { k: number; least: number } => ({
  k: k * (size / 64),
  least: Math.round(12 * (size / 64) ** 2),
});

/** 2D segments: of smoothed colour alone (0–255), k = 120 at 64 × 64. */
export function segments2d({ rgb, size }: PictureRecord, out: Float32Array, at: number): void {
  const map = featureMap(size, 3);
  addColours(rgb, size, 3, 1, map);
  graphSegments(map, 3, size, optionsFor(size, 120), out, at);
}

/** Units of colour that a metre between two parallel planes is worth. */
const PER_METRE = 80;

/**
 * 2.5D segments: of smoothed colour (at a third of its weight), normals (× 127) and depth together, k = 120 at
 * 64 × 64: surfaces count more than what is painted on them. Depth enters as the distance from the camera to the
 * plane through the pixel's surface: constant on a plane however slanted, where depth itself would change.
 */
export function segments25d(record: RoomRecord, out: Float32Array, at: number): void {
  const { rgb, normals, depth, size, meta } = record;
  const map = featureMap(size, 7);
  addColours(rgb, size, 7, 1 / 3, map);
  const tangent = meta[META.tangent] as number;
  for (let k = 0; k < size * size; k++) {
    const u = ((2 * ((k % size) + 0.5)) / size - 1) * tangent;
    const v = (1 - (2 * (Math.floor(k / size) + 0.5)) / size) * tangent;
    const [x, y, z] = [normals[3 * k] as number, normals[3 * k + 1] as number, normals[3 * k + 2] as number];
    map.set(
      [x, y, z, ((z - x * u - y * v) / 127) * ((depth[k] as number) / DEPTH_UNITS) * PER_METRE],
      k * 7 + 3,
    );
  }
  graphSegments(map, 7, size, optionsFor(size, 120), out, at);
}
