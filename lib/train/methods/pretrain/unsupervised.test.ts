import { createHash } from 'node:crypto';
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { recipeFlops } from '@/lib/science/catalog/costs';
import { defaultTraining } from '@/lib/science/catalog/presets';
import { encoderPlan, planLayers } from '@/lib/science/catalog/presets-layers';
import {
  createRng,
  type MethodOptions,
  type PresetName,
  type PretrainRecipe,
  type Recipe,
} from '@/lib/science/core';
import { contrastiveStep, hiddenProbabilities } from '@/lib/science/learning';
import { type Engine, memoryCount, openEngine } from '../../engine';
import { floatsOf, unpackFile } from '../container';
import { executeRecipe } from '../index';
import { meanLoss } from '../losses';
import { createTestContext } from '../testing/context';
import { createShapesDataset } from '../testing/shapes-dataset';
import { contrastiveDivergence, type Machine } from './boltzmann';

let engine: Engine;
const dataset = createShapesDataset();
const common = { dataset: dataset.spec, version: 1, seed: 1 };

const pretrain = (
  method: string,
  preset: PresetName,
  options: MethodOptions = {},
  more: Partial<PretrainRecipe> = {},
): PretrainRecipe => ({
  ...common,
  kind: 'pretrain',
  method,
  options,
  tasks: [],
  sources: [],
  preset,
  training: { ...defaultTraining(preset, 'source'), epochs: 4 },
  ...more,
});
const contrastive = (options: MethodOptions = {}, more: Partial<PretrainRecipe> = {}) =>
  pretrain('contrastive', 'micro', { batch: 16, ...options }, more);
const deepBelief = (options: MethodOptions = {}, more: Partial<PretrainRecipe> = {}) =>
  pretrain('deep-belief', 'mlp', options, more);

const run = async (recipe: Recipe, files = new Map<string, Uint8Array>(), fingerprint = 'p') => {
  const result = await executeRecipe(recipe, createTestContext(engine, dataset, fingerprint, { files }));
  return { result, files, weights: digestOf(files, fingerprint) };
};
const weightsOf = (files: ReadonlyMap<string, Uint8Array>, fingerprint = 'p') => {
  const stored = unpackFile(files.get(`${fingerprint}/weights`) as Uint8Array);
  return new Map([...stored.arrays.keys()].map((name) => [name, floatsOf(stored, name)]));
};

/** Weights in a few letters by name: the difference of two large networks is not worth printing. */
const digestOf = (files: ReadonlyMap<string, Uint8Array>, fingerprint = 'p') =>
  Object.fromEntries(
    [...weightsOf(files, fingerprint)].map(([name, values]) => [
      name,
      createHash('sha256').update(values).digest('hex').slice(0, 12),
    ]),
  );

beforeAll(async () => {
  engine = await openEngine({ backend: 'wasm' });
});

describe.each([
  ['contrastive', contrastive],
  ['deep-belief', deepBelief],
] as const)('%s', (_, recipe) => {
  it('gives the same encoder for the same recipe, another for another seed', async () => {
    const [first, again, other] = [
      await run(recipe()),
      await run(recipe()),
      await run(recipe({}, { seed: 2 })),
    ];
    expect(again.weights).toEqual(first.weights);
    expect(again.result.curve).toEqual(first.result.curve);
    expect(other.weights).not.toEqual(first.weights);
  });

  it('goes on after an interruption to the same numbers', async () => {
    const whole = await run(recipe());
    const files = new Map<string, Uint8Array>();
    let stops = 0;
    let saved: Uint8Array | null = null;
    // Stopped at every evaluation of the selection pool.
    for (;;) {
      const abort = new AbortController();
      const context = createTestContext(engine, dataset, 'p', { files, signal: abort.signal });
      context.checkpoints.saved = saved;
      try {
        const { curve } = await executeRecipe(recipe(), { ...context, onProgress: () => abort.abort() });
        expect(curve).toEqual(whole.result.curve);
        break;
      } catch (error) {
        expect(error).toMatchObject({ code: 'cancelled' });
        stops++;
        saved = context.checkpoints.saved;
      }
    }
    expect(stops).toBeGreaterThan(2);
    expect(digestOf(files)).toEqual(whole.weights);
  });

  it('is a source: read out and fine-tuned', async () => {
    const { files } = await run(recipe());
    const { preset } = recipe();
    for (const method of ['readout', 'fine-tune']) {
      const { result } = await run(
        {
          ...common,
          kind: 'transfer',
          method,
          task: 'kind',
          sources: [{ task: 'taught', fingerprint: 'p' }],
          preset,
          training: { ...defaultTraining(preset, 'transfer'), epochs: 2 },
          images: 24,
        },
        files,
        method,
      );
      expect(result.testLosses).toHaveLength(20);
    }
    const name = 'encoder/code/kernel';
    expect(weightsOf(files, 'fine-tune').get(name)).toHaveLength(weightsOf(files).get(name)?.length ?? 0);
    expect(digestOf(files, 'fine-tune')[name]).not.toBe(digestOf(files)[name]);
  });

  it('is probed like any source, whatever the side of its code', async () => {
    const { files } = await run(recipe());
    const source = { task: 'taught', fingerprint: 'p' };
    const targets = ['copy', 'segments', 'place', 'kind'];
    const context = createTestContext(engine, dataset, 'probe', { files });
    const { probeLosses } = await executeRecipe(
      { ...common, kind: 'probe', targets, source, images: 24 },
      context,
    );
    for (const id of targets) {
      expect(probeLosses?.[id]).toHaveLength(20);
      expect(meanLoss(probeLosses?.[id] ?? new Float32Array(0))).toBeGreaterThan(0);
    }
  });

  it('leaves no tensor behind, and nothing but its encoder', async () => {
    await run(recipe());
    const before = memoryCount(engine.tf).tensors;
    const { weights } = await run(recipe());
    expect(memoryCount(engine.tf).tensors).toBe(before);
    const layers = planLayers(encoderPlan(recipe().preset, dataset.size));
    expect(Object.keys(weights).sort()).toEqual(
      layers.flatMap(({ name }) => [`${name}/bias`, `${name}/kernel`]).sort(),
    );
  });

  it('costs what was planned', async () => {
    const { result } = await run(recipe());
    const shapeOf = () => {
      throw new Error('no task is asked for');
    };
    const planned = recipeFlops(recipe(), shapeOf, 0);
    expect(result.cost.flops / planned).toBeCloseTo(1, 6);
  });
});

describe('contrastive', () => {
  it('learns: the loss falls, on the held-out pictures too', async () => {
    const { curve } = (
      await run(contrastive({ epochs: 0 }, { training: { ...contrastive().training, epochs: 40 } }))
    ).result;
    expect(curve.at(-1)?.trainLoss).toBeLessThan(0.9 * (curve[1]?.trainLoss as number));
    expect(curve.at(-1)?.selectionLoss).toBeLessThan(curve[0]?.selectionLoss as number);
  });

  it('is asked more where the two views of a picture differ', async () => {
    const same = { crop: 1, jitter: 0, grey: 0, flip: false };
    const loss = async (options: MethodOptions) =>
      (await run(contrastive(options))).result.curve[1]?.trainLoss as number;
    expect(await loss({})).toBeGreaterThan(1.05 * (await loss(same)));
  });

  it('sees other views with other options', async () => {
    const weights = async (options: MethodOptions) => (await run(contrastive(options))).weights;
    const plain = await weights({});
    const changes: MethodOptions[] = [
      { crop: 0.9 },
      { jitter: 0 },
      { grey: 1 },
      { flip: false },
      { temperature: 1 },
    ];
    for (const options of changes) expect(await weights(options)).not.toEqual(plain);
  });
});

describe('deep belief net', () => {
  const [N, V, H] = [6, 12, 5];
  const rng = createRng(3);
  const draw = (n: number, of: () => number) => Float32Array.from({ length: n }, of);
  const machine = {
    weights: draw(V * H, () => rng.normal()),
    visibleBias: draw(V, () => rng.normal()),
    hiddenBias: draw(H, () => rng.normal()),
  };
  const batch = draw(N * V, () => rng.next());
  const uniforms = { hidden: draw(N * H, () => rng.next()), visible: draw(N * V, () => rng.next()) };

  it('a step of CD-1 on the engine is the reference’s', () => {
    const { tf } = engine;
    const rate = 0.3;
    const expected = contrastiveStep({ ...machine, visible: V, hidden: H }, batch, uniforms, rate);
    const variables = {
      weights: tf.variable(tf.tensor2d(machine.weights, [V, H])),
      visibleBias: tf.variable(tf.tensor1d(machine.visibleBias)),
      hiddenBias: tf.variable(tf.tensor1d(machine.hiddenBias)),
    };
    const { value, grads } = tf.variableGrads(() =>
      contrastiveDivergence(tf, variables as unknown as Machine, tf.tensor2d(batch, [N, V]), {
        hidden: tf.tensor2d(uniforms.hidden, [N, H]),
        visible: tf.tensor2d(uniforms.visible, [N, V]),
      }),
    );
    expect(value.dataSync()[0]).toBeCloseTo(expected.reconstruction, 6);
    for (const name of ['weights', 'visibleBias', 'hiddenBias'] as const) {
      const slope = (grads[variables[name].name] as Tensor1D | Tensor2D).dataSync();
      slope.forEach((g, i) => {
        expect((machine[name][i] as number) - rate * g).toBeCloseTo(expected.rbm[name][i] as number, 5);
      });
    }
    tf.dispose([value, grads, variables]);
  });

  it('reconstructs better with time, layer by layer', async () => {
    const { curve } = (await run(deepBelief({}, { training: { ...deepBelief().training, epochs: 30 } })))
      .result;
    const layers = 3;
    const points = curve.length / layers;
    for (const layer of [0, 1, 2]) {
      const part = curve.slice(layer * points, (layer + 1) * points);
      expect(part.at(-1)?.selectionLoss).toBeLessThan(part[0]?.selectionLoss as number);
    }
    expect(curve.map(({ step }) => step)).toEqual([...curve.map(({ step }) => step)].sort((a, b) => a - b));
  });

  it('the encoder computes the hidden probabilities of the stack', async () => {
    const { files } = await run(deepBelief());
    const weights = weightsOf(files);
    const pictures = dataset.inputs('test', 'rgb', Int32Array.from([0, 1, 2]));
    // The stack sees probabilities, the encoder pixels; layer by layer they say the same.
    let units: ArrayLike<number> = pictures.map((x) => (x + 1) / 2);
    let outputs: ArrayLike<number> = pictures;
    for (const [i, { name }] of planLayers(encoderPlan('mlp', 16)).entries()) {
      const stored = unpackFile(files.get(`p/stage-${i}`) as Uint8Array);
      const machine = {
        visible: units.length / 3,
        hidden: floatsOf(stored, 'hidden-bias').length,
        weights: floatsOf(stored, 'weights'),
        visibleBias: floatsOf(stored, 'visible-bias'),
        hiddenBias: floatsOf(stored, 'hidden-bias'),
      };
      const layer = {
        ...machine,
        weights: weights.get(`${name}/kernel`) ?? [],
        hiddenBias: weights.get(`${name}/bias`) ?? [],
      };
      units = hiddenProbabilities(machine, units);
      outputs = hiddenProbabilities(layer, outputs);
      Array.from(units).forEach((unit, at) => {
        expect(outputs[at]).toBeCloseTo(unit, 5);
      });
    }
    const codes = floatsOf(unpackFile(files.get('p/features-test-rgb') as Uint8Array), 'features');
    Array.from(units).forEach((unit, i) => {
      expect(codes[i]).toBeCloseTo(unit, 2);
    });
  });

  it('says which preset it needs', async () => {
    await expect(run(pretrain('deep-belief', 'micro'))).rejects.toThrow(/preset mlp, not micro/);
  });
});
