import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { addressOf, heapView, type WasmBackend } from '../backend-wasm';
import { activeSimd } from '../simd/register';
import type { Tf } from '../types';
import { input, registerWasmKernel, stockKernel } from './register-wasm';

/** out = max(0, x) for `size` numbers; NaN stays NaN. The two may be the same tensor. */
function relu(tf: Tf, backend: WasmBackend, x: TensorInfo, out: TensorInfo, size: number): void {
  const simd = activeSimd(tf);
  if (simd !== null) {
    simd.run.relu(addressOf(backend, x), addressOf(backend, out), size);
    return;
  }
  const [from, to] = [heapView(backend, x), heapView(backend, out)];
  for (let i = 0; i < size; i++) to[i] = Math.max(0, from[i] as number);
}

/**
 * The stock ReLU makes 0 of a NaN whose sign bit is set, as x86 gives it for ∞ − ∞, and the stock product of matrices
 * makes 0 of every NaN: a network that has diverged went on as if its hidden layer were silent, with a finite loss.
 */
export function guardRelu(tf: Tf): void {
  const [stock, product] = [stockKernel(tf, 'Relu'), stockKernel(tf, '_FusedMatMul')];
  registerWasmKernel(tf, 'Relu', (inputs, attrs, backend) => {
    const x = input<Tensor>(inputs, 'x');
    if (x.dtype !== 'float32') return stock({ inputs, attrs, backend }) as TensorInfo;
    const out = backend.makeOutput(x.shape, 'float32');
    relu(tf, backend, x, out, x.size);
    return out;
  });
  registerWasmKernel(tf, '_FusedMatMul', (inputs, attrs: { activation: string }, backend) => {
    if (attrs.activation !== 'relu') return product({ inputs, attrs, backend }) as TensorInfo;
    const out = product({ inputs, attrs: { ...attrs, activation: 'linear' }, backend }) as TensorInfo;
    relu(tf, backend, out, out, tf.util.sizeFromShape(out.shape));
    return out;
  });
}
