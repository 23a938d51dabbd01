import type { Tensor4D, Tensor5D } from '@tensorflow/tfjs-core';
import type { Tf } from '../types';

interface DepthwiseAttrs {
  readonly strides: [number, number] | number;
  readonly dilations: [number, number] | number;
  readonly pad: 'valid' | 'same' | number;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}
type Shape4 = [number, number, number, number];

const info = (tf: Tf, inputShape: Shape4, filterShape: Shape4, attrs: DepthwiseAttrs) =>
  tf.backend_util.computeConv2DInfo(
    inputShape,
    filterShape,
    attrs.strides,
    attrs.dilations,
    attrs.pad,
    attrs.dimRoundingMode,
    true,
  );
type Info = ReturnType<typeof info>;

/** Calls `visit` for each tap with the row and column at which the tap's first output reads the padded input. */
function taps<T>(i: Info, visit: (kh: number, kw: number, row: number, column: number) => T): T[] {
  return Array.from({ length: i.filterHeight * i.filterWidth }, (_, tap) => {
    const kh = Math.floor(tap / i.filterWidth);
    const kw = tap % i.filterWidth;
    return visit(kh, kw, kh * i.dilationHeight, kw * i.dilationWidth);
  });
}

/** Rows and columns of padded input that all taps of all outputs together can reach. */
const reach = (i: Info): [number, number] => [
  (i.outHeight - 1) * i.strideHeight + (i.filterHeight - 1) * i.dilationHeight + 1,
  (i.outWidth - 1) * i.strideWidth + (i.filterWidth - 1) * i.dilationWidth + 1,
];

/** dW[kh,kw,c,m] = Σ_{n,oh,ow} x[n, oh·s+kh·d−top, ow·s+kw·d−left, c] · dy[n,oh,ow,c·M+m], tap by tap. */
export function depthwiseFilterGradient(
  tf: Tf,
  x: Tensor4D,
  dy: Tensor4D,
  filterShape: Shape4,
  attrs: DepthwiseAttrs,
): Tensor4D {
  const i = info(tf, x.shape, filterShape, attrs);
  const [, , channels, multiplier] = filterShape;
  const [rows, columns] = reach(i);
  const padded = tf.pad(x, [
    [0, 0],
    [i.padInfo.top, Math.max(0, rows - i.inHeight - i.padInfo.top)],
    [i.padInfo.left, Math.max(0, columns - i.inWidth - i.padInfo.left)],
    [0, 0],
  ]);
  const split: Tensor5D = tf.reshape(dy, [i.batchSize, i.outHeight, i.outWidth, channels, multiplier]);
  const gradients = taps(i, (_kh, _kw, row, column) => {
    const seen = tf.stridedSlice(
      padded,
      [0, row, column, 0],
      [
        i.batchSize,
        row + (i.outHeight - 1) * i.strideHeight + 1,
        column + (i.outWidth - 1) * i.strideWidth + 1,
        channels,
      ],
      [1, i.strideHeight, i.strideWidth, 1],
    );
    return tf.sum(tf.mul(tf.expandDims(seen, 4), split), [0, 1, 2]);
  });
  return tf.reshape(tf.stack(gradients), filterShape);
}

/** dx[n,h,w,c] = Σ_{kh,kw,m} dy[n,oh,ow,c·M+m] · W[kh,kw,c,m] over oh·s + kh·d − top = h, tap by tap. */
export function depthwiseInputGradient(
  tf: Tf,
  dy: Tensor4D,
  filter: Tensor4D,
  inputShape: Shape4,
  attrs: DepthwiseAttrs,
): Tensor4D {
  const i = info(tf, inputShape, filter.shape, attrs);
  const [, , channels, multiplier] = filter.shape;
  const [reachedRows, reachedColumns] = reach(i);
  // Spreading by the stride leaves stride−1 zeros after the last row: the buffer holds them too.
  const rows = Math.max(reachedRows + i.strideHeight - 1, i.inHeight + i.padInfo.top);
  const columns = Math.max(reachedColumns + i.strideWidth - 1, i.inWidth + i.padInfo.left);
  const split: Tensor5D = tf.reshape(dy, [i.batchSize, i.outHeight, i.outWidth, channels, multiplier]);
  const parts = taps(i, (kh, kw, row, column) => {
    const weight = tf.reshape(tf.slice(filter, [kh, kw, 0, 0], [1, 1, channels, multiplier]), [
      channels,
      multiplier,
    ]);
    const part = tf.reshape(tf.sum(tf.mul(split, weight), 4), [
      i.batchSize * i.outHeight,
      1,
      i.outWidth,
      channels,
    ]);
    const wide = tf.pad(part, [
      [0, 0],
      [0, i.strideHeight - 1],
      [0, 0],
      [0, 0],
    ]);
    const cells = tf.pad(tf.reshape(wide, [-1, i.outWidth, 1, channels]), [
      [0, 0],
      [0, 0],
      [0, i.strideWidth - 1],
      [0, 0],
    ]);
    const spreadRows = i.outHeight * i.strideHeight;
    const spreadColumns = i.outWidth * i.strideWidth;
    return tf.pad(tf.reshape(cells, [i.batchSize, spreadRows, spreadColumns, channels]), [
      [0, 0],
      [row, rows - row - spreadRows],
      [column, columns - column - spreadColumns],
      [0, 0],
    ]);
  });
  return tf.slice(tf.addN(parts) as Tensor4D, [0, i.padInfo.top, i.padInfo.left, 0], inputShape);
}
