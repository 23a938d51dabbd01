import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { heapView, type WasmBackend } from '../backend-wasm';
import { input } from '../kernels/register-wasm';
import type { Tf } from '../types';

const HOST_LOSS = 'TaskatlasHostLoss';

/** Gives the loss of the numbers `values` and writes its derivative by each into `gradient`, which is zero so far. */
export type HostLoss = (values: Float32Array, gradient: Float32Array) => number;

type GradSaver = (tensors: Tensor[]) => void;

/** Loss and gradient as tensors, over copies of the numbers. */
function overCopies(tf: Tf, x: Tensor, compute: HostLoss): [Tensor, Tensor] {
  const gradient = new Float32Array(x.size);
  const loss = compute(x.dataSync() as Float32Array, gradient);
  return [tf.scalar(loss), tf.tensor(gradient, x.shape)];
}

/**
 * A loss that JavaScript computes, loss and gradient in one pass, as a differentiable scalar; first derivatives only.
 * On wasm it reads and writes the tensors' own memory, elsewhere copies.
 */
export function hostLoss(tf: Tf, output: Tensor, compute: HostLoss): Scalar {
  const differentiable = tf.customGrad((...args: unknown[]) => {
    const [x, save] = args as [Tensor, GradSaver];
    const [value, gradient] =
      tf.getBackend() === 'wasm'
        ? (tf.engine().runKernel(HOST_LOSS, { output: x }, { compute } as never) as unknown as [
            Tensor,
            Tensor,
          ])
        : overCopies(tf, x, compute);
    save([gradient]);
    return { value, gradFunc: (dy: Tensor, saved: Tensor[]) => tf.mul(saved[0] as Tensor, dy) };
  });
  return differentiable(output) as Scalar;
}

/** Registers the kernel on wasm: output → [loss, gradient]. `compute` must not allocate on the backend. */
export function registerHostLoss(tf: Tf): void {
  tf.registerKernel({
    kernelName: HOST_LOSS,
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs, backend }) => {
      const wasm = backend as WasmBackend;
      const { compute } = attrs as unknown as { compute: HostLoss };
      const output = input<Tensor>(inputs, 'output');
      const gradient = wasm.makeOutput(output.shape, 'float32');
      const value = wasm.makeOutput([], 'float32');
      const slopes = heapView(wasm, gradient).fill(0);
      const loss = compute(heapView(wasm, output), slopes);
      heapView(wasm, value).set([loss]);
      return [value, gradient];
    },
  });
}
