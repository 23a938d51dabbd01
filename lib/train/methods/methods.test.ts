import { beforeAll, describe, expect, it } from 'vitest';
import { defaultTraining } from '@/lib/science/catalog/presets';
import type { DatasetSpec, Recipe, SourceRecipe } from '@/lib/science/core';
import { type Engine, memoryCount, openEngine } from '../engine';
import { executeRecipe } from './index';
import { meanLoss } from './losses';
import { createTestContext } from './testing/context';
import { createShapesDataset } from './testing/shapes-dataset';

let engine: Engine;
const dataset = createShapesDataset();
const spec: DatasetSpec = dataset.spec;

const sourceRecipe = (task: string, seed = 1): SourceRecipe => ({
  kind: 'source',
  dataset: spec,
  version: 1,
  task,
  preset: 'micro',
  training: { ...defaultTraining('micro', 'source'), epochs: 6 },
  seed,
});

const run = (recipe: Recipe, fingerprint: string, files = new Map<string, Uint8Array>()) =>
  executeRecipe(recipe, createTestContext(engine, dataset, fingerprint, { files }));

beforeAll(async () => {
  engine = await openEngine({ backend: 'wasm' });
});

describe('methods on tiny tensors', () => {
  it.each(['copy', 'height', 'segments', 'hue', 'place', 'kind'])('trains %s', async (task) => {
    const result = await run(sourceRecipe(task), 'f1');
    const mean = await run({ kind: 'mean', dataset: spec, version: 1, task }, 'f2');
    expect(result.testLosses).toHaveLength(dataset.count('test'));
    console.log(
      task,
      meanLoss(result.testLosses as Float32Array),
      meanLoss(mean.testLosses as Float32Array),
      result.cost,
      JSON.stringify(result.curve.map((c) => [c.trainLoss, c.selectionLoss])),
    );
  });
});
void memoryCount;
