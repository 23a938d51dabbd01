import { describe, expect, it } from 'vitest';
import { trainingSteps } from './costs';
import { evaluationSpacing } from './evaluations';
import { PRESETS } from './presets';

describe('evaluations on the selection pool', () => {
  it.each(Object.values(PRESETS))('$name: as many of a head’s training as the preset says', (preset) => {
    const { epochs, batchSize } = preset.training.transfer;
    const spacing = evaluationSpacing(preset.name, { images: 320, pool: 320, batchSize });
    expect(trainingSteps(320, epochs, batchSize) / spacing).toBeCloseTo(preset.evaluations, -1);
  });

  it('gives scratch, whose training is longer, more evaluations and not longer ways between them', () => {
    for (const { training } of Object.values(PRESETS))
      expect(training.scratch.epochs).toBeGreaterThanOrEqual(2 * training.transfer.epochs);
  });

  it('lies closer where few labels make a head’s training short', () => {
    const at = (images: number) => evaluationSpacing('tiny', { images, pool: 3000, batchSize: 16 });
    expect(at(30)).toBeLessThan(at(300));
    expect(at(300)).toBeLessThan(at(3000));
    expect(at(1)).toBeGreaterThanOrEqual(1);
  });
});
