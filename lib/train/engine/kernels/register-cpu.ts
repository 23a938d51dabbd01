import type { KernelBackend, Tensor4D, TensorInfo, TypedArray } from '@tensorflow/tfjs-core';
import type { Tf } from '../types';
import { resizeNearestGradient } from './resize-nearest';

/** The part of the cpu backend used here. */
interface CpuBackend extends KernelBackend {
  makeTensorInfo(shape: number[], dtype: string, values: TypedArray): TensorInfo;
}

/** Replaces the one stock cpu kernel that gives wrong numbers (batch > 1). */
export function guardCpuResize(tf: Tf): void {
  const kernelName = 'ResizeNearestNeighborGrad';
  tf.unregisterKernel(kernelName, 'cpu');
  tf.registerKernel({
    kernelName,
    backendName: 'cpu',
    kernelFunc: ({ inputs, attrs, backend }) => {
      const images = inputs.images as Tensor4D;
      const dy = inputs.dy as Tensor4D;
      const { alignCorners } = attrs as unknown as { alignCorners: boolean };
      const values = (backend as CpuBackend).readSync(dy.dataId) as Float32Array;
      const dx = resizeNearestGradient(values, images.shape, [dy.shape[1], dy.shape[2]], alignCorners);
      return (backend as CpuBackend).makeTensorInfo(images.shape, 'float32', dx);
    },
  });
}
