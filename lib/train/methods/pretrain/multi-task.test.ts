import type { NamedTensorMap, Scalar, Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { recipeFlops } from '@/lib/science/catalog/costs';
import { forwardFlops } from '@/lib/science/catalog/flops';
import { defaultTraining } from '@/lib/science/catalog/presets';
import { encoderPlan } from '@/lib/science/catalog/presets-layers';
import { createRng, type MethodOptions, type PretrainRecipe, type TransferRecipe } from '@/lib/science/core';
import { pairwiseTie } from '@/lib/science/learning';
import { type Engine, memoryCount, openEngine } from '../../engine';
import { unpackFile } from '../container';
import { executeRecipe } from '../index';
import { createTestContext } from '../testing/context';
import { poisonedLabels } from '../testing/poisoned-labels';
import { createShapesDataset } from '../testing/shapes-dataset';
import { imagePools, tasksOf } from './common';
import { createJoint, encoderTensors, type Joint, type Sharing, taskLosses } from './joint';
import { combineLosses, tieLoss } from './joint-loss';
import { lookAhead } from './task-affinity';

let engine: Engine;
const dataset = createShapesDataset();
const base = { dataset: dataset.spec, version: 1, preset: 'micro' as const, seed: 1 };
const training = { ...defaultTraining('micro', 'source'), epochs: 4 };

const recipeOf = (tasks: readonly string[], options: MethodOptions = {}): PretrainRecipe => ({
  ...base,
  kind: 'pretrain',
  method: 'multi-task',
  options,
  tasks,
  sources: [],
  training,
});

const run = async (recipe: PretrainRecipe, on = dataset, files = new Map<string, Uint8Array>()) => {
  const result = await executeRecipe(recipe, createTestContext(engine, on, 'm', { files }));
  const stored = unpackFile(files.get('m/weights') as Uint8Array);
  return { result, files, stored, weights: stored.arrays };
};

async function jointOf(tasks: readonly string[], sharing: Sharing): Promise<Joint> {
  const recipe = recipeOf(tasks);
  const context = createTestContext(engine, dataset, 'joint');
  const data = await tasksOf(context, recipe, 2);
  const kinds = data.map(({ task }) => task.input);
  const gather = await imagePools(context, 'micro', kinds, ['source']);
  return createJoint(context, recipe, data, { sharing, gather });
}

/** Gradient of a loss by the named parameters. */
function slopes(joint: Joint, names: readonly string[], loss: () => Scalar): Map<string, Float32Array> {
  const { tf, parameters } = joint;
  const variables = names.map((name) => parameters.get(name));
  const { value, grads } = tf.variableGrads(loss, variables) as { value: Scalar; grads: NamedTensorMap };
  const found = new Map(
    variables.map((variable, i) => [
      names[i] as string,
      (grads[variable.name]?.dataSync() ?? new Float32Array(0)).slice() as Float32Array,
    ]),
  );
  tf.dispose([value, grads as never]);
  return found;
}

const near = (values: ArrayLike<number>, expected: ArrayLike<number>, digits = 5): void => {
  expect(values).toHaveLength(expected.length);
  for (let i = 0; i < expected.length; i++) expect(values[i]).toBeCloseTo(expected[i] as number, digits);
};
const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.sqrt(Array.from(a, (x, i) => (x - (b[i] as number)) ** 2).reduce((sum, d) => sum + d, 0));

beforeAll(async () => {
  engine = await openEngine({ backend: 'wasm' });
});

describe('its price', () => {
  it('is what the run counts: one trunk for each kind of picture, or a network for each task', async () => {
    const shapeOf = (id: string) => dataset.tasks.find((task) => task.id === id) as (typeof dataset.tasks)[0];
    const { transfer, selection, test } = dataset.spec.pools;
    for (const sharing of ['hard', 'soft', 'cross-stitch']) {
      const recipe = recipeOf(['copy', 'hue', 'height'], { sharing });
      const { cost } = (await run(recipe)).result;
      const encoder = encoderPlan('micro', dataset.size, 1, sharing === 'cross-stitch' ? 3 : 1);
      // The codes that a source leaves are priced too, and are no training.
      const codes = (transfer + selection + test) * forwardFlops(encoder);
      const ratio = (recipeFlops(recipe, shapeOf) - codes) / cost.flops;
      // The last units of the other columns are no part of the encoder that is priced.
      expect(Math.abs(ratio - 1)).toBeLessThan(sharing === 'cross-stitch' ? 0.005 : 1e-12);
    }
  });
});

describe('joint loss', () => {
  const batch = Int32Array.from([0, 5, 9, 17]);

  it('has the weighted mean of the tasks’ gradients at the trunk', async () => {
    const tasks = ['copy', 'segments', 'hue', 'kind', 'move'];
    const joint = await jointOf(tasks, 'hard');
    const { tf } = joint;
    const trunk = joint.parameters.matching(/^encoder\//);
    const fixed = [1, 2, 0.5, 1, 3];
    const names = joint.branches.map(({ spec }) => spec.name);
    const whole = slopes(joint, trunk, () =>
      combineLosses(tf, taskLosses(joint, batch, 0), names, { fixed }),
    );
    const own = tasks.map((_, i) => slopes(joint, trunk, () => taskLosses(joint, batch, 0)[i] as Scalar));
    for (const name of trunk) {
      const sum = (whole.get(name) as Float32Array).map((__, k) =>
        own.reduce((s, one, i) => s + ((fixed[i] as number) * (one.get(name)?.[k] ?? 0)) / tasks.length, 0),
      );
      near(whole.get(name) as Float32Array, sum);
    }
    expect(own.every((one) => one.get('encoder/conv1/kernel')?.some((slope) => slope !== 0))).toBe(true);
    joint.parameters.dispose();
  });

  it('weighs a task by its noise as the likelihood says, least at the noise that it has', () => {
    const { tf } = engine;
    const value = (name: 'l1' | 'l2' | 'cross-entropy', loss: number, s: number): number =>
      tf.tidy(() => {
        const logVariance = tf.tensor1d([s]);
        return combineLosses(tf, [tf.scalar(loss)], [name], { logVariance }).dataSync()[0] as number;
      });
    expect(value('l2', 0.3, 0.4)).toBeCloseTo((Math.exp(-0.4) * 0.3) / 2 + 0.2, 6);
    expect(value('l1', 0.3, 0.4)).toBeCloseTo(Math.exp(-0.2) * 0.3 + 0.2, 6);
    expect(value('cross-entropy', 0.3, 0.4)).toBeCloseTo(Math.exp(-0.4) * 0.3 + 0.2, 6);
    // σ² = L for the Gaussian, b = L for the Laplacian.
    for (const [name, best] of [
      ['l2', Math.log(0.3)],
      ['l1', 2 * Math.log(0.3)],
    ] as const) {
      for (const off of [-0.1, 0.1])
        expect(value(name, 0.3, best + off)).toBeGreaterThan(value(name, 0.3, best));
    }
  });

  it('ties networks by the reference’s loss and gradient', () => {
    const { tf } = engine;
    const rng = createRng(3);
    const draw = (size: number) => Float32Array.from({ length: size }, () => rng.normal());
    const numbers = [0, 1, 2].map(() => [draw(6), draw(2)] as const);
    const expected = pairwiseTie(
      numbers.map(([a, b]) => [...a, ...b]),
      0.7,
    );
    const flat = numbers.flatMap(([a, b]) => [tf.tensor(a, [2, 3]), tf.tensor(b)]);
    const { value, grads } = tf.valueAndGrads((...tensors: Tensor[]) => {
      const groups = [0, 2, 4].map((at) => tensors.slice(at, at + 2));
      return tieLoss(tf, groups, 0.7);
    })(flat);
    expect(value.dataSync()[0]).toBeCloseTo(expected.loss, 4);
    [0, 1, 2].forEach((t) => {
      const own = [...(grads[2 * t]?.dataSync() ?? []), ...(grads[2 * t + 1]?.dataSync() ?? [])];
      near(own, expected.gradients[t] as Float64Array, 4);
    });
    tf.dispose([value, grads, flat] as never);
  });

  it('draws tied networks together, the stronger the nearer', async () => {
    const joint = await jointOf(['copy', 'kind'], 'soft');
    const { tf, parameters } = joint;
    const names = parameters.matching(/^networks\//);
    const start = parameters.snapshot(names);
    const apart = (): number => {
      const [a, b] = encoderTensors(joint).map((own) => own.flatMap((w) => [...w.dataSync()]));
      return distance(a as number[], b as number[]);
    };
    expect(apart()).toBe(0);
    const trainedApart = (strength: number): number => {
      parameters.restore(start);
      for (let step = 0; step < 20; step++) {
        const found = slopes(joint, names, () => {
          const sum = combineLosses(tf, taskLosses(joint, batch, step), ['l1', 'l2'], { fixed: [1, 1] });
          return tf.add(sum, tieLoss(tf, encoderTensors(joint), strength));
        });
        parameters.restore(
          new Map(
            [...parameters.snapshot(names)].map(([name, w]) => [
              name,
              w.map((x, i) => x - 0.05 * (found.get(name)?.[i] ?? 0)),
            ]),
          ),
        );
      }
      return apart();
    };
    const [free, loose, tight] = [trainedApart(0), trainedApart(0.3), trainedApart(3)] as const;
    expect(loose).toBeLessThan(0.8 * free);
    expect(tight).toBeLessThan(0.2 * free);
    parameters.dispose();
  });
});

describe('task affinity', () => {
  it('is the share of a loss that a step for another task takes away', async () => {
    const joint = await jointOf(['copy', 'height', 'kind'], 'hard');
    const { tf, parameters } = joint;
    const trunk = parameters.matching(/^encoder\//);
    const batch = Int32Array.from([1, 4, 30, 41]);
    const before = parameters.snapshot();
    const found = lookAhead(joint, [batch], 0.02);
    expect(parameters.snapshot()).toEqual(before);
    const losses = () => taskLosses(joint, batch, 0).map((loss) => loss.dataSync()[0] as number);
    const now = tf.tidy(losses);
    [0, 1, 2].forEach((i) => {
      const step = slopes(joint, trunk, () => taskLosses(joint, batch, 0)[i] as Scalar);
      const moved = [...step].map(([name, g]): [string, Float32Array] => [
        name,
        (before.get(name) as Float32Array).map((w, k) => w - 0.02 * (g[k] as number)),
      ]);
      parameters.restore(new Map(moved));
      const ahead = tf.tidy(losses);
      near(
        found.subarray(3 * i, 3 * i + 3),
        ahead.map((loss, j) => 1 - loss / (now[j] as number)),
        4,
      );
      parameters.restore(before);
      expect(found[4 * i]).toBeGreaterThan(0);
    });
    parameters.dispose();
  });

  it('comes with a joint training as a table, the mean of its evaluations', async () => {
    const { result } = await run(recipeOf(['copy', 'segments']));
    const [table] = result.tables ?? [];
    expect(table).toMatchObject({ rows: ['copy', 'segments'], columns: ['copy', 'segments'] });
    expect(table?.values[0]?.[0]).toBeGreaterThan(0);
    expect(table?.values[1]?.[1]).toBeGreaterThan(0);
    expect((await run(recipeOf(['copy', 'segments'], { sharing: 'soft' }))).result.tables).toBeUndefined();
  });
});

describe('multi-task', () => {
  const all = ['copy', 'height', 'segments', 'hue', 'place', 'islands', 'move', 'kind'];

  it.each<[string, MethodOptions]>([
    ['one trunk, learned weights', {}],
    ['one trunk, fixed weights', { weighting: 'fixed', weights: '1+1+2+1+1+0.5+1+0' }],
    ['tied networks', { sharing: 'soft', tie: 0.01 }],
  ])('learns every head together (%s)', async (_, options) => {
    const { result, weights, stored } = await run(recipeOf(all, options));
    const [first, last] = [result.curve[1], result.curve.at(-1)];
    expect(last?.trainLoss).toBeLessThan(first?.trainLoss as number);
    expect(last?.selectionLoss).toBeLessThan(first?.selectionLoss as number);
    expect([...weights.keys()].every((name) => name.startsWith('encoder/'))).toBe(true);
    expect(weights.get('encoder/code/kernel')).toHaveLength(8 * 4);
    expect(stored.meta).toMatchObject({ adapter: 'none', recipe: { kind: 'pretrain', tasks: all } });
    expect(result).toMatchObject({ testLosses: null, artifacts: expect.arrayContaining(['m/weights']) });
  });

  it('lets every task shape the trunk, and by the tie the first network', async () => {
    const encoder = async (tasks: readonly string[], options: MethodOptions) =>
      (await run(recipeOf(tasks, options))).weights.get('encoder/conv1/kernel');
    const [a, b] = [
      ['copy', 'kind'],
      ['copy', 'place'],
    ] as const;
    expect(await encoder(a, {})).not.toEqual(await encoder(b, {}));
    const soft = { sharing: 'soft', weighting: 'fixed' };
    expect(await encoder(a, { ...soft, tie: 1 })).not.toEqual(await encoder(b, { ...soft, tie: 1 }));
    // Networks that are not tied do not know of each other.
    expect(await encoder(a, { ...soft, tie: 0 })).toEqual(await encoder(b, { ...soft, tie: 0 }));
  });

  it('is a source of transfers', async () => {
    const { files } = await run(recipeOf(['copy', 'segments']));
    for (const method of ['readout', 'fine-tune']) {
      const recipe: TransferRecipe = {
        ...base,
        kind: 'transfer',
        method,
        task: 'kind',
        sources: [{ task: 'joint', fingerprint: 'm' }],
        images: 24,
        training: { ...defaultTraining('micro', 'transfer'), epochs: 4 },
      };
      const result = await executeRecipe(recipe, createTestContext(engine, dataset, method, { files }));
      expect(result.testLosses).toHaveLength(20);
      expect(result.testLosses?.every(Number.isFinite)).toBe(true);
    }
  });

  it('never learns from the labels of the transfer and test pools', async () => {
    const recipe = recipeOf(['copy', 'height', 'kind']);
    const honest = (await run(recipe)).weights;
    expect((await run(recipe, poisonedLabels(dataset))).weights).toEqual(honest);
  });

  it('goes on after an interruption to the same numbers', async () => {
    const recipe = recipeOf(['copy', 'kind']);
    const whole = await run(recipe);
    const controller = new AbortController();
    const context = createTestContext(engine, dataset, 'm', { signal: controller.signal });
    const interrupted = executeRecipe(recipe, {
      ...context,
      onProgress: ({ step }) => step >= 8 && controller.abort(),
    });
    await expect(interrupted).rejects.toMatchObject({ code: 'cancelled' });
    const resumed = createTestContext(engine, dataset, 'm', { files: context.files });
    resumed.checkpoints.saved = context.checkpoints.saved;
    expect(context.checkpoints.saved).not.toBeNull();
    const result = await executeRecipe(recipe, resumed);
    expect(result.curve).toEqual(whole.result.curve);
    expect(result.tables).toEqual(whole.result.tables);
    expect(resumed.files.get('m/weights')).toEqual(whole.files.get('m/weights'));
  });

  it.each<[string, readonly string[], MethodOptions, string]>([
    ['one task', ['copy'], {}, 'at least 2'],
    ['a task twice', ['copy', 'copy'], {}, 'at least 2'],
    ['a source that nobody trains', ['copy', 'random'], {}, 'no labels'],
    ['too few weights', ['copy', 'kind'], { weighting: 'fixed', weights: '1' }, '2 tasks'],
    ['weights that are none', ['copy', 'kind'], { weights: '1+x' }, 'options.weights'],
  ])('refuses %s', async (_, tasks, options, message) => {
    await expect(run(recipeOf(tasks, options))).rejects.toThrow(message);
  });

  it('leaves no tensor behind', async () => {
    const before = memoryCount(engine.tf).tensors;
    await run(recipeOf(['copy', 'hue']));
    await run(recipeOf(['copy', 'hue'], { sharing: 'soft' }));
    expect(memoryCount(engine.tf).tensors).toBe(before);
  });
});
