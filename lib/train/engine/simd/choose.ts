import type { ConvGeometry } from '../kernels/convolution';
import type { Simd } from './context';
import { directFilterGradient, directForward, directInputGradient } from './convolution';
import {
  winogradFilterGradient,
  winogradFilterGradientFits,
  winogradForward,
  winogradForwardFits,
  winogradInputGradient,
  winogradInputGradientFits,
} from './winograd';

/** Convolution and its gradients by the fastest own kernels that cover the shape. Arguments are byte addresses. */

export function convForward(
  simd: Simd,
  g: ConvGeometry,
  x: number,
  filter: number,
  bias: number,
  out: number,
  relu: boolean,
): void {
  (winogradForwardFits(g) ? winogradForward : directForward)(simd, g, x, filter, bias, out, relu);
}

export function convFilterGradient(simd: Simd, g: ConvGeometry, x: number, dy: number, out: number): void {
  (winogradFilterGradientFits(g) ? winogradFilterGradient : directFilterGradient)(simd, g, x, dy, out);
}

export function convInputGradient(
  simd: Simd,
  g: ConvGeometry,
  dy: number,
  filter: number,
  out: number,
): void {
  (winogradInputGradientFits(g) ? winogradInputGradient : directInputGradient)(simd, g, dy, filter, out);
}
