import type { Conv2DAttrs, TensorInfo } from '@tensorflow/tfjs-core';
import type { Tf } from '../types';
import { explicitPadding } from './convolution';
import { input, registerWasmKernel, stockKernel } from './register-wasm';

/**
 * Two bugs of stock convolutions, both cured by passing the padding side by side:
 * - wasm gives wrong numbers under 'same' padding when the filter is smaller than the stride (a 1×1
 *   convolution of stride 2, for instance);
 * - a padding given as one number gets its output shape from the filter's height alone (tfjs-core), so that
 *   with a filter that is not square wasm writes beyond the output.
 */
export function guardPadding(tf: Tf): void {
  const depthwise = ['DepthwiseConv2dNative', 'FusedDepthwiseConv2D'];
  for (const name of ['Conv2D', 'FusedConv2D', ...depthwise]) {
    const stock = stockKernel(tf, name);
    registerWasmKernel(tf, name, (inputs, attrs: Conv2DAttrs, backend) => {
      const x = input(inputs, 'x').shape;
      const filter = input(inputs, 'filter').shape;
      const [sh, sw] = typeof attrs.strides === 'number' ? [attrs.strides, attrs.strides] : attrs.strides;
      const skips = attrs.pad === 'same' && (filter[0] < sh || filter[1] < sw);
      if (!skips) {
        return stock({ inputs, attrs: { ...attrs, pad: explicitPadding(attrs.pad) }, backend }) as TensorInfo;
      }
      const { top, bottom, left, right } = tf.backend_util.computeConv2DInfo(
        x,
        filter,
        attrs.strides,
        attrs.dilations,
        'same',
        attrs.dimRoundingMode,
        depthwise.includes(name),
      ).padInfo;
      const pad: [number, number][] = [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ];
      return stock({ inputs, attrs: { ...attrs, pad }, backend }) as TensorInfo;
    });
  }
}
