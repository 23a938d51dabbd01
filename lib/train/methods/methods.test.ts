import { PNG } from 'pngjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { defaultTraining } from '@/lib/science/catalog/presets';
import type {
  MeanRecipe,
  Recipe,
  RunResult,
  ScratchRecipe,
  SourceRecipe,
  TransferRecipe,
} from '@/lib/science/core';
import { type Engine, memoryCount, openEngine } from '../engine';
import { unpackFile } from './container';
import { concatenate, packSource, readFeatures, readSource, transferFeatures } from './features';
import { executeRecipe } from './index';
import { meanLoss } from './losses';
import { createPause } from './pause';
import { createTestContext, type TestContext } from './testing/context';
import { createShapesDataset, SHAPE_TASKS } from './testing/shapes-dataset';

let engine: Engine;
const dataset = createShapesDataset();
const base = { dataset: dataset.spec, version: 1, preset: 'micro' as const, seed: 1 };
const targets = SHAPE_TASKS.filter((task) => !task.untrained).map((task) => task.id);

const source = (task: string, epochs = 6, seed = 1): SourceRecipe => ({
  ...base,
  kind: 'source',
  task,
  seed,
  training: { ...defaultTraining('micro', 'source'), epochs },
});
const scratch = (task: string, epochs = 6): ScratchRecipe => ({
  ...base,
  kind: 'scratch',
  task,
  images: 24,
  training: { ...defaultTraining('micro', 'scratch'), epochs },
});
const transfer = (task: string, sources: string[], epochs = 6): TransferRecipe => ({
  ...base,
  kind: 'transfer',
  method: 'readout',
  task,
  sources: sources.map((id) => ({ task: id, fingerprint: `source-${id}` })),
  images: 24,
  training: { ...defaultTraining('micro', 'transfer'), epochs },
});
const mean = (task: string): MeanRecipe => ({ kind: 'mean', dataset: dataset.spec, version: 1, task });

const run = (recipe: Recipe, fingerprint: string, files = new Map<string, Uint8Array>()) =>
  executeRecipe(recipe, createTestContext(engine, dataset, fingerprint, { files }));
const lossesOf = (result: RunResult): Float32Array => result.testLosses ?? new Float32Array(0);

/** Files of trained sources for every task, made once. */
const files = new Map<string, Uint8Array>();
beforeAll(async () => {
  engine = await openEngine({ backend: 'wasm' });
  for (const { id } of SHAPE_TASKS) await run(source(id), `source-${id}`, files);
});

describe('source and scratch', () => {
  it.each(targets)('training fits %s', async (task) => {
    const { curve, testLosses } = await run(source(task, 40), 'long');
    expect(testLosses).toHaveLength(dataset.count('test'));
    expect(curve.at(-1)?.trainLoss).toBeLessThan(0.95 * (curve[1]?.trainLoss as number));
  });

  it('gives the same numbers for the same recipe, and others for another seed', async () => {
    const [first, again, other] = await Promise.all([
      run(source('copy'), 'a'),
      run(source('copy'), 'b'),
      run(source('copy', 6, 2), 'c'),
    ]);
    expect(lossesOf(again)).toEqual(lossesOf(first));
    expect(again.curve).toEqual(first.curve);
    expect(lossesOf(other)).not.toEqual(lossesOf(first));
  });

  it('are evaluated at the same steps as heads, whose training is shorter', async () => {
    const stepsOf = async (recipe: Recipe) =>
      (await run(recipe, `steps ${recipe.kind}`, files)).curve.map(({ step }) => step);
    const head = await stepsOf(transfer('hue', ['copy'], 4));
    const long = await stepsOf(scratch('hue', 8));
    expect(head).toEqual([0, 3, 6, 9, 12]);
    expect(long).toEqual([0, 3, 6, 9, 12, 15, 18, 21, 24]);
    const gold = await stepsOf(source('hue', 1));
    expect(gold.slice(0, 3)).toEqual([0, 3, 6]);
  });

  it('drops images without a valid pixel as NaN and only those', async () => {
    const losses = lossesOf(await run(scratch('height'), 'x'));
    expect([...losses].flatMap((loss, i) => (Number.isNaN(loss) ? [i] : []))).toEqual([9, 19]);
  });

  it('rejects a run whose loss is not finite, or would be but for the hidden layer of a vector', async () => {
    const diverging = (task: string, learningRate: number): Recipe => ({
      ...source(task, 4),
      training: { ...defaultTraining('micro', 'source'), learningRate },
    });
    for (const recipe of [diverging('height', 1e30), diverging('place', 1e12), diverging('kind', 1e12)])
      await expect(run(recipe, 'bad')).rejects.toMatchObject({ code: 'diverged' });
  });

  it.each(targets)('rejects a run of %s whose last step broke the network', async (task) => {
    const once = createShapesDataset({ source: 8, transfer: 8, selection: 8, test: 8 });
    const training = { ...defaultTraining('micro', 'source'), epochs: 1, learningRate: 1e30 };
    for (const recipe of [source(task), { ...scratch(task), images: 8 }]) {
      const broken = executeRecipe(
        { ...recipe, dataset: once.spec, training },
        createTestContext(engine, once, 'bad'),
      );
      await expect(broken).rejects.toMatchObject({ code: 'diverged' });
    }
  });
});

describe('codes', () => {
  it('that are not finite are refused, before half precision makes them so', async () => {
    const context = createTestContext(engine, dataset, 'x', { files: new Map(files) });
    const stored = await readSource(context, 'source-copy');
    const weights = new Map([...stored.weights, ['encoder/code/bias', new Float32Array(4).fill(3e38)]]);
    const kernel = weights.get('encoder/code/kernel') as Float32Array;
    weights.set(
      'encoder/code/kernel',
      kernel.map(() => 3e38),
    );
    context.files.set('broken/weights', packSource({ ...stored, weights }));
    const codes = readFeatures(context, 'broken', 'test', 'rgb', createPause());
    await expect(codes).rejects.toMatchObject({ code: 'diverged' });
  });
});

describe('several pictures of one example', () => {
  it('a siamese network learns what neither picture tells alone', async () => {
    const many = createShapesDataset({ source: 400, transfer: 24, selection: 40, test: 60 });
    const context = createTestContext(engine, many, 'pair');
    const pair = await executeRecipe({ ...source('move', 30), dataset: many.spec }, context);
    const constant = await executeRecipe({ ...mean('move'), dataset: many.spec }, context);
    expect(meanLoss(lossesOf(pair))).toBeLessThan(0.8 * meanLoss(lossesOf(constant)));
  });

  it('a source’s codes of each picture are joined, whatever it was trained on', async () => {
    const context = createTestContext(engine, dataset, 'r', { files: new Map(files) });
    const pause = async () => {};
    for (const id of ['source-copy', 'source-move']) {
      const { test } = await transferFeatures(context, [id], 'pair', pause);
      const one = await transferFeatures(context, [id], 'rgb', pause);
      const other = await transferFeatures(context, [id], 'shifted', pause);
      expect(test.shape).toEqual({ side: 2, channels: 8 });
      expect(test).toEqual(concatenate([one.test, other.test]));
      expect(other.test.values).not.toEqual(one.test.values);
    }
  });

  it('the sample strip shows all of them', async () => {
    const { samples } = await run(source('move', 1), 'strip');
    const input = PNG.sync.read(Buffer.from(samples.find((s) => s.role === 'input')?.png ?? []));
    expect([input.width, input.height]).toEqual([2 * 16 + 2, 16]);
  });
});

describe('frozen features', () => {
  it('are written for every pool and input kind, and made again exactly when missing', async () => {
    const names = [...files.keys()].filter((name) => name.startsWith('source-copy/'));
    expect(names.sort()).toEqual([
      'source-copy/features-selection-grey',
      'source-copy/features-selection-rgb',
      'source-copy/features-test-grey',
      'source-copy/features-test-rgb',
      'source-copy/features-transfer-grey',
      'source-copy/features-transfer-rgb',
      'source-copy/weights',
    ]);
    const whole = createTestContext(engine, dataset, 'r', { files });
    const bare = new Map([['source-copy/weights', files.get('source-copy/weights') as Uint8Array]]);
    const alone = createTestContext(engine, dataset, 'r', { files: bare });
    const pause = async () => {};
    expect(await readFeatures(alone, 'source-copy', 'test', 'grey', pause)).toEqual(
      await readFeatures(whole, 'source-copy', 'test', 'grey', pause),
    );
  });

  it('a source trained on grey pictures is given grey ones', async () => {
    const context = createTestContext(engine, dataset, 'r', { files });
    const codes = (kind: 'rgb' | 'grey') => readFeatures(context, 'source-hue', 'test', kind, async () => {});
    const [rgb, grey] = [await codes('rgb'), await codes('grey')];
    const apart = rgb.values.map((x, i) => Math.abs(x - (grey.values[i] as number)));
    expect(Math.max(...apart)).toBeLessThan(2e-2);
  });

  it('missing weights are a failure of the data, not of the code', async () => {
    await expect(run(transfer('copy', ['kind']), 'x')).rejects.toMatchObject({ code: 'data' });
  });
});

describe('transfer', () => {
  it.each(targets)('trains a readout for %s from another source', async (task) => {
    const result = await run(transfer(task, ['copy']), 't', files);
    expect(lossesOf(result)).toHaveLength(20);
    expect(result.curve.at(-1)?.trainLoss).toBeLessThan(result.curve[1]?.trainLoss as number);
    expect(result.samples).toHaveLength(18);
  });

  it('joins several sources, the target’s own among them', async () => {
    const one = await run(transfer('segments', ['copy']), 't1', files);
    const three = await run(transfer('segments', ['copy', 'segments', 'random']), 't3', files);
    expect(three.cost.flops).toBeGreaterThan(one.cost.flops);
    expect(lossesOf(three).every(Number.isFinite)).toBe(true);
  });

  it('leaves its sources’ files as they were', async () => {
    const before = new Map([...files].map(([name, bytes]) => [name, bytes.slice()]));
    await run(transfer('height', ['copy', 'kind']), 'new', files);
    expect([...files.keys()].filter((name) => !before.has(name))).toEqual(['new/weights']);
    for (const [name, bytes] of before) expect(files.get(name)).toEqual(bytes);
  });
});

describe('mean and probe', () => {
  it('trained networks beat the mean predictor where they can', async () => {
    const [gold, reference] = [await run(source('copy', 40), 'g'), await run(mean('copy'), 'm')];
    expect(meanLoss(lossesOf(gold))).toBeLessThan(1.2 * meanLoss(lossesOf(reference)));
  });

  it.each(targets.filter((id) => id !== 'islands'))(
    'the probe of %s gives a loss per test image of every target',
    async (task) => {
      const probe = (id: string) =>
        run(
          {
            kind: 'probe',
            dataset: dataset.spec,
            version: 1,
            targets,
            images: 24,
            source: { task: id, fingerprint: `source-${id}` },
          },
          'p',
          files,
        );
      const { probeLosses } = await probe(task);
      expect(Object.keys(probeLosses ?? {})).toEqual(targets.filter((id) => id !== 'islands'));
      expect(probeLosses?.[task]).toHaveLength(20);
      expect(Number.isFinite(meanLoss(probeLosses?.[task] ?? new Float32Array(0)))).toBe(true);
    },
  );
});

describe('housekeeping', () => {
  it('leaves no tensor behind, whatever is run', async () => {
    await run(source('segments'), 'warm');
    const before = memoryCount(engine.tf).tensors;
    for (const recipe of [
      source('place', 1),
      scratch('kind', 1),
      transfer('hue', ['copy'], 1),
      mean('height'),
    ]) {
      await run(recipe, 'l', files);
    }
    await run(
      {
        kind: 'probe',
        dataset: dataset.spec,
        version: 1,
        targets,
        images: 24,
        source: { task: 'copy', fingerprint: 'source-copy' },
      },
      'l',
      files,
    );
    expect(memoryCount(engine.tf).tensors).toBe(before);
  });

  it('gives the event loop its turns', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await run(source('segments', 60), 'turns');
    clearInterval(timer);
    expect(turns).toBeGreaterThan(1);
  });

  it('refuses a recipe that asks for more images than there are', async () => {
    await expect(run({ ...scratch('copy'), images: 25 }, 'x')).rejects.toMatchObject({
      code: 'invalid-input',
    });
  });
});

describe('resume', () => {
  const recipe = source('segments', 8);
  const weightsOf = (context: TestContext) => unpackFile(context.files.get('r/weights') as Uint8Array);

  /** Runs until `stopAt` steps were reported, then aborts; returns the checkpoint. */
  async function interrupted(stopAt: number, from: Uint8Array | null): Promise<Uint8Array | null> {
    const controller = new AbortController();
    const context = createTestContext(engine, dataset, 'r', { signal: controller.signal });
    context.checkpoints.saved = from;
    let steps = 0;
    context.onProgress = (progress) => {
      steps = progress.step;
      if (steps >= stopAt) controller.abort();
    };
    await expect(executeRecipe(recipe, context)).rejects.toMatchObject({ code: 'cancelled' });
    return context.checkpoints.saved;
  }

  it('goes on bit for bit from the checkpoint of any step', async () => {
    const whole = createTestContext(engine, dataset, 'r', { everySeconds: 0 });
    const saved: Uint8Array[] = [];
    whole.checkpoint.save = async (bytes) => {
      saved.push(bytes);
    };
    const undisturbed = await executeRecipe(recipe, whole);
    expect(saved).toHaveLength(undisturbed.cost.steps - 1);
    for (const step of [1, 7, 12, 13, 30, 47]) {
      const resumed = createTestContext(engine, dataset, 'r');
      resumed.checkpoints.saved = saved[step - 1] as Uint8Array;
      const result = await executeRecipe(recipe, resumed);
      expect(result.testLosses).toEqual(undisturbed.testLosses);
      expect(result.curve).toEqual(undisturbed.curve);
      expect(weightsOf(resumed)).toEqual(weightsOf(whole));
      expect(resumed.progress[0]?.step).toBeGreaterThan(step);
    }
  });

  it('survives several stops', async () => {
    const whole = await executeRecipe(recipe, createTestContext(engine, dataset, 'r'));
    const saved = await interrupted(30, await interrupted(20, await interrupted(5, null)));
    const last = createTestContext(engine, dataset, 'r');
    last.checkpoints.saved = saved;
    const result = await executeRecipe(recipe, last);
    expect(result.testLosses).toEqual(whole.testLosses);
    expect(result.curve).toEqual(whole.curve);
  });

  it('starts anew from a damaged or foreign checkpoint', async () => {
    const whole = await executeRecipe(recipe, createTestContext(engine, dataset, 'r'));
    const saved = (await interrupted(20, null)) as Uint8Array;
    for (const bytes of [saved.slice(0, saved.length >> 1), new Uint8Array([1, 2, 3])]) {
      const context = createTestContext(engine, dataset, 'r');
      context.checkpoints.saved = bytes;
      expect((await executeRecipe(recipe, context)).testLosses).toEqual(whole.testLosses);
    }
    const other = createTestContext(engine, dataset, 'another');
    other.checkpoints.saved = saved;
    expect((await executeRecipe(recipe, other)).testLosses).toEqual(whole.testLosses);
    // All looks are reported, those before the foreign checkpoint's step too.
    expect(other.progress[0]?.step).toBeLessThanOrEqual(12);
  });
});
