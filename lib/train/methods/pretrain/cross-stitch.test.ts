import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { recipeFlops } from '@/lib/science/catalog/costs';
import { forwardFlops } from '@/lib/science/catalog/flops';
import { defaultTraining } from '@/lib/science/catalog/presets';
import { encoderPlan, encoderUpTo, type LayerPlan } from '@/lib/science/catalog/presets-layers';
import {
  createRng,
  type MethodOptions,
  type PretrainRecipe,
  type Recipe,
  type TransferRecipe,
} from '@/lib/science/core';
import { type Engine, memoryCount, openEngine } from '../../engine';
import { createParameters, forward, initialWeights, valuesOf, type Weights } from '../../networks';
import { floatsOf, unpackFile } from '../container';
import { readFeatures, readSource } from '../features';
import { executeRecipe } from '../index';
import { createTestContext } from '../testing/context';
import { createShapesDataset } from '../testing/shapes-dataset';
import { fineTuneGroups } from '../transfer/fine-tune';
import { heldOutCurve } from './adaptation';
import { imagePools, tasksOf } from './common';
import { createJoint, encoderWeights } from './joint';

let engine: Engine;
const dataset = createShapesDataset();
const base = { dataset: dataset.spec, version: 1, preset: 'micro' as const, seed: 1 };
const STITCHED = { sharing: 'cross-stitch' };
const files = new Map<string, Uint8Array>();

const recipeOf = (tasks: readonly string[], options: MethodOptions = STITCHED): PretrainRecipe => ({
  ...base,
  kind: 'pretrain',
  method: 'multi-task',
  options,
  tasks,
  sources: [],
  training: { ...defaultTraining('micro', 'source'), epochs: 4 },
});
const run = (recipe: PretrainRecipe | TransferRecipe, fingerprint: string, on = files) =>
  executeRecipe(recipe, createTestContext(engine, dataset, fingerprint, { files: on }));
const fileOf = (fingerprint: string, on = files) =>
  unpackFile(on.get(`${fingerprint}/weights`) as Uint8Array);
const weightOf = (fingerprint: string, name: string) => floatsOf(fileOf(fingerprint), name);

const transfer = (method: string, options: MethodOptions = {}, from = 'joint'): TransferRecipe => ({
  ...base,
  kind: 'transfer',
  method,
  options,
  task: 'segments',
  sources: [{ task: from, fingerprint: from }],
  images: 24,
  training: { ...defaultTraining('micro', 'scratch'), epochs: 3 },
});

/** Random numbers in place of a plan's own, so that nothing is equal by accident. */
const scattered = (plan: LayerPlan, seed: number): Map<string, Float32Array> => {
  const rng = createRng(seed);
  return new Map(
    [...initialWeights(plan, rng)].map(([name, w]) => [name, w.map((x) => x + 0.3 * rng.normal())]),
  );
};
const output = (plan: LayerPlan, weights: Weights, input: Tensor): Float32Array => {
  const parameters = createParameters(engine.tf, plan, weights);
  const values = valuesOf(engine.tf, () => forward(engine.tf, plan, parameters.get, input));
  parameters.dispose();
  return values;
};
const pictures = (count = 3): Tensor => {
  const rng = createRng(7);
  return engine.tf.tensor(
    Float32Array.from({ length: count * 768 }, () => rng.normal()),
    [count, 4, 4, 48],
  );
};
const near = (values: ArrayLike<number>, expected: ArrayLike<number>, digits = 5): void => {
  expect(values).toHaveLength(expected.length);
  for (let i = 0; i < expected.length; i++) expect(values[i]).toBeCloseTo(expected[i] as number, digits);
};

describe.each(['cpu', 'wasm'] as const)('cross-stitch unit on %s', (backend) => {
  beforeAll(async () => {
    engine = await openEngine({ backend });
  });

  const unit: LayerPlan = [
    { streams: [[{ kind: 'stitch', name: 'u-stitch', columns: 3, own: 2, side: 2, channels: 2 }]] },
  ];

  it('mixes the columns channel by channel', () => {
    const mix = Float32Array.of(0.5, 1, -2, 0.25, 3, 0);
    const x = engine.tf.tensor([1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60], [1, 1, 2, 6]);
    near(output(unit, new Map([['u-stitch/mix', mix]]), x), [9.5, 3, 95, 30]);
    // At the start 0.9 of its own, the rest shared by the others.
    const start = initialWeights(unit, createRng(1)).get('u-stitch/mix');
    near(start as Float32Array, [0.05, 0.05, 0.9, 0.9, 0.05, 0.05]);
    x.dispose();
  });

  it('has the gradients of finite differences, by its weights and by its input', () => {
    const { tf } = engine;
    const rng = createRng(5);
    const draw = (size: number) => Float32Array.from({ length: size }, () => rng.normal());
    const [mix, x, slope] = [draw(6), draw(2 * 4 * 6), draw(2 * 4 * 2)];
    const loss = (m: Tensor, input: Tensor): Scalar =>
      tf.sum(
        tf.mul(
          forward(tf, unit, () => m, input),
          tf.tensor(slope, [2, 2, 2, 2]),
        ),
      ) as Scalar;
    const at = (m: Float32Array, input: Float32Array): number =>
      tf.tidy(() => loss(tf.tensor(m, [3, 2]), tf.tensor(input, [2, 2, 2, 6])).dataSync()[0] as number);
    const { value, grads } = tf.valueAndGrads((m, input) => loss(m as Tensor, input as Tensor))([
      tf.tensor(mix, [3, 2]),
      tf.tensor(x, [2, 2, 2, 6]),
    ]);
    const differences = (of: Float32Array, f: (moved: Float32Array) => number) =>
      of.map((__, i) => {
        const moved = (by: number) => of.map((v, j) => (i === j ? v + by : v));
        return (f(moved(0.25)) - f(moved(-0.25))) / 0.5;
      });
    near(
      (grads[0] as Tensor).dataSync(),
      differences(mix, (m) => at(m, x)),
      3,
    );
    near(
      (grads[1] as Tensor).dataSync(),
      differences(x, (input) => at(mix, input)),
      3,
    );
    tf.dispose([value, grads]);
  });

  it('is k networks side by side where every column takes its own alone', () => {
    const input = pictures();
    const plain = encoderPlan('micro', 16);
    for (const column of [1, 2, 3]) {
      const plan = encoderPlan('micro', 16, 1, 3, column);
      const weights = scattered(plan, 3);
      for (const [name, mix] of weights) {
        const own = Number(/column(\d)/.exec(name)?.[1]);
        const channels = mix.length / 3;
        if (name.endsWith('/mix')) mix.fill(0).fill(1, (own - 1) * channels, own * channels);
      }
      const alone = new Map(
        [...weights].map(([name, w]) => [name.replace(`encoder/column${column}/`, 'encoder/'), w]),
      );
      expect(output(plan, weights, input)).toEqual(output(plain, alone, input));
    }
    input.dispose();
  });
});

describe('cross-stitched network', () => {
  const tasks = ['copy', 'segments', 'hue', 'move'];
  beforeAll(async () => {
    engine = await openEngine({ backend: 'wasm' });
    await run(recipeOf(['copy', 'height', 'kind']), 'joint');
  });

  it('hands on the first task’s code of the joint network, to the last bit', async () => {
    const context = createTestContext(engine, dataset, 'x');
    const data = await tasksOf(context, recipeOf(tasks), 2);
    const gather = await imagePools(
      context,
      'micro',
      data.map(({ task }) => task.input),
      ['source'],
    );
    const joint = createJoint(context, recipeOf(tasks), data, { sharing: 'cross-stitch', gather });
    const { tf, parameters, branches } = joint;
    const whole = branches.flatMap(({ trunk, own }) => [...trunk, ...own]);
    parameters.restore(scattered(whole, 8));
    const batch = Int32Array.from([0, 5, 9]);
    const [first] = branches;
    const path = [...(first?.trunk ?? []), ...(first?.own.slice(0, 1) ?? [])];
    const inJoint = valuesOf(tf, () => forward(tf, path, parameters.get, gather('source', 'rgb', batch)));
    const input = gather('source', 'rgb', batch);
    expect(output(encoderPlan('micro', 16, 1, 4), encoderWeights(joint), input)).toEqual(inJoint);
    // The others' codes are other mixtures of the same columns.
    const second = [...(branches[1]?.trunk ?? []), ...(branches[1]?.own.slice(0, 1) ?? [])];
    expect(valuesOf(tf, () => forward(tf, second, parameters.get, input))).not.toEqual(inJoint);
    input.dispose();
    parameters.dispose();
  });

  it('learns every head together, for pictures of every kind, and tells its units’ weights', async () => {
    const own = new Map<string, Uint8Array>();
    const { curve, tables } = await run(recipeOf(tasks), 'm', own);
    expect(curve.at(-1)?.trainLoss).toBeLessThan(curve[1]?.trainLoss as number);
    expect(curve.at(-1)?.selectionLoss).toBeLessThan(curve[0]?.selectionLoss as number);
    expect(fileOf('m', own).meta).toMatchObject({ columns: 4, adapter: 'none' });
    const [table] = tables ?? [];
    expect(table).toMatchObject({ name: 'Cross-stitch units', columns: tasks });
    expect(table?.rows).toHaveLength(3 * 4);
    expect(table?.rows.slice(3, 6)).toEqual(['conv1: move', 'conv2: copy', 'conv2: segments']);
    const mix = floatsOf(fileOf('m', own), 'encoder/column2/conv2-stitch/mix');
    const sizes = tasks.map((_, j) =>
      mix.slice(8 * j, 8 * j + 8).reduce((sum, a) => sum + Math.abs(a) / 8, 0),
    );
    near(table?.values[5] ?? [], sizes, 6);
    expect(sizes[1]).not.toBeCloseTo(0.9, 4);
    // What a unit takes away counts as much as what it adds.
    expect(mix.some((a) => a < 0)).toBe(true);
  });

  it('begins as one network, so that channels of the columns mean the same', async () => {
    const recipe = recipeOf(['copy', 'kind'], { ...STITCHED, 'learning-rate': 1e-9, 'stitch-rate': 0 });
    const { tables } = await run(
      { ...recipe, training: { ...recipe.training, learningRate: 1e-9 } },
      'still',
    );
    near(
      weightOf('still', 'encoder/column1/conv2/kernel'),
      weightOf('still', 'encoder/column2/conv2/kernel'),
    );
    expect(tables?.[0]?.values.flat().map((a) => a.toFixed(6))).toEqual(
      Array.from({ length: 6 }, (_, i) =>
        i % 2 === 0 ? ['0.900000', '0.100000'] : ['0.100000', '0.900000'],
      ).flat(),
    );
  });

  it('trains its units at a rate of their own', async () => {
    const moved = async (rate: number): Promise<number> => {
      await run(recipeOf(['copy', 'kind'], { ...STITCHED, 'stitch-rate': rate }), 'rate');
      return Math.abs((weightOf('rate', 'encoder/column1/code-stitch/mix')[0] as number) - 0.9);
    };
    expect(await moved(0)).toBeLessThan(1e-6);
    expect(await moved(5)).toBeGreaterThan(2 * (await moved(1)));
  });

  it('gives the same bits twice, and after an interruption', async () => {
    const again = new Map<string, Uint8Array>();
    const recipe = recipeOf(['copy', 'height', 'kind'], { ...STITCHED, 'stitch-rate': 2 });
    const whole = await run(recipe, 'joint', again);
    const controller = new AbortController();
    const context = createTestContext(engine, dataset, 'joint', { signal: controller.signal });
    const onProgress = ({ step }: { step: number }) => step >= 8 && controller.abort();
    await expect(executeRecipe(recipe, { ...context, onProgress })).rejects.toMatchObject({
      code: 'cancelled',
    });
    const resumed = createTestContext(engine, dataset, 'joint', { files: context.files });
    resumed.checkpoints.saved = context.checkpoints.saved;
    const result = await executeRecipe(recipe, resumed);
    expect(result.tables).toEqual(whole.tables);
    for (const name of ['joint/weights', 'joint/features-test-rgb'])
      expect(resumed.files.get(name)).toEqual(again.get(name));
  });

  it('leaves no tensor behind', async () => {
    const before = memoryCount(engine.tf).tensors;
    await run(recipeOf(['copy', 'hue']), 'leak');
    await run(transfer('fine-tune', { 'l2-sp': 1, unfreeze: 0.5 }), 'leak');
    await run(transfer('partial', { freeze: 'stop-gradient' }), 'leak');
    expect(memoryCount(engine.tf).tensors).toBe(before);
  });

  it('refuses networks that are no stack of convolutions', async () => {
    const recipe = { ...recipeOf(['copy', 'kind']), preset: 'resnet50' as const };
    await expect(run(recipe, 'r')).rejects.toThrow('stacks of convolutions');
    await expect(run(recipeOf(['copy', 'kind'], { sharing: 'stitch' }), 'r')).rejects.toThrow('cross-stitch');
  });
});

describe('cross-stitched source', () => {
  beforeAll(async () => {
    engine = await openEngine({ backend: 'wasm' });
    await run(recipeOf(['copy', 'height', 'kind']), 'joint');
  });
  const CONV1 = 'encoder/column3/conv1/kernel';
  const finite = (losses: Float32Array | null): boolean => losses?.every(Number.isFinite) ?? false;

  it.each(['code', 'conv2', 'conv1'])('can be read at %s, where the first column goes on', async (layer) => {
    const context = createTestContext(engine, dataset, 'x', { files });
    const { shape, values } = await readFeatures(context, 'joint', 'test', 'rgb', async () => {}, layer);
    expect(shape).toEqual(encoderUpTo('micro', 16, layer).shape);
    expect(values).toHaveLength(20 * shape.side ** 2 * shape.channels);
    expect(finite((await run(transfer('features', { layer }), 'f')).testLosses)).toBe(true);
    // What is read at an earlier layer is what the next layer of the first column sees.
    const plan = encoderUpTo('micro', 16, layer, 3).plan;
    expect(plan.at(-1)?.streams[0]?.[0]).toMatchObject({ kind: 'stitch', own: 1, columns: 3 });
  });

  it('stays as it is under a readout, and every layer of every column moves in fine-tuning', async () => {
    const before = files.get('joint/weights')?.slice();
    expect(finite((await run(transfer('readout'), 'r')).testLosses)).toBe(true);
    const { testLosses } = await run(transfer('fine-tune', { 'l2-sp': 0.1, 'layer-decay': 0.5 }), 'tuned');
    expect(finite(testLosses)).toBe(true);
    expect(files.get('joint/weights')).toEqual(before);
    const { weights } = await readSource(createTestContext(engine, dataset, 'x', { files }), 'joint');
    for (const [name, w] of weights) expect(weightOf('tuned', name), name).not.toEqual(w);
    expect(fileOf('tuned').meta).toMatchObject({ columns: 3 });
  });

  it('with a rate of 0 fine-tuning starts at the source and stays there', async () => {
    await run(transfer('fine-tune', { 'encoder-rate': 0 }), 'fixed');
    for (const [name, w] of fileOf('joint').arrays) expect(weightOf('fixed', name)).toEqual(w);
  });

  it('has rates and depth by layer, not by column', async () => {
    const names = [...fileOf('joint').arrays.keys()];
    const groups = fineTuneGroups(names, { rate: 0.4, decay: 0.5, unfreeze: 0 });
    expect(groups.map(({ rate }) => rate)).toEqual([1, 0.1, 0.2, 0.4]);
    expect(groups.map((group) => group.names.length)).toEqual([0, 9, 9, 7]);
    expect(groups[1]?.names).toContain('encoder/column2/conv1-stitch/mix');
    const ways: MethodOptions[] = [{}, { cache: false }, { freeze: 'stop-gradient', cache: false }];
    for (const options of ways) {
      await run(transfer('partial', options), 'part');
      const moved = names.filter((name) => {
        const [a, b] = [weightOf('part', name), weightOf('joint', name)];
        return a.some((x, i) => x !== b[i]);
      });
      expect(moved.sort()).toEqual(names.filter((name) => name.includes('/code')).sort());
    }
    await run(transfer('partial', { depth: 0, train: 'column2/conv2$' }), 'named');
    expect(weightOf('named', 'encoder/column2/conv2/kernel')).not.toEqual(
      weightOf('joint', 'encoder/column2/conv2/kernel'),
    );
    expect(weightOf('named', CONV1)).toEqual(weightOf('joint', CONV1));
    expect(weightOf('named', 'encoder/column1/conv2/kernel')).toEqual(
      weightOf('joint', 'encoder/column1/conv2/kernel'),
    );
  });

  it('keeps its columns through a chain, and answers for an ensemble', async () => {
    await run(transfer('fine-tune'), 'via');
    for (const method of ['readout', 'fine-tune', 'partial'])
      expect(finite((await run(transfer(method, {}, 'via'), `c-${method}`)).testLosses)).toBe(true);
    expect(fileOf('c-partial').meta).toMatchObject({ columns: 3 });
    const context = createTestContext(engine, dataset, 'x', { files });
    const codes = (of: string) => readFeatures(context, of, 'test', 'rgb', async () => {});
    expect((await codes('via')).values).not.toEqual((await codes('joint')).values);
    const members = [{ fingerprint: 'via', key: 'via' }];
    const { testLosses } = await run({ ...transfer('ensemble'), members }, 'e');
    const alone = await run(transfer('fine-tune'), 'alone');
    near(testLosses as Float32Array, alone.testLosses as Float32Array, 4);
  });

  it('adapts to K shots with all of its columns', async () => {
    const context = createTestContext(engine, dataset, 'x', { files });
    const shots = { shots: 8, draw: 0, steps: 3, seed: 1 };
    const curve = async (source: Parameters<typeof heldOutCurve>[2]): Promise<number[]> =>
      heldOutCurve(context, 'micro', source, 'segments', shots);
    const source = await readSource(context, 'joint');
    const found = await curve(source);
    expect(found.at(-1)).toBeLessThan(found[0] as number);
    const other = [...source.weights].map(
      ([name, w]) => [name, name.includes('column3') ? w.map(() => 0) : w] as const,
    );
    expect(await curve({ ...source, weights: new Map(other) })).not.toEqual(found);
  });

  it('costs all of its columns wherever it is run', () => {
    const [plain, stitched] = [encoderPlan('tiny', 64), encoderPlan('tiny', 64, 1, 3)];
    const units = 3 * (256 * 24 + 64 * 32 + 64 * 32) + 64 * 8;
    expect(forwardFlops(stitched)).toBe(3 * forwardFlops(plain) + 2 * 3 * units);
    const shapeOf = (id: string) => dataset.tasks.find((task) => task.id === id) as (typeof dataset.tasks)[0];
    const joint = recipeOf(['copy', 'height', 'kind']);
    const known = (fingerprint: string): Recipe | undefined => (fingerprint === 'joint' ? joint : undefined);
    const price = (recipe: PretrainRecipe | TransferRecipe, of = known) =>
      recipeFlops(recipe, shapeOf, 1, of);
    const [three, one] = [encoderPlan('micro', 16, 1, 3), encoderPlan('micro', 16)].map(forwardFlops) as [
      number,
      number,
    ];
    const hard = price(recipeOf(['copy', 'height', 'kind'], {}));
    expect(price(joint)).toBeGreaterThan(hard + 60 * (three - one));
    // Fine-tuning from it, and from what was fine-tuned from it, trains three columns; a readout does not.
    const steps = 9 * 8;
    const tune = (of?: typeof known) => price(transfer('fine-tune'), of);
    expect(tune() - tune(() => undefined)).toBeGreaterThan(steps * 2 * (three - one));
    const chain = (fingerprint: string) =>
      fingerprint === 'via' ? transfer('fine-tune') : known(fingerprint);
    expect(price(transfer('partial', {}, 'via'), chain)).toBe(tune());
    expect(price(transfer('readout'))).toBe(price(transfer('readout'), () => undefined));
  });
});
