import type { Conv2DBackpropInputAttrs, Tensor4D } from '@tensorflow/tfjs-core';
import { TaskatlasError } from '@/lib/science/core/errors';
import type { Tf } from '../types';

/** Geometry of one convolution, NHWC: input [n,h,w,ci], filter [kh,kw,ci,co], output [n,oh,ow,co]. */
export interface ConvGeometry {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly ci: number;
  readonly kh: number;
  readonly kw: number;
  readonly co: number;
  readonly oh: number;
  readonly ow: number;
  readonly strideH: number;
  readonly strideW: number;
  readonly top: number;
  readonly left: number;
}

type Shape4 = [number, number, number, number];
export type ConvAttrs = Omit<Conv2DBackpropInputAttrs, 'inputShape'>;

/** A padding of one number, side by side: tfjs-core takes the output width of the number from the filter's height. */
export function explicitPadding<P>(pad: P): P | [number, number][] {
  if (typeof pad !== 'number' || pad === 0) return pad;
  return [
    [0, 0],
    [pad, pad],
    [pad, pad],
    [0, 0],
  ];
}

/** Geometries by shape, checked once: a training asks for the same few thousands of times. */
const known = new Map<string, ConvGeometry>();

/**
 * The geometry of a convolution of these shapes.
 * @throws TaskatlasError `internal` where the input's channels are not the filter's: own kernels read by address
 */
export function geometry(
  tf: Tf,
  inputShape: readonly number[],
  filterShape: readonly number[],
  attrs: ConvAttrs,
): ConvGeometry {
  const key = `${inputShape};${filterShape};${attrs.strides};${attrs.pad};${attrs.dimRoundingMode};${attrs.dataFormat}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  const made = computeGeometry(tf, inputShape, filterShape, attrs);
  if (known.size > 1000) known.clear();
  known.set(key, made);
  return made;
}

function computeGeometry(
  tf: Tf,
  inputShape: readonly number[],
  filterShape: readonly number[],
  attrs: ConvAttrs,
): ConvGeometry {
  if (attrs.dataFormat === 'NCHW') {
    throw new TaskatlasError('invalid-input', 'Convolutions are trained in NHWC only: transpose the input.');
  }
  const [channels, wanted] = [inputShape[3], filterShape[2]];
  if (channels !== wanted) {
    throw new TaskatlasError(
      'internal',
      `A convolution of ${wanted} channels was given ${channels}: input [${inputShape}], filter [${filterShape}].`,
    );
  }
  const info = tf.backend_util.computeConv2DInfo(
    inputShape as Shape4,
    filterShape as Shape4,
    attrs.strides,
    1,
    explicitPadding(attrs.pad) as ConvAttrs['pad'],
    attrs.dimRoundingMode,
  );
  return {
    n: info.batchSize,
    h: info.inHeight,
    w: info.inWidth,
    ci: info.inChannels,
    kh: info.filterHeight,
    kw: info.filterWidth,
    co: info.outChannels,
    oh: info.outHeight,
    ow: info.outWidth,
    strideH: info.strideHeight,
    strideW: info.strideWidth,
    top: info.padInfo.top,
    left: info.padInfo.left,
  };
}

/** Slopes must have the output's shape: kernels that read by address would read beyond them. */
export function checkSlopes(dy: readonly number[], { n, oh, ow, co }: ConvGeometry): void {
  if (dy[0] === n && dy[1] === oh && dy[2] === ow && dy[3] === co) return;
  throw new TaskatlasError(
    'internal',
    `The slopes [${dy}] of a convolution are not of its output’s shape [${[n, oh, ow, co]}].`,
  );
}

/** conv2d whose paddings may be negative (a negative padding crops what the others have padded). */
function convPadded(
  tf: Tf,
  x: Tensor4D,
  filter: Tensor4D,
  rows: readonly [number, number],
  columns: readonly [number, number],
  dilations: [number, number],
): Tensor4D {
  const crop = (p: number): number => Math.max(0, -p);
  const pad = (sides: readonly [number, number]): [number, number] => [
    Math.max(0, sides[0]),
    Math.max(0, sides[1]),
  ];
  const around: [[number, number], [number, number], [number, number], [number, number]] = [
    [0, 0],
    pad(rows),
    pad(columns),
    [0, 0],
  ];
  if ([...rows, ...columns].every((p) => p >= 0)) return tf.conv2d(x, filter, 1, around, 'NHWC', dilations);
  const padded = tf.pad(x, around);
  const [n, h, w, c] = padded.shape;
  const cropped = tf.slice(
    padded,
    [0, crop(rows[0]), crop(columns[0]), 0],
    [n, h - crop(rows[0]) - crop(rows[1]), w - crop(columns[0]) - crop(columns[1]), c],
  );
  return tf.conv2d(cropped, filter, 1, 'valid', 'NHWC', dilations);
}

/**
 * Filter gradient dW[kh,kw,ci,co] = Σ_{n,oh,ow} x[n, oh·s+kh−top, ow·s+kw−left, ci] · dy[n,oh,ow,co],
 * as a convolution (the *swap*): x becomes a batch of Ci images with N channels, dy a filter of OH×OW
 * taps that are `s` apart. A 1×1 convolution of stride 1 is one matrix product.
 */
export function filterGradient(tf: Tf, x: Tensor4D, dy: Tensor4D, g: ConvGeometry): Tensor4D {
  if (
    g.kh === 1 &&
    g.kw === 1 &&
    g.strideH === 1 &&
    g.strideW === 1 &&
    g.top === 0 &&
    g.left === 0 &&
    g.oh === g.h &&
    g.ow === g.w
  ) {
    const left = tf.transpose(tf.reshape(x, [-1, g.ci]));
    return tf.reshape(tf.matMul(left, tf.reshape(dy, [-1, g.co])), [1, 1, g.ci, g.co]);
  }
  const bottom = g.kh - g.h - g.top + (g.oh - 1) * g.strideH;
  const right = g.kw - g.w - g.left + (g.ow - 1) * g.strideW;
  const swapped = convPadded(
    tf,
    tf.transpose(x, [3, 1, 2, 0]),
    tf.transpose(dy, [1, 2, 0, 3]),
    [g.top, bottom],
    [g.left, right],
    [g.strideH, g.strideW],
  );
  return tf.transpose(swapped, [1, 2, 0, 3]);
}

/**
 * The filter of the sub-pixel convolution: [kh,kw,ci,co] → [jh,jw,co,sh·sw·ci], j = ⌈k/s⌉ taps, flipped.
 * Phase r holds the taps kh ≡ r (mod s), the only ones that reach input rows h ≡ r − top (mod s).
 */
function phaseFilter(tf: Tf, filter: Tensor4D, g: ConvGeometry, jh: number, jw: number): Tensor4D {
  const padded = tf.pad(filter, [
    [0, jh * g.strideH - g.kh],
    [0, jw * g.strideW - g.kw],
    [0, 0],
    [0, 0],
  ]);
  const split = tf.reshape(padded, [jh, g.strideH, jw, g.strideW, g.ci, g.co]);
  const phases = tf.transpose(split, [0, 2, 5, 1, 3, 4]);
  const joined: Tensor4D = tf.reshape(phases, [jh, jw, g.co, g.strideH * g.strideW * g.ci]);
  return tf.reverse(joined, [0, 1]);
}

/**
 * Input gradient dx[n,h,w,ci] = Σ dy[n,oh,ow,co] · W[kh,kw,ci,co] over oh·s + kh − top = h.
 * Stride 1: convolution with the flipped, channel-swapped filter. Stride s: s·s such convolutions, one per
 * phase of h modulo s, made in one by stacking their outputs as channels, then depth-to-space.
 */
export function inputGradient(tf: Tf, dy: Tensor4D, filter: Tensor4D, g: ConvGeometry): Tensor4D {
  const jh = Math.ceil(g.kh / g.strideH);
  const jw = Math.ceil(g.kw / g.strideW);
  const rows = Math.ceil((g.h + g.top) / g.strideH);
  const columns = Math.ceil((g.w + g.left) / g.strideW);
  const phases = convPadded(
    tf,
    dy,
    phaseFilter(tf, filter, g, jh, jw),
    [jh - 1, rows - g.oh],
    [jw - 1, columns - g.ow],
    [1, 1],
  );
  const split = tf.reshape(phases, [g.n * rows, columns, g.strideH, g.strideW * g.ci]);
  const spread: Tensor4D = tf.reshape(tf.transpose(split, [0, 2, 1, 3]), [
    g.n,
    rows * g.strideH,
    columns * g.strideW,
    g.ci,
  ]);
  return tf.slice(spread, [0, g.top, g.left, 0], [g.n, g.h, g.w, g.ci]);
}
