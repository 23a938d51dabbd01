import { beforeAll, describe, expect, it } from 'vitest';
import { discriminatorPlan } from '@/lib/science/catalog/adaptation';
import { recipeFlops } from '@/lib/science/catalog/costs';
import { defaultTraining } from '@/lib/science/catalog/presets';
import {
  type MethodOptions,
  type RunResult,
  SOURCE_TASK,
  TaskatlasError,
  type TransferRecipe,
} from '@/lib/science/core';
import type { Dataset, LabelBatch } from '@/lib/science/datasets/dataset';
import { type Engine, memoryCount, openEngine } from '../../engine';
import { forward, valuesOf, type Weights } from '../../networks';
import { readSource } from '../features';
import { executeRecipe } from '../index';
import { train } from '../loop';
import { createTestContext } from '../testing/context';
import { otherDomain } from '../testing/other-domain';
import { createShapesDataset } from '../testing/shapes-dataset';
import { poolOutputs } from '../transfer/answers';
import type { MethodContext, TransferMethod } from '../types';
import { encode, prepareAdaptation } from './adaptation';
import { ADDA_TRAINED, adaptedPlan, adda, addaLoss, addaNetwork } from './adda';
import { cycada } from './cycada';
import { dann } from './dann';
import { deepCoral } from './deep-coral';
import { sourceOnly } from './source-only';

/** A data set with labels of the target domain changed by `change`. */
function withTargetLabels(
  base: Dataset,
  change: (batch: LabelBatch, pool: string, indices: ArrayLike<number>) => LabelBatch,
): Dataset {
  return {
    ...base,
    labels: (pool, task, indices) => {
      const batch = base.labels(pool, task, indices);
      return pool === 'source' ? batch : change(batch, pool, indices);
    },
  };
}

/** Methods that begin with the source-only network. */
const STARTED = ['adda', 'cycada'];

let engine: Engine;
/** Shapes whose pictures are negatives in every pool but the source's. */
const dataset = otherDomain(createShapesDataset(), (x) => -x);
const training = { ...defaultTraining('micro', 'source'), epochs: 2 };

const recipe = (
  method: string,
  task: string,
  options: MethodOptions = {},
  more: Partial<TransferRecipe> = {},
): TransferRecipe => ({
  dataset: dataset.spec,
  version: 1,
  kind: 'transfer',
  method,
  options,
  task,
  sources: [],
  ...(STARTED.includes(method) ? { members: [{ fingerprint: 'start', key: 'source-only' }] } : {}),
  preset: 'micro',
  training,
  images: 24,
  seed: 1,
  ...more,
});

interface Run {
  result: RunResult;
  weights: Weights;
  files: Map<string, Uint8Array>;
}
/** Runs a method, after the network that it starts from if it does. */
async function run(wanted: TransferRecipe, on = dataset): Promise<Run> {
  const files = new Map<string, Uint8Array>();
  if (STARTED.includes(wanted.method)) {
    const start = createTestContext(engine, on, 'start', { files });
    await executeRecipe(recipe('source-only', wanted.task), start);
  }
  const context = createTestContext(engine, on, 'run', { files });
  const result = await executeRecipe(wanted, context);
  return { result, files, weights: (await readSource(context, 'run')).weights };
}

beforeAll(async () => {
  engine = await openEngine({ backend: 'wasm' });
});

/** Every term of a method, where its defaults leave some out. */
const FULL: Record<string, MethodOptions> = { cycada: { semantic: 1, identity: 1, features: 1 } };

const METHODS = ['source-only', 'dann', 'deep-coral', 'adda', 'cycada'];

/** What the finished network says of the target domain's test pictures. */
async function answersOf({ files }: Run, on: Dataset): Promise<Float32Array> {
  const context: MethodContext = {
    ...createTestContext(engine, on, 'asked', { files }),
    predictorOf: () => Promise.reject(new Error('nobody else is asked')),
  };
  const { recipe: stored, weights } = await readSource(context, 'run');
  const method = [sourceOnly, dann, deepCoral, adda, cycada].find(
    ({ id }) => id === (stored as TransferRecipe).method,
  );
  const predictor = await (method as TransferMethod).predictor(stored as TransferRecipe, context, weights);
  const outputs = await poolOutputs(context, predictor, 'test');
  predictor.dispose();
  return outputs;
}

describe.each(METHODS)('%s', (method) => {
  it('learns nothing from labels of the target domain: not to a bit, not in its answers', async () => {
    for (const task of ['kind', 'segments']) {
      const honest = await run(recipe(method, task, FULL[method]));
      const blotted = withTargetLabels(dataset, (batch) => ({
        ...batch,
        values: batch.values.map((_, i) => i % 2),
        mask: null,
      }));
      const blind = await run(recipe(method, task, FULL[method]), blotted);
      expect(blind.weights).toEqual(honest.weights);
      expect(await answersOf(blind, blotted)).toEqual(await answersOf(honest, dataset));
      // Only the score knows.
      expect(blind.result.testLosses).not.toEqual(honest.result.testLosses);
    }
  });

  it('reads no label of transfer and selection images at all', async () => {
    const guarded = withTargetLabels(dataset, (batch, pool) => {
      if (pool !== 'test') throw new Error(`labels of the ${pool} pool were asked for`);
      return batch;
    });
    const { result } = await run(recipe(method, 'kind', FULL[method]), guarded);
    expect(result.testLosses?.every(Number.isFinite)).toBe(true);
    expect(result.curve.every((point) => point.selectionLoss === null)).toBe(true);
  });

  it('goes on from a checkpoint to the same bit, and repeats itself', async () => {
    const wanted = recipe(method, 'kind');
    const whole = await run(wanted);
    const resume = async (everySeconds: number, from: Uint8Array | null) => {
      const files = new Map(whole.files);
      for (const name of ['weights', 'stage-0', 'stage-1']) files.delete(`run/${name}`);
      const context = createTestContext(engine, dataset, 'run', { files, everySeconds });
      context.checkpoints.saved = from;
      const saved: Uint8Array[] = [];
      context.checkpoint.save = async (bytes) => void saved.push(bytes);
      const { testLosses, tables, curve } = await executeRecipe(wanted, context);
      expect({ testLosses, tables, curve }).toEqual({
        testLosses: whole.result.testLosses,
        tables: whole.result.tables,
        curve: whole.result.curve,
      });
      expect((await readSource(context, 'run')).weights).toEqual(whole.weights);
      return { saved, first: context.progress[0]?.step ?? 0 };
    };
    const { saved } = await resume(0, null);
    expect(saved.length).toBeGreaterThan(7);
    for (const step of [1, 5]) {
      const { first } = await resume(1e9, saved[step - 1] as Uint8Array);
      expect(first).toBeGreaterThan(step);
    }
  });

  it('serves every head, several pictures too, measures the domains and leaves nothing behind', async () => {
    await run(recipe(method, 'height', FULL[method]));
    const before = memoryCount(engine.tf).tensors;
    for (const task of ['copy', 'hue', 'place', 'move', 'islands']) {
      const { result } = await run(recipe(method, task, FULL[method]));
      expect(result.testLosses?.some(Number.isFinite)).toBe(true);
      const [table, ...more] = result.tables ?? [];
      const held = method === 'adda' || task === 'islands' ? [] : [SOURCE_TASK];
      expect([task, ...more.map(({ name }) => name)]).toEqual([task, ...held]);
      expect(table?.rows).toEqual(['proxy A-distance', 'MMD²', 'CORAL']);
      const columns = method === 'cycada' ? 4 : 3;
      expect(table?.values.every((row) => row.length === columns && row.every(Number.isFinite))).toBe(true);
      // Negatives are told apart at sight.
      if (task !== 'hue') expect(table?.values[0]?.[0]).toBeGreaterThan(1.5);
    }
    expect(memoryCount(engine.tf).tensors).toBe(before);
  });

  it('refuses a data set of one domain', async () => {
    const one = createShapesDataset();
    await expect(run({ ...recipe(method, 'kind'), dataset: one.spec }, one)).rejects.toThrow(TaskatlasError);
  });
});

describe('few pictures', () => {
  const prepared = (source: number, transfer: number) => {
    const few = otherDomain(createShapesDataset({ source, transfer, selection: 2, test: 2 }), (x) => -x);
    const context = createTestContext(engine, few, 'few') as unknown as MethodContext;
    return prepareAdaptation({ ...recipe('dann', 'kind'), dataset: few.spec }, context);
  };
  it('of either domain are refused, with what to do', async () => {
    for (const [source, transfer] of [
      [48, 1],
      [48, 9],
      [9, 24],
    ] as const)
      await expect(prepared(source, transfer)).rejects.toMatchObject({
        code: 'invalid-input',
        message: expect.stringContaining('make pools.source and pools.transfer larger'),
      });
    expect((await prepared(10, 10)).images).toEqual({ source: 10, target: 10 });
  });
});

describe('its price', () => {
  const shapeOf = (id: string) => dataset.tasks.find((task) => task.id === id) as (typeof dataset.tasks)[0];
  it.each<[string, MethodOptions, number?]>([
    ['source-only', {}],
    ['source-only', {}, 1000],
    ['dann', { supervised: true }],
    ['deep-coral', {}],
    ['adda', {}],
    ['cycada', {}],
    ['cycada', { semantic: 1, identity: 1, features: 1, 'translation-epochs': 5 }],
    ['cycada', { cycle: 0, supervised: true, warm: true }],
  ])('is what the run counts: %s %o', async (method, options, batchSize = 20) => {
    // Of two pictures: their codes are joined before they are told apart.
    const wanted = recipe(method, 'move', options, { training: { ...training, batchSize } });
    const { cost } = (await run(wanted)).result;
    expect(recipeFlops(wanted, shapeOf) / cost.flops).toBeCloseTo(1, 12);
  });
});

describe('supervised adaptation', () => {
  const options = { supervised: true };
  it.each(['source-only', 'dann', 'deep-coral', 'cycada'])(
    '%s learns from the first labels and from no other',
    async (method) => {
      const wanted = recipe(method, 'kind', options, { images: 8 });
      const honest = await run(wanted);
      const turned = (from: (index: number, pool: string) => boolean) =>
        withTargetLabels(dataset, (batch, pool, indices) => ({
          ...batch,
          values: batch.values.map((v, i) => (from(indices[i] as number, pool) ? 1 - v : v)),
        }));
      const beyond = await run(
        wanted,
        turned((i, pool) => pool !== 'transfer' || i >= 8),
      );
      expect(beyond.weights).toEqual(honest.weights);
      const within = await run(
        wanted,
        turned((i) => i === 3),
      );
      expect(within.weights).not.toEqual(honest.weights);
    },
  );
});

describe('what each method is', () => {
  it('weight 0 is source only: same start, same batches', async () => {
    const plain = await run(recipe('source-only', 'kind'));
    for (const method of ['dann', 'deep-coral']) {
      const { weights } = await run(recipe(method, 'kind', { weight: 0 }));
      expect(weights).toEqual(plain.weights);
      const adapted = await run(recipe(method, 'kind'));
      expect(adapted.weights).not.toEqual(plain.weights);
    }
  });

  it('ADDA moves the target’s encoder and the discriminator, and neither the source’s encoder nor the head', async () => {
    const { files, weights } = await run(recipe('adda', 'kind'));
    const context = createTestContext(engine, dataset, 'again', { files }) as unknown as MethodContext;
    const start = (await readSource(context, 'start')).weights;
    const moved = [...weights].filter(([name, values]) => values.some((x, i) => x !== start.get(name)?.[i]));
    expect(moved.length).toBeGreaterThan(0);
    expect(moved.every(([name]) => name.startsWith('encoder/'))).toBe(true);

    const a = await prepareAdaptation(recipe('adda', 'kind'), context);
    const parameters = addaNetwork(a, start);
    const before = parameters.snapshot();
    await train(
      context,
      {
        parameters,
        trainable: parameters.matching(ADDA_TRAINED),
        examples: a.images.source,
        loss: addaLoss(a, parameters),
        selectionLosses: async () => Float32Array.of(Number.NaN),
      },
      training,
      { seed: 1, spacing: 1000 },
    );
    for (const [name, values] of parameters.snapshot()) {
      const same = values.every((x, i) => x === before.get(name)?.[i]);
      expect([name, same]).toEqual([name, name.startsWith('encoder/')]);
    }
    parameters.dispose();
  });

  it('ADDA’s players pull opposite ways: one tells the domains apart, the other makes the target look like the source', async () => {
    const { files } = await run(recipe('source-only', 'kind'));
    files.set('start/weights', files.get('run/weights') as Uint8Array);
    const context = createTestContext(engine, dataset, 'again', { files }) as unknown as MethodContext;
    const a = await prepareAdaptation(recipe('adda', 'kind'), context);
    const parameters = addaNetwork(a, (await readSource(context, 'start')).weights);
    const { tf } = engine;
    const indices = Int32Array.from({ length: 24 }, (_, i) => i);
    /** Mean logit, above 0 for the source domain, of pictures of either domain. */
    const logits = () =>
      (['source', 'transfer'] as const).map((pool) => {
        const plan = pool === 'source' ? a.encoder : adaptedPlan(a);
        const values = valuesOf(tf, () =>
          forward(tf, discriminatorPlan(a.code), parameters.get, encode(a, parameters, pool, indices, plan)),
        );
        return values.reduce((sum, z) => sum + z, 0) / values.length;
      }) as [number, number];
    const play = async (who: RegExp) => {
      await train(
        createTestContext(engine, dataset, 'play', {}),
        {
          parameters,
          trainable: parameters.matching(who),
          examples: a.images.source,
          loss: addaLoss(a, parameters),
          selectionLosses: async () => Float32Array.of(Number.NaN),
        },
        { ...training, epochs: 10 },
        { seed: 1, spacing: 1000 },
      );
      return logits();
    };
    const told = await play(/^domain\//);
    expect(told[0]).toBeGreaterThan(0.5);
    expect(told[1]).toBeLessThan(-0.5);
    const fooled = await play(/^adapted\//);
    expect(fooled[0]).toBe(told[0]);
    expect(fooled[1]).toBeGreaterThan(0.5);
    parameters.dispose();
  });

  it('neither of ADDA’s players sees how large codes are', async () => {
    const { files } = await run(recipe('source-only', 'kind'));
    files.set('start/weights', files.get('run/weights') as Uint8Array);
    const context = createTestContext(engine, dataset, 'again', { files }) as unknown as MethodContext;
    const a = await prepareAdaptation(recipe('adda', 'kind'), context);
    const start = (await readSource(context, 'start')).weights;
    const lossAt = (scale: number): number => {
      const larger = [...start].map(
        ([name, values]) =>
          [name, name.startsWith('encoder/code') ? values.map((x) => scale * x) : values] as const,
      );
      const parameters = addaNetwork(a, new Map(larger));
      const indices = Int32Array.from({ length: 8 }, (_, i) => i);
      const [loss] = valuesOf(engine.tf, () => addaLoss(a, parameters)(indices, 0));
      parameters.dispose();
      return loss as number;
    };
    expect(lossAt(1)).toBeGreaterThan(0.1);
    expect(lossAt(1000)).toBeCloseTo(lossAt(1), 3);
  });

  it('ADDA’s encoder steps at a pace of its own where it is told to', async () => {
    const moved = async (options: MethodOptions) => {
      const { files, weights } = await run(recipe('adda', 'kind', options));
      const context = createTestContext(engine, dataset, 'again', { files });
      const start = (await readSource(context, 'start')).weights.get('encoder/code/kernel');
      return Math.max(
        ...(weights.get('encoder/code/kernel') ?? []).map((x, i) => Math.abs(x - (start?.[i] ?? 0))),
      );
    };
    const [whole, tenth] = [await moved({ 'encoder-rate': 1 }), await moved({})];
    expect(tenth).toBeGreaterThan(0);
    expect(tenth).toBeLessThan(0.3 * whole);
  });

  it('ADDA wants one network of its own preset to start from', async () => {
    const files = new Map<string, Uint8Array>();
    const context = createTestContext(engine, dataset, 'run', { files });
    await expect(executeRecipe(recipe('adda', 'kind', {}, { members: [] }), context)).rejects.toMatchObject({
      code: 'invalid-input',
    });
    await expect(executeRecipe(recipe('adda', 'kind'), context)).rejects.toMatchObject({ code: 'data' });
  });
});
