import type { ConvGeometry } from '../kernels/convolution';
import type { Simd } from './context';

/**
 * Convolution and its two gradients by the own kernels. All functions take byte addresses in the backend's
 * memory; tensors are NHWC float32, filters [kh,kw,ci,co].
 */

const F = 4;
const up = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple;

/** Bytes of one row chunk that stays in the first-level cache beside the packed filter. */
const CHUNK_BYTES = 16384;
/** Output pixels per visit of a filter-gradient tile: enough to pay for loading and storing its sums. */
const GRADIENT_PIXELS = 64;

/** A 1×1 convolution of stride 1 without padding is one product of a [pixels, ci] matrix. */
const isMatrixProduct = (g: ConvGeometry): boolean =>
  g.kh === 1 &&
  g.kw === 1 &&
  g.strideH === 1 &&
  g.strideW === 1 &&
  g.oh === g.h &&
  g.ow === g.w &&
  g.top === 0 &&
  g.left === 0;

/** Calls `visit` for runs of pixels that fit the cache: (first pixel, rows, pixels per row). */
function chunks(
  pixels: number,
  bytesPerPixel: number,
  visit: (first: number, rows: number, columns: number) => void,
): void {
  const columns = Math.min(pixels, Math.max(16, Math.floor(CHUNK_BYTES / bytesPerPixel)));
  const rows = Math.floor(pixels / columns);
  visit(0, rows, columns);
  const rest = pixels - rows * columns;
  if (rest > 0) visit(rows * columns, 1, rest);
}

/** Size of the padded image that all windows together read. */
const paddedSize = (g: ConvGeometry): { hp: number; wp: number } => ({
  hp: (g.oh - 1) * g.strideH + g.kh,
  wp: (g.ow - 1) * g.strideW + g.kw,
});

const needsPadding = (g: ConvGeometry, hp: number, wp: number): boolean =>
  g.top > 0 || g.left > 0 || hp > g.h || wp > g.w;

/** out = conv(x, filter) + bias, then ReLU if asked. `bias` 0: none. */
export function directForward(
  simd: Simd,
  g: ConvGeometry,
  x: number,
  filter: number,
  bias: number,
  out: number,
  relu: boolean,
): void {
  const { run } = simd;
  const taps = g.kh * g.kw * g.ci;
  const co8 = up(g.co, 8);
  const { hp, wp } = paddedSize(g);
  const narrow = g.co === 1;
  const copy = needsPadding(g, hp, wp) || (narrow && (g.kw * g.ci) % 4 !== 0);
  const imageBytes = copy ? hp * wp * g.ci * F + 16 : 0;
  const filterBytes = narrow ? g.kh * up(g.kw * g.ci, 4) * F : taps * co8 * F;
  const [packed = 0, biases = 0, part = 0, image = 0] = simd.scratch(filterBytes, co8 * F, 128, imageBytes);
  if (narrow) run.copyRows(filter, packed, g.kh, g.kw * g.ci, g.kw * g.ci * F, up(g.kw * g.ci, 4) * F);
  else run.packFilter(filter, packed, taps, g.co);
  run.copyRows(bias, biases, 1, bias === 0 ? 0 : g.co, 0, co8 * F);
  if (copy) run.copyRows(0, image + imageBytes - 16, 1, 0, 0, 16);

  const pixel = g.ci * F;
  const width = copy ? wp : g.w;
  const tiles = (src: number, dst: number, rows: number, columns: number, step: number): void => {
    const row = width * pixel;
    const common = [rows, columns, g.kh, g.kw * g.ci] as const;
    const pitches = [row, step, g.strideW * pixel, columns * g.co * F, g.co * F, relu ? 1 : 0] as const;
    if (narrow) run.convNarrow(src, packed, biases, dst, ...common, ...pitches);
    else run.conv(src, packed, biases, dst, part, ...common, g.co, ...pitches);
  };
  if (isMatrixProduct(g) && !copy) {
    chunks(g.n * g.h * g.w, pixel, (first, rows, columns) =>
      tiles(x + first * pixel, out + first * g.co * F, rows, columns, columns * pixel),
    );
    return;
  }
  for (let i = 0; i < g.n; i++) {
    const source = x + i * g.h * g.w * pixel;
    if (copy) run.padImage(source, image, g.h, g.w, g.ci, g.top, g.left, hp, wp);
    tiles(copy ? image : source, out + i * g.oh * g.ow * g.co * F, g.oh, g.ow, g.strideH * width * pixel);
  }
}

/** Where the filter gradient of one convolution is summed, and its operands are copied when they must be. */
interface GradientPlan {
  readonly width: number;
  readonly co8: number;
  readonly sums: number;
  /** Padded copy of an image; 0 where the tensor itself can be read. */
  readonly image: number;
  /** Copy of dy with its channels filled up to a multiple of eight; 0 where dy has one. */
  readonly slopes: number;
}

function planFilterGradient(simd: Simd, g: ConvGeometry, matrix: boolean): GradientPlan {
  const co8 = up(g.co, 8);
  const width = g.kw * g.ci;
  const { hp, wp } = paddedSize(g);
  const sumBytes = g.kh * up(width, 4) * co8 * F;
  // A run that is no multiple of four is read beyond its end: then the image must lie in the scratch space.
  const copyX = width % 4 !== 0 || (!matrix && needsPadding(g, hp, wp));
  const copyDy = g.co % 8 !== 0;
  const xBytes = matrix ? GRADIENT_PIXELS * up(g.ci, 4) * F : hp * wp * g.ci * F + 16;
  const dyBytes = (matrix ? GRADIENT_PIXELS : g.oh * g.ow) * co8 * F;
  const [sums = 0, image = 0, slopes = 0] = simd.scratch(sumBytes, copyX ? xBytes : 0, copyDy ? dyBytes : 0);
  simd.run.copyRows(0, sums, 1, 0, 0, sumBytes);
  return { width, co8, sums, image: copyX ? image : 0, slopes: copyDy ? slopes : 0 };
}

/** Address of `count` pixels of dy with co8 channels. */
function slopesAt(simd: Simd, g: ConvGeometry, plan: GradientPlan, address: number, count: number): number {
  if (plan.slopes === 0) return address;
  simd.run.copyRows(address, plan.slopes, count, g.co, g.co * F, plan.co8 * F);
  return plan.slopes;
}

/** dW = Σ x ⊗ dy, written to `out` [kh,kw,ci,co]. */
export function directFilterGradient(simd: Simd, g: ConvGeometry, x: number, dy: number, out: number): void {
  const matrix = isMatrixProduct(g);
  const plan = planFilterGradient(simd, g, matrix);
  if (matrix) matrixGradient(simd, g, plan, x, dy);
  else imageGradient(simd, g, plan, x, dy);
  simd.run.unpackFilterGrad(plan.sums, out, g.kh, plan.width, g.co);
}

function matrixGradient(simd: Simd, g: ConvGeometry, plan: GradientPlan, x: number, dy: number): void {
  const { run } = simd;
  const pixels = g.n * g.h * g.w;
  const pixel = (plan.image === 0 ? g.ci : up(g.ci, 4)) * F;
  for (let first = 0; first < pixels; first += GRADIENT_PIXELS) {
    const count = Math.min(GRADIENT_PIXELS, pixels - first);
    const source = x + first * g.ci * F;
    if (plan.image !== 0) run.copyRows(source, plan.image, count, g.ci, g.ci * F, pixel);
    const slope = slopesAt(simd, g, plan, dy + first * g.co * F, count);
    run.filterGrad(plan.image || source, slope, plan.sums, 1, count, 1, g.ci, plan.co8, 0, 0, pixel, 0);
  }
}

function imageGradient(simd: Simd, g: ConvGeometry, plan: GradientPlan, x: number, dy: number): void {
  const { run } = simd;
  const { width, co8, sums, image } = plan;
  const { hp, wp } = paddedSize(g);
  const pixel = g.ci * F;
  const row = (image === 0 ? g.w : wp) * pixel;
  const dyRow = g.ow * co8 * F;
  const step = Math.max(1, Math.floor(GRADIENT_PIXELS / g.ow));
  for (let i = 0; i < g.n; i++) {
    const source = x + i * g.h * g.w * pixel;
    if (image !== 0) run.padImage(source, image, g.h, g.w, g.ci, g.top, g.left, hp, wp);
    const slope = slopesAt(simd, g, plan, dy + i * g.oh * g.ow * g.co * F, g.oh * g.ow);
    for (let r = 0; r < g.oh; r += step) {
      const at = (image || source) + r * g.strideH * row;
      const rows = Math.min(step, g.oh - r);
      run.filterGrad(
        at,
        slope + r * dyRow,
        sums,
        rows,
        g.ow,
        g.kh,
        width,
        co8,
        row,
        g.strideH * row,
        g.strideW * pixel,
        dyRow,
      );
    }
  }
}

/** One phase of the input gradient along one axis: inputs start, start+stride, … are reached by `taps` taps. */
interface Phase {
  readonly remainder: number;
  readonly taps: number;
  /** First output-space position q and how many: input index = q·stride + remainder − before. */
  readonly first: number;
  readonly count: number;
}

function phases(size: number, kernel: number, stride: number, before: number): Phase[] {
  return Array.from({ length: stride }, (_, remainder) => {
    const taps = Math.max(0, Math.ceil((kernel - remainder) / stride));
    const first = Math.max(0, Math.ceil((before - remainder) / stride));
    const last = Math.floor((size - 1 + before - remainder) / stride);
    return { remainder, taps, first, count: Math.max(0, last - first + 1) };
  });
}

/** Rows of zeros before dy, and rows in all, that every phase together reads. */
function reach(all: readonly Phase[]): { before: number; total: number } {
  const before = Math.max(0, ...all.map((p) => p.taps - 1 - p.first));
  return { before, total: Math.max(1, before + Math.max(0, ...all.map((p) => p.first + p.count))) };
}

/**
 * dx from dy and the filter: for each phase (h mod stride, w mod stride) one convolution of dy with the taps
 * that reach it, written to its pixels. No multiplication with inserted zeros.
 */
export function directInputGradient(
  simd: Simd,
  g: ConvGeometry,
  dy: number,
  filter: number,
  out: number,
): void {
  const { run } = simd;
  const ci8 = up(g.ci, 8);
  const rows = phases(g.h, g.kh, g.strideH, g.top);
  const columns = phases(g.w, g.kw, g.strideW, g.left);
  const { before: top, total: hp } = reach(rows);
  const { before: left, total: wp } = reach(columns);
  const matrix = isMatrixProduct(g);
  const packedBytes = g.kh * g.kw * g.co * ci8 * F;
  const [packed = 0, biases = 0, part = 0, image = 0] = simd.scratch(
    packedBytes,
    ci8 * F,
    128,
    matrix ? 0 : hp * wp * g.co * F,
  );
  run.copyRows(0, biases, 1, 0, 0, ci8 * F);
  const pixel = g.co * F;
  if (matrix) {
    run.packPhase(filter, packed, 1, 1, g.ci, g.co, 0, 0, 1, 1);
    chunks(g.n * g.h * g.w, pixel, (first, count, length) =>
      run.conv(
        dy + first * pixel,
        packed,
        biases,
        out + first * g.ci * F,
        part,
        count,
        length,
        1,
        g.co,
        g.ci,
        0,
        length * pixel,
        pixel,
        length * g.ci * F,
        g.ci * F,
        0,
      ),
    );
    return;
  }
  let end = packed;
  const plan = rows.flatMap((r) =>
    columns.map((c) => {
      const weights = end;
      run.packPhase(filter, weights, g.kh, g.kw, g.ci, g.co, r.remainder, c.remainder, g.strideH, g.strideW);
      end += r.taps * c.taps * g.co * ci8 * F;
      return { r, c, weights };
    }),
  );
  const row = wp * pixel;
  for (let i = 0; i < g.n; i++) {
    run.padImage(dy + i * g.oh * g.ow * pixel, image, g.oh, g.ow, g.co, top, left, hp, wp);
    for (const { r, c, weights } of plan) {
      if (r.count === 0 || c.count === 0) continue;
      const src = image + (r.first - r.taps + 1 + top) * row + (c.first - c.taps + 1 + left) * pixel;
      const h = r.first * g.strideH + r.remainder - g.top;
      const w = c.first * g.strideW + c.remainder - g.left;
      const dst = out + ((i * g.h + h) * g.w + w) * g.ci * F;
      run.conv(
        src,
        weights,
        biases,
        dst,
        part,
        r.count,
        c.count,
        r.taps,
        c.taps * g.co,
        g.ci,
        row,
        row,
        pixel,
        g.strideH * g.w * g.ci * F,
        g.strideW * g.ci * F,
        0,
      );
    }
  }
}
