import type { PresetName } from '../core';
import type { LayerPlan } from './layers';
import { codeShape, encoderPlan } from './presets-layers';

/** Numbers of the embedding that views are compared by. */
export const EMBEDDING = 32;
const HIDDEN = 64;

/**
 * Encoder with the projection head of contrastive learning on its flattened code: dense 64, ReLU, dense 32. The head
 * is thrown away after the training (Chen et al. 2020, section 4.2).
 */
export function contrastivePlan(preset: PresetName, size: number): LayerPlan {
  const { side, channels } = codeShape(preset, size);
  const inSize = side * side * channels;
  return [
    ...encoderPlan(preset, size),
    {
      streams: [
        [
          { kind: 'dense', name: 'projection/hidden', inSize, outSize: HIDDEN, activation: 'relu' },
          {
            kind: 'dense',
            name: 'projection/output',
            inSize: HIDDEN,
            outSize: EMBEDDING,
            activation: 'linear',
          },
        ],
      ],
    },
  ];
}
