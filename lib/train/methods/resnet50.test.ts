import { describe, expect, it } from 'vitest';
import type { SourceRecipe } from '@/lib/science/core';
import { openEngine } from '../engine';
import { executeRecipe } from './index';
import { createTestContext } from './testing/context';
import { createShapesDataset } from './testing/shapes-dataset';

describe('preset resnet50', () => {
  it('trains through the same code: real steps on 32×32 pictures, the loss falls', async () => {
    const engine = await openEngine({ backend: 'wasm' });
    const dataset = createShapesDataset({ source: 4, transfer: 2, selection: 2, test: 2 }, 32);
    const context = createTestContext(engine, dataset, 'resnet');
    const recipe: SourceRecipe = {
      kind: 'source',
      dataset: dataset.spec,
      version: 1,
      task: 'place',
      preset: 'resnet50',
      training: { epochs: 4, batchSize: 4, learningRate: 1e-4, weightDecay: 2e-6 },
      seed: 1,
    };
    const result = await executeRecipe(recipe, { ...context, inputKinds: ['rgb'] });
    expect(result.cost.steps).toBe(4);
    // Means over the batches since the evaluation before.
    const losses = result.curve.slice(1).map((point) => point.trainLoss);
    expect(losses.length).toBeGreaterThan(1);
    expect(losses.at(-1)).toBeLessThan(0.9 * (losses[0] as number));
    expect(result.artifacts.some((name) => name.includes('features-test'))).toBe(true);
  }, 60_000);
});
