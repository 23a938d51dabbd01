import type { Tensor4D } from '@tensorflow/tfjs-core';
import type { Tf } from '../types';

/**
 * Moves blocks of b×b pixels into channels: [n,h,w,c] → [n,h/b,w/b,b·b·c], channel order (row in block,
 * column in block, channel). The inverse of `tf.depthToSpace(x, b)`; differentiable.
 */
export function spaceToDepth(tf: Tf, x: Tensor4D, block: number): Tensor4D {
  const [n, h, w, c] = x.shape;
  // Rank 4 is enough: the last axis holds b·c neighbours that stay together.
  const split = tf.reshape(x, [n * (h / block), block, w / block, block * c]);
  return tf.reshape(tf.transpose(split, [0, 2, 1, 3]), [n, h / block, w / block, block * block * c]);
}

/** tf.depthToSpace has no gradient on any stock backend: it is space-to-depth. */
export function registerDepthToSpaceGradient(tf: Tf): void {
  tf.registerGradient({
    kernelName: 'DepthToSpace',
    gradFunc: (dy, _saved, attrs) => {
      const { blockSize } = attrs as unknown as { blockSize: number };
      return { x: () => spaceToDepth(tf, dy as Tensor4D, blockSize) };
    },
  });
}
