import type {
  BatchMatMulAttrs,
  Conv2DAttrs,
  Conv2DBackpropFilterAttrs,
  Conv2DBackpropInputAttrs,
  FusedConv2DAttrs,
  NamedAttrMap,
  NamedTensorInfoMap,
  Tensor,
  TensorInfo,
} from '@tensorflow/tfjs-core';
import { addressOf, type WasmBackend } from '../backend-wasm';
import { type ConvGeometry, checkSlopes, geometry } from '../kernels/convolution';
import { input, registerWasmKernel, stockKernel } from '../kernels/register-wasm';
import type { Tf } from '../types';
import { convFilterGradient, convForward, convInputGradient } from './choose';
import { openSimd, type Simd } from './context';

const isOne = (pair: [number, number] | number): boolean =>
  typeof pair === 'number' ? pair === 1 : pair[0] === 1 && pair[1] === 1;

/** What the own convolutions cover; everything else goes to the kernel registered before. */
const covers = (
  attrs: { dilations?: [number, number] | number; dataFormat?: string },
  ...tensors: Tensor[]
): boolean =>
  isOne(attrs.dilations ?? 1) &&
  attrs.dataFormat !== 'NCHW' &&
  tensors.every((t) => t.dtype === 'float32' && t.size > 0);

/** Own kernels of one TensorFlow.js: registered once, switched on and off. */
interface Installed {
  readonly simd: Simd;
  on: boolean;
}
const installed = new WeakMap<Tf, Installed>();

/** A kernel by the own module: the result, or null for a case that it does not cover. */
type OwnKernel<A> = (inputs: NamedTensorInfoMap, attrs: A, backend: WasmBackend) => TensorInfo | null;

/** Puts an own kernel before the registered one. */
function prefer<A extends object>(tf: Tf, state: Installed, name: string, own: OwnKernel<A>): void {
  const fallback = stockKernel(tf, name);
  registerWasmKernel(tf, name, (inputs, attrs: A, backend) => {
    const result = state.on ? own(inputs, attrs, backend) : null;
    return result ?? (fallback({ inputs, attrs: attrs as NamedAttrMap, backend }) as TensorInfo);
  });
}

function registerForward(tf: Tf, state: Installed): void {
  const forward = (
    inputs: NamedTensorInfoMap,
    g: ConvGeometry,
    backend: WasmBackend,
    relu: boolean,
  ): TensorInfo => {
    const out = backend.makeOutput([g.n, g.oh, g.ow, g.co], 'float32');
    const at = (name: string): number => addressOf(backend, input(inputs, name));
    const bias = inputs.bias == null ? 0 : at('bias');
    convForward(state.simd, g, at('x'), at('filter'), bias, addressOf(backend, out), relu);
    return out;
  };
  prefer<Conv2DAttrs>(tf, state, 'Conv2D', (inputs, attrs, backend) => {
    const [x, filter] = [input(inputs, 'x'), input(inputs, 'filter')];
    if (!covers(attrs, x, filter)) return null;
    return forward({ x, filter }, geometry(tf, x.shape, filter.shape, attrs), backend, false);
  });
  prefer<FusedConv2DAttrs>(tf, state, 'FusedConv2D', (inputs, attrs, backend) => {
    const [x, filter] = [input(inputs, 'x'), input(inputs, 'filter')];
    const bias = inputs.bias;
    const biasFits = bias == null || (bias.shape.length === 1 && bias.shape[0] === filter.shape[3]);
    const activation = attrs.activation as string;
    if (!covers(attrs, x, filter) || !biasFits || (activation !== 'linear' && activation !== 'relu'))
      return null;
    return forward(inputs, geometry(tf, x.shape, filter.shape, attrs), backend, activation === 'relu');
  });
}

function registerGradients(tf: Tf, state: Installed): void {
  prefer<Conv2DBackpropFilterAttrs>(tf, state, 'Conv2DBackpropFilter', (inputs, attrs, backend) => {
    const [x, dy] = [input(inputs, 'x'), input(inputs, 'dy')];
    if (!covers(attrs, x, dy)) return null;
    const g = geometry(tf, x.shape, attrs.filterShape, attrs);
    checkSlopes(dy.shape, g);
    const out = backend.makeOutput(attrs.filterShape, 'float32');
    convFilterGradient(state.simd, g, addressOf(backend, x), addressOf(backend, dy), addressOf(backend, out));
    return out;
  });
  prefer<Conv2DBackpropInputAttrs>(tf, state, 'Conv2DBackpropInput', (inputs, attrs, backend) => {
    const [dy, filter] = [input(inputs, 'dy'), input(inputs, 'filter')];
    if (!covers(attrs, dy, filter)) return null;
    const g = geometry(tf, attrs.inputShape, filter.shape, attrs);
    checkSlopes(dy.shape, g);
    const out = backend.makeOutput(attrs.inputShape, 'float32');
    convInputGradient(
      state.simd,
      g,
      addressOf(backend, dy),
      addressOf(backend, filter),
      addressOf(backend, out),
    );
    return out;
  });
}

/** A matrix product as a 1×1 convolution of n pixels. */
const product = (n: number, ci: number, co: number): ConvGeometry => ({
  n,
  h: 1,
  w: 1,
  ci,
  kh: 1,
  kw: 1,
  co,
  oh: 1,
  ow: 1,
  strideH: 1,
  strideW: 1,
  top: 0,
  left: 0,
});

/** a·b, a·bᵀ and aᵀ·b are a 1×1 convolution, its input gradient and its filter gradient: no packed copies to go stale. */
function registerMatMul(tf: Tf, state: Installed): void {
  prefer<BatchMatMulAttrs>(tf, state, 'BatchMatMul', (inputs, attrs, backend) => {
    const [a, b] = [input<Tensor>(inputs, 'a'), input<Tensor>(inputs, 'b')];
    const [rowsA = 0, colsA = 0] = a.shape.slice(-2);
    const [rowsB = 0, colsB = 0] = b.shape.slice(-2);
    const single = a.size === rowsA * colsA && b.size === rowsB * colsB;
    const { transposeA, transposeB } = attrs;
    const agree = (transposeA ? rowsA : colsA) === (transposeB ? colsB : rowsB);
    if (!single || !agree || (transposeA && transposeB) || !covers({}, a, b)) return null;
    const lead = a.shape.length > b.shape.length ? a.shape.slice(0, -2) : b.shape.slice(0, -2);
    const out = backend.makeOutput(
      [...lead, transposeA ? colsA : rowsA, transposeB ? rowsB : colsB],
      'float32',
    );
    const [at, bt, to] = [addressOf(backend, a), addressOf(backend, b), addressOf(backend, out)];
    if (transposeA) convFilterGradient(state.simd, product(rowsA, colsA, colsB), at, bt, to);
    else if (transposeB) convInputGradient(state.simd, product(rowsA, rowsB, colsA), at, bt, to);
    else convForward(state.simd, product(rowsA, colsA, colsB), at, bt, 0, to, false);
    return out;
  });
}

interface ResizeAttrs {
  readonly alignCorners: boolean;
}

function registerResize(tf: Tf, state: Installed): void {
  prefer<ResizeAttrs>(tf, state, 'ResizeNearestNeighborGrad', (inputs, attrs, backend) => {
    const [images, dy] = [input(inputs, 'images'), input(inputs, 'dy')];
    const [n, h, w, c] = images.shape;
    const [fh, fw] = [dy.shape[1] / h, dy.shape[2] / w];
    if (attrs.alignCorners || !Number.isInteger(fh) || !Number.isInteger(fw) || !covers({}, dy)) return null;
    const out = backend.makeOutput(images.shape, 'float32');
    state.simd.run.enlargeGrad(addressOf(backend, dy), addressOf(backend, out), n * h, w, c, fh, fw);
    return out;
  });
}

function install(tf: Tf): Installed {
  const state: Installed = { simd: openSimd(tf.backend() as unknown as WasmBackend), on: true };
  registerForward(tf, state);
  registerGradients(tf, state);
  registerMatMul(tf, state);
  registerResize(tf, state);
  installed.set(tf, state);
  return state;
}

/** Switches the own kernels on or off; the first call registers them. The wasm backend must be the current one. */
export function switchSimd(tf: Tf, on: boolean): void {
  const state = installed.get(tf) ?? install(tf);
  state.on = on;
}

/** The own kernels where they are registered and on: what the fused optimiser and operations ask. */
export function activeSimd(tf: Tf): Simd | null {
  const state = installed.get(tf);
  return state?.on === true && tf.getBackend() === 'wasm' ? state.simd : null;
}

/** Gives the own kernels' scratch space back to the backend; they take it again when they need it. */
export const releaseScratch = (tf: Tf): void => installed.get(tf)?.simd.dispose();
