import type { PresetName } from '../core';
import { trainingSteps } from './costs';
import { PRESETS } from './presets';
import { trainingAtSize } from './transfer-sizes';

/**
 * Steps between two evaluations on the selection pool: a head's step cap over the preset's number of evaluations,
 * max(1, round(steps(images, epochs of a head at that size, batch) / evaluations)). It knows nothing of a run's own
 * method, epochs or step cap, so that heads, scratch and all other runs of a target choose their weights among
 * evaluations that lie equally far apart.
 * @param images labelled images of the transfer pool, of `pool` in all
 */
export function evaluationSpacing(
  preset: PresetName,
  { images, pool, batchSize }: { images: number; pool: number; batchSize: number },
): number {
  const { training, evaluations } = PRESETS[preset];
  const { epochs } = trainingAtSize(training.transfer, images, pool);
  return Math.max(1, Math.round(trainingSteps(images, epochs, Math.min(batchSize, images)) / evaluations));
}
