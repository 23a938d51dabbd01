import type { ConvGeometry } from '../kernels/convolution';
import type { Simd } from './context';

/**
 * 3×3 convolutions of stride 1 by Winograd's F(2×2, 3×3): 16 multiplications in place of 36 (`kernels.as` has
 * the formulas). Its rounding error is a few times that of the direct sum, some 1e-6 of the largest value.
 */

const F = 4;
/** Tiles that go through the sixteen matrix products together: their planes stay in the second-level cache. */
const TILES = 128;
/** Below this many channels to sum over, the products are too short to pay for the transforms. */
const MIN_DEPTH = 16;

/**
 * Bytes from one plane to the next. One cache line more than it holds: sixteen planes whose distance is a power
 * of two would all fall on the same few cache lines, and each transform touches all sixteen.
 */
const planeBytes = (values: number): number => values * F + 64;

const isSquare3 = (g: ConvGeometry): boolean =>
  g.kh === 3 && g.kw === 3 && g.strideH === 1 && g.strideW === 1 && g.top <= 2 && g.left <= 2;
const isEven = (...sides: number[]): boolean => sides.every((side) => side % 2 === 0 && side >= 2);

export const winogradForwardFits = (g: ConvGeometry): boolean =>
  isSquare3(g) && isEven(g.oh, g.ow) && g.ci >= MIN_DEPTH && g.ci % 4 === 0 && g.co % 8 === 0;

export const winogradInputGradientFits = (g: ConvGeometry): boolean =>
  isSquare3(g) && isEven(g.h, g.w) && g.co >= MIN_DEPTH && g.co % 4 === 0 && g.ci % 8 === 0;

export const winogradFilterGradientFits = (g: ConvGeometry): boolean =>
  isSquare3(g) && isEven(g.oh, g.ow) && g.ci >= MIN_DEPTH && g.ci % 4 === 0 && g.co % 8 === 0;

/** Images and their windows, as the transforms walk over them. */
interface Walk {
  readonly images: number;
  /** Input image and its padding; the window of output (0, 0) begins at padded (0, 0). */
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly top: number;
  readonly left: number;
  readonly tileRows: number;
  readonly tilesPerRow: number;
}

interface Position {
  readonly image: number;
  readonly tileRow: number;
  /** Tiles before it in its chunk. */
  readonly offset: number;
}

/** Cuts all tile rows of a batch into chunks of about TILES tiles. */
function* chunksOf(walk: Walk): Generator<readonly Position[]> {
  const perChunk = Math.max(1, Math.floor(TILES / walk.tilesPerRow));
  const all = walk.images * walk.tileRows;
  for (let first = 0; first < all; first += perChunk) {
    yield Array.from({ length: Math.min(perChunk, all - first) }, (_, i) => ({
      image: Math.floor((first + i) / walk.tileRows),
      tileRow: (first + i) % walk.tileRows,
      offset: i * walk.tilesPerRow,
    }));
  }
}

const chunkTiles = (walk: Walk): number =>
  Math.max(1, Math.floor(TILES / walk.tilesPerRow)) * walk.tilesPerRow;
const paddedBytes = (walk: Walk): number => (2 * walk.tileRows + 2) * (2 * walk.tilesPerRow + 2) * walk.c * F;

/** Transforms the windows of one chunk; pads each image when its first row comes. */
function transformInput(
  simd: Simd,
  walk: Walk,
  chunk: readonly Position[],
  source: number,
  padded: number,
  planes: number,
  plane: number,
): void {
  const { h, w, c, top, left } = walk;
  const [hp, wp] = [2 * walk.tileRows + 2, 2 * walk.tilesPerRow + 2];
  const row = wp * c * F;
  for (const { image, tileRow, offset } of chunk) {
    if (tileRow === 0) simd.run.padImage(source + image * h * w * c * F, padded, h, w, c, top, left, hp, wp);
    simd.run.winogradInput(
      padded + 2 * tileRow * row,
      planes + offset * c * F,
      c,
      row,
      walk.tilesPerRow,
      plane,
    );
  }
}

interface Product {
  readonly filter: number;
  readonly flip: boolean;
  readonly co: number;
  readonly bias: number;
  readonly relu: boolean;
  readonly source: number;
  readonly out: number;
}

/** The convolution of `source` as `walk` describes it, to `out` [images][2·tileRows][2·tilesPerRow][co]. */
function convolve(simd: Simd, walk: Walk, product: Product): void {
  const { run } = simd;
  const { c } = walk;
  const { co } = product;
  const tiles = chunkTiles(walk);
  const [inPlane, outPlane, weightPlane] = [tiles * c, tiles * co, c * co].map(planeBytes) as [
    number,
    number,
    number,
  ];
  const [weights = 0, bias = 0, zeros = 0, padded = 0, patches = 0, sums = 0] = simd.scratch(
    16 * weightPlane,
    co * F,
    co * F,
    paddedBytes(walk),
    16 * inPlane,
    16 * outPlane,
  );
  run.winogradFilter(product.filter, weights, c, co, weightPlane, product.flip ? 1 : 0);
  run.copyRows(product.bias, bias, 1, product.bias === 0 ? 0 : co, 0, co * F);
  run.copyRows(0, zeros, 1, 0, 0, co * F);
  const row = 2 * walk.tilesPerRow * co * F;
  for (const chunk of chunksOf(walk)) {
    transformInput(simd, walk, chunk, product.source, padded, patches, inPlane);
    const count = chunk.length * walk.tilesPerRow;
    for (let i = 0; i < 16; i++) {
      const [from, by, to] = [patches + i * inPlane, weights + i * weightPlane, sums + i * outPlane];
      run.conv(from, by, zeros, to, 0, 1, count, 1, c, co, 0, 0, c * F, 0, co * F, 0);
    }
    for (const { image, tileRow, offset } of chunk) {
      const to = product.out + (image * walk.tileRows + tileRow) * 2 * row;
      run.winogradOutput(
        sums + offset * co * F,
        bias,
        to,
        co,
        row,
        walk.tilesPerRow,
        outPlane,
        product.relu ? 1 : 0,
      );
    }
  }
}

const forwardWalk = (g: ConvGeometry): Walk => ({
  images: g.n,
  h: g.h,
  w: g.w,
  c: g.ci,
  top: g.top,
  left: g.left,
  tileRows: g.oh / 2,
  tilesPerRow: g.ow / 2,
});

export function winogradForward(
  simd: Simd,
  g: ConvGeometry,
  x: number,
  filter: number,
  bias: number,
  out: number,
  relu: boolean,
): void {
  convolve(simd, forwardWalk(g), { filter, flip: false, co: g.co, bias, relu, source: x, out });
}

/** dx = the convolution of dy, padded by 2 − top, with the turned filter. */
export function winogradInputGradient(
  simd: Simd,
  g: ConvGeometry,
  dy: number,
  filter: number,
  out: number,
): void {
  const walk: Walk = {
    images: g.n,
    h: g.oh,
    w: g.ow,
    c: g.co,
    top: 2 - g.top,
    left: 2 - g.left,
    tileRows: g.h / 2,
    tilesPerRow: g.w / 2,
  };
  convolve(simd, walk, { filter, flip: true, co: g.ci, bias: 0, relu: false, source: dy, out });
}

export function winogradFilterGradient(
  simd: Simd,
  g: ConvGeometry,
  x: number,
  dy: number,
  out: number,
): void {
  const { run } = simd;
  const walk = forwardWalk(g);
  const { ci, co } = g;
  const tiles = chunkTiles(walk);
  const [inPlane, slopePlane, sumPlane] = [tiles * ci, tiles * co, ci * co].map(planeBytes) as [
    number,
    number,
    number,
  ];
  const [padded = 0, patches = 0, slopes = 0, sums = 0] = simd.scratch(
    paddedBytes(walk),
    16 * inPlane,
    16 * slopePlane,
    16 * sumPlane,
  );
  run.copyRows(0, sums, 1, 0, 0, 16 * sumPlane);
  const row = g.ow * co * F;
  for (const chunk of chunksOf(walk)) {
    transformInput(simd, walk, chunk, x, padded, patches, inPlane);
    for (const { image, tileRow, offset } of chunk) {
      const from = dy + (image * walk.tileRows + tileRow) * 2 * row;
      run.winogradSlopes(from, slopes + offset * co * F, co, row, walk.tilesPerRow, slopePlane);
    }
    const count = chunk.length * walk.tilesPerRow;
    for (let i = 0; i < 16; i++) {
      const [from, by, to] = [patches + i * inPlane, slopes + i * slopePlane, sums + i * sumPlane];
      run.filterGrad(from, by, to, 1, count, 1, ci, co, 0, 0, ci * F, 0);
    }
  }
  run.winogradFilterGrad(sums, out, ci * co, sumPlane);
}
