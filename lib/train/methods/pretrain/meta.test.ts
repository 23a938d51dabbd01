import type { Scalar } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { defaultTraining } from '@/lib/science/catalog/presets';
import type { LayerPlan } from '@/lib/science/catalog/presets-layers';
import { createRng, type MethodOptions, type PretrainRecipe, type TransferRecipe } from '@/lib/science/core';
import { adapt, differenceCurvature, type MetaTask, metaGradient } from '@/lib/science/learning';
import { type Engine, memoryCount, openEngine } from '../../engine';
import { createParameters, forward, initialWeights, pickWeights } from '../../networks';
import { unpackFile } from '../container';
import { executeRecipe } from '../index';
import { createTestContext } from '../testing/context';
import { poisonedLabels } from '../testing/poisoned-labels';
import { createShapesDataset } from '../testing/shapes-dataset';
import { adaptationCurve, searchRate } from './adaptation';
import { imagePools, tasksOf } from './common';
import { flatNetwork } from './flat-network';
import { createLearner, DIFFERENCE, type Examples, episode } from './learner';

let engine: Engine;
const dataset = createShapesDataset();
const base = { dataset: dataset.spec, version: 1, preset: 'micro' as const, seed: 1 };
const training = { ...defaultTraining('micro', 'source'), epochs: 3 };

const recipeOf = (options: MethodOptions = {}, more: Partial<PretrainRecipe> = {}): PretrainRecipe => ({
  ...base,
  kind: 'pretrain',
  method: 'meta',
  options: { shots: 6, 'inner-steps': 2, ...options },
  tasks: ['place', 'segments'],
  sources: [],
  training,
  ...more,
});

const run = async (recipe: PretrainRecipe, on = dataset, files = new Map<string, Uint8Array>()) => {
  const result = await executeRecipe(recipe, createTestContext(engine, on, 'm', { files }));
  return { result, files, weights: unpackFile(files.get('m/weights') as Uint8Array).arrays };
};

const norm = (v: Float64Array): number => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
const minus = (a: Float64Array, b: Float64Array): Float64Array => a.map((x, i) => x - (b[i] as number));
const dot = (a: Float64Array, b: Float64Array): number =>
  a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
const draw = (seed: number, size: number): Float64Array => {
  const rng = createRng(seed);
  return Float64Array.from({ length: size }, () => rng.normal());
};

async function learnerOf(id: string) {
  const context = createTestContext(engine, dataset, 'learner');
  const [task] = await tasksOf(context, recipeOf({}, { tasks: [id, 'copy'] }), 2);
  if (!task) throw new Error('no task');
  const gather = await imagePools(context, 'micro', [task.task.input], ['source', 'selection']);
  const learner = createLearner(context, 'micro', task, gather);
  const examples = (...indices: number[]): Examples => ({
    pool: 'source',
    labels: task.labels,
    indices: Int32Array.from(indices),
  });
  const encoder = pickWeights(initialWeights(learner.plan, createRng(5)), /^encoder\//);
  return { learner, examples, encoder };
}

beforeAll(async () => {
  engine = await openEngine({ backend: 'wasm' });
});

describe('the search for a rate', () => {
  it('hands over after every trial: worker and lease are not forgotten while a large network is tried', async () => {
    const { learner, examples, encoder } = await learnerOf('place');
    const known = examples(0, 1, 2);
    const trial = { start: learner.start(encoder, known, [1]), known, asked: examples(3, 4, 5) };
    let turns = 0;
    const rate = await searchRate(learner, [trial, trial], 1, async () => {
      turns++;
    });
    expect(rate).toBeGreaterThan(0);
    expect(turns).toBe(28);
    const curve = await adaptationCurve(learner, trial.start, rate, 3, trial, async () => {
      turns++;
    });
    expect(curve).toHaveLength(4);
    expect(turns).toBe(31);
    learner.dispose();
  });

  it('ends at once when its run is stopped', async () => {
    const stop = new AbortController();
    const before = memoryCount(engine.tf);
    const context = { ...createTestContext(engine, dataset, 'stopped'), signal: stop.signal };
    const going = executeRecipe(recipeOf({ 'inner-steps': 50 }), context);
    stop.abort();
    await expect(going).rejects.toMatchObject({ code: 'cancelled' });
    expect(memoryCount(engine.tf)).toEqual(before);
  });
});

describe('second derivatives by differences of gradients', () => {
  const plan: LayerPlan = [
    { streams: [[{ kind: 'dense', name: 'encoder/x', inSize: 4, outSize: 3, activation: 'linear' }]] },
  ];

  /** Mean squared error of a linear layer: a quadratic, on the engine and in closed form. */
  function quadratic(rows: number, seed: number) {
    const { tf } = engine;
    const [x, y] = [draw(seed, rows * 4), draw(seed + 1, rows * 3)];
    const parameters = createParameters(tf, plan, initialWeights(plan, createRng(1)));
    const network = flatNetwork(tf, parameters, parameters.names);
    const loss = (): Scalar => {
      const output = forward(tf, plan, parameters.get, tf.tensor(Float32Array.from(x), [rows, 4]));
      return tf.mean(tf.square(tf.sub(output, tf.tensor(Float32Array.from(y), [rows, 3])))) as Scalar;
    };
    // w is the kernel (4 × 3) and then the bias (3).
    const derivative = (w: Float64Array, target: Float64Array): { loss: number; gradient: Float64Array } => {
      const gradient = new Float64Array(15);
      let sum = 0;
      for (let r = 0; r < rows; r++) {
        for (let o = 0; o < 3; o++) {
          let error = (w[12 + o] as number) - (target[r * 3 + o] as number);
          for (let i = 0; i < 4; i++) error += (x[r * 4 + i] as number) * (w[i * 3 + o] as number);
          sum += error * error;
          const scale = (2 * error) / (rows * 3);
          for (let i = 0; i < 4; i++)
            gradient[i * 3 + o] = (gradient[i * 3 + o] as number) + scale * (x[r * 4 + i] as number);
          gradient[12 + o] = (gradient[12 + o] as number) + scale;
        }
      }
      return { loss: sum / (rows * 3), gradient };
    };
    return {
      onEngine: (w: Float64Array) => network.slope(w, loss),
      exact: (w: Float64Array) => derivative(w, y),
      curvature: (v: Float64Array) => derivative(v, new Float64Array(rows * 3)).gradient,
      dispose: () => parameters.dispose(),
    };
  }

  it('give the Hessian’s product and the meta-gradient of a quadratic to 1e-3 in single precision', () => {
    const [support, query] = [quadratic(6, 10), quadratic(8, 20)];
    const [w, v] = [draw(3, 15), draw(4, 15)];
    const product = differenceCurvature((at) => support.onEngine(at).gradient, w, v, DIFFERENCE);
    const expected = support.curvature(v);
    expect(norm(minus(product, expected)) / norm(expected)).toBeLessThan(1e-3);
    const exact: MetaTask = {
      support: support.exact,
      query: query.exact,
      curvature: (_, u) => support.curvature(u),
    };
    const measured: MetaTask = {
      support: support.onEngine,
      query: query.onEngine,
      curvature: (at, u) => differenceCurvature((p) => support.onEngine(p).gradient, at, u, DIFFERENCE),
    };
    const [truth, found] = [metaGradient(exact, w, 0.1, 5), metaGradient(measured, w, 0.1, 5)];
    expect(norm(minus(found.gradient, truth.gradient)) / norm(truth.gradient)).toBeLessThan(1e-3);
    expect(norm(minus(found.rateGradient, truth.rateGradient)) / norm(truth.rateGradient)).toBeLessThan(1e-3);
    const { gradient: firstOrder } = metaGradient({ ...measured, curvature: undefined as never }, w, 0.1, 5);
    expect(norm(minus(firstOrder, truth.gradient)) / norm(truth.gradient)).toBeGreaterThan(0.2);
    support.dispose();
    query.dispose();
  });

  it('follow the slope of the adapted loss of a network, which the first order misses', async () => {
    const { learner, examples, encoder } = await learnerOf('segments');
    const support = [examples(0, 1, 2, 3, 4, 5)];
    const at = (secondOrder: boolean) => episode(learner, support, examples(10, 11, 12, 13), secondOrder);
    const fresh = learner.start(encoder, support[0] as Examples, [1]);
    const start = adapt(at(false), fresh, 0.3, 20);
    const adapted = (w: Float64Array): number => {
      const task = at(false);
      return task.query(adapt(task, w, 0.3, 3)).loss;
    };
    const direction = metaGradient(at(true), start, 0.3, 3).gradient;
    const step = 3e-3 / norm(direction);
    const ahead = adapted(start.map((x, i) => x + step * (direction[i] as number)));
    const behind = adapted(start.map((x, i) => x - step * (direction[i] as number)));
    const slope = (ahead - behind) / (2 * step);
    const error = (found: Float64Array): number => Math.abs(dot(found, direction) / slope - 1);
    expect(error(direction)).toBeLessThan(0.02);
    expect(error(metaGradient(at(false), start, 0.3, 3).gradient)).toBeGreaterThan(0.3);
    learner.dispose();
  });
});

it('no inner step is longer than four times the first of its episode', async () => {
  const { learner, examples, encoder } = await learnerOf('place');
  const known = examples(0, 1, 2, 3);
  const start = learner.start(encoder, known, [1]);
  const far = start.map((x) => 10 * x + 1);
  const task = episode(learner, [known], known, false);
  const first = norm(task.support(start).gradient);
  expect(norm(learner.slope(far, known).gradient)).toBeGreaterThan(100 * first);
  expect(norm(task.support(far).gradient)).toBeCloseTo(4 * first, 5);
  const runaway = adapt(episode(learner, [known], known, false), start, 50, 20);
  expect(runaway.every(Number.isFinite)).toBe(true);
  learner.dispose();
});

describe('meta', () => {
  const algorithms = ['maml', 'first-order', 'reptile', 'meta-sgd'];

  it.each(algorithms)(
    '%s: a few steps from its encoder serve its tasks better than from a random one',
    async (algorithm) => {
      const tasks = ['segments', 'copy'];
      const options = { algorithm, shots: 8, 'inner-steps': 3 };
      const least = async (changes: Partial<typeof training>): Promise<number> => {
        const { result, weights } = await run(
          recipeOf(options, { tasks, training: { ...training, ...changes } }),
        );
        expect([...weights.keys()].every((name) => name.startsWith('encoder/'))).toBe(true);
        const found = Math.min(
          ...result.curve.map((point) => point.selectionLoss ?? Number.POSITIVE_INFINITY),
        );
        const [table] = result.tables ?? [];
        expect(table).toMatchObject({
          name: 'Adaptation',
          rows: tasks,
          columns: ['0', '1', '2', '3', '4', '5'],
        });
        // After as many steps as an episode has: what the best weights were chosen by.
        const after = (table?.values ?? []).reduce((sum, row) => sum + (row[3] as number) / 2, 0);
        expect(after).toBeCloseTo(found, 5);
        return found;
      };
      expect(await least({})).toBeLessThan(0.95 * (await least({ epochs: 1, learningRate: 1e-9 })));
    },
  );

  it('every algorithm finds an encoder of its own', async () => {
    const kernels = [];
    for (const algorithm of algorithms) {
      const { weights } = await run(recipeOf({ algorithm }, { training: { ...training, epochs: 1 } }));
      kernels.push([...(weights.get('encoder/conv1/kernel') as Float32Array)].join());
    }
    expect(new Set(kernels).size).toBe(algorithms.length);
  });

  it.each(['maml', 'meta-sgd'])('%s goes on after an interruption to the same numbers', async (algorithm) => {
    const recipe = recipeOf({ algorithm }, { training: { ...training, epochs: 2 } });
    const whole = await run(recipe);
    const controller = new AbortController();
    const context = createTestContext(engine, dataset, 'm', { signal: controller.signal });
    const interrupted = executeRecipe(recipe, {
      ...context,
      onProgress: ({ step }) => step >= 5 && controller.abort(),
    });
    await expect(interrupted).rejects.toMatchObject({ code: 'cancelled' });
    const resumed = createTestContext(engine, dataset, 'm');
    resumed.checkpoints.saved = context.checkpoints.saved;
    const result = await executeRecipe(recipe, resumed);
    expect(result.curve).toEqual(whole.result.curve);
    expect(resumed.files.get('m/weights')).toEqual(whole.files.get('m/weights'));
  });

  it('never learns from the labels of the transfer and test pools', async () => {
    const recipe = recipeOf({}, { tasks: ['place', 'kind'], training: { ...training, epochs: 1 } });
    const honest = (await run(recipe)).weights;
    expect((await run(recipe, poisonedLabels(dataset))).weights).toEqual(honest);
  });

  it('is a source of transfers', async () => {
    const { files } = await run(recipeOf());
    const recipe: TransferRecipe = {
      ...base,
      kind: 'transfer',
      method: 'fine-tune',
      task: 'kind',
      sources: [{ task: 'meta', fingerprint: 'm' }],
      images: 24,
      training: defaultTraining('micro', 'transfer'),
    };
    const result = await executeRecipe(recipe, createTestContext(engine, dataset, 't', { files }));
    expect(result.testLosses?.every(Number.isFinite)).toBe(true);
  });

  it('says so when the pool is too small for an episode', async () => {
    await expect(run(recipeOf({ shots: 45 }))).rejects.toThrow('45 support images');
  });

  it('leaves no tensor behind', async () => {
    const before = memoryCount(engine.tf).tensors;
    await run(recipeOf({ algorithm: 'meta-sgd' }, { training: { ...training, epochs: 1 } }));
    expect(memoryCount(engine.tf).tensors).toBe(before);
  });
});
