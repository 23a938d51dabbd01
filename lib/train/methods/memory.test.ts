import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Recipe, RunResult } from '@/lib/science/core';
import { type Engine, openEngine } from '../engine';
import { executeRecipe } from '.';
import { createTestContext } from './testing/context';
import { createShapesDataset } from './testing/shapes-dataset';

// About WebAssembly itself, whichever engine the rest of the suite is run on.
delete process.env.TASKATLAS_ENGINE;

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ backend: 'wasm' });
});
afterAll(async () => void (await openEngine({ backend: 'wasm' })));

const heapBytes = (): number =>
  (engine.tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } }).wasm.HEAPU8.byteLength;

/** Most that two lists of losses differ by, over the largest. */
function distance(a: RunResult, b: RunResult): number {
  const [x, y] = [a.testLosses ?? new Float32Array(0), b.testLosses ?? new Float32Array(0)];
  expect(x.length).toBe(y.length);
  const valid = [...x.keys()].filter((i) => !Number.isNaN(x[i]) || !Number.isNaN(y[i]));
  const most = Math.max(...valid.map((i) => Math.abs(x[i] as number)));
  return Math.max(...valid.map((i) => Math.abs((x[i] as number) - (y[i] as number)))) / most;
}

describe('a batch in parts', () => {
  const dataset = createShapesDataset();
  const run = async (recipe: Recipe, imagesAtOnce?: number) => {
    const context = createTestContext(engine, dataset, 'run');
    return executeRecipe(recipe, imagesAtOnce === undefined ? context : { ...context, imagesAtOnce });
  };
  const recipe = (task: string): Recipe => ({
    kind: 'source',
    dataset: dataset.spec,
    version: 1,
    task,
    preset: 'micro',
    seed: 1,
    training: { epochs: 3, batchSize: 8, learningRate: 4e-3, weightDecay: 1e-4 },
  });

  // Masked pixels, class weights, soft labels, pairs of pixels, two pictures: each weighs its images in its own way.
  it.each(['height', 'kind', 'segments', 'hue', 'islands', 'move'])(
    'trains %s as the whole batch does',
    async (task) => {
      const whole = await run(recipe(task));
      const parts = await run(recipe(task), 3);
      expect(distance(whole, parts)).toBeLessThan(1e-4);
      expect(parts.cost).toMatchObject({ steps: whole.cost.steps, images: whole.cost.images });
      expect(parts.curve.map((p) => p.step)).toEqual(whole.curve.map((p) => p.step));
    },
  );
});

describe('a heap that is too small for the batch', () => {
  it('ends the run as out of memory; the same run in parts gets through, to the same losses', async () => {
    const dataset = createShapesDataset({ source: 256, transfer: 8, selection: 8, test: 8 }, 64);
    const recipe: Recipe = {
      kind: 'source',
      dataset: dataset.spec,
      version: 1,
      task: 'height',
      preset: 'tiny',
      seed: 1,
      training: { epochs: 1, batchSize: 256, learningRate: 3e-3, weightDecay: 0 },
    };
    const run = (imagesAtOnce?: number) =>
      executeRecipe(recipe, {
        ...createTestContext(engine, dataset, 'run'),
        ...(imagesAtOnce === undefined ? {} : { imagesAtOnce }),
      });
    const parts = await run(8);
    engine = await openEngine({ backend: 'wasm', heapBytes: heapBytes() });
    const { numTensors } = engine.tf.memory();
    const failed = await run().catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'out-of-memory' });
    expect(engine.tf.memory().numTensors).toBe(numTensors);
    expect((await run(8)).testLosses).toEqual(parts.testLosses);
    engine = await openEngine({ backend: 'wasm' });
    expect(distance(await run(), parts)).toBeLessThan(1e-4);
  });
});
