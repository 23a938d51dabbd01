import type { Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LayerPlan } from '@/lib/science/catalog/presets-layers';
import { createRng, type TrainingOptions } from '@/lib/science/core';
import { adamStep } from '@/lib/science/learning';
import { ADAM, type Engine, openEngine } from '../engine';
import { createParameters, forward, initialWeights } from '../networks';
import { createBatches, isEvaluated, train } from './loop';
import { createOptimiser } from './optimiser';
import { createTestContext } from './testing/context';
import { createShapesDataset } from './testing/shapes-dataset';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ backend: 'cpu' });
});

const plan: LayerPlan = [
  {
    streams: [
      [
        { kind: 'dense', name: 'encoder/dense1', inSize: 3, outSize: 4, activation: 'relu' },
        { kind: 'dense', name: 'decoder/output', inSize: 4, outSize: 2, activation: 'linear' },
      ],
    ],
  },
];
const options: TrainingOptions = { epochs: 10, batchSize: 4, learningRate: 0.1, weightDecay: 0 };

function regression(trainable: RegExp, selection: (evaluation: number) => number) {
  const { tf } = engine;
  const parameters = createParameters(tf, plan, initialWeights(plan, createRng(3)));
  const evaluations: ReturnType<typeof parameters.snapshot>[] = [];
  const rng = createRng(4);
  const x = Array.from({ length: 8 }, () => [rng.normal(), rng.normal(), rng.normal()]);
  return {
    evaluations,
    problem: {
      parameters,
      trainable: parameters.matching(trainable),
      examples: 8,
      loss: (indices: Int32Array) => {
        const input = tf.tensor2d(Array.from(indices, (i) => x[i] as number[]));
        const output: Tensor = forward(tf, plan, parameters.get, input);
        return tf.mean(tf.square(tf.sub(output, tf.slice(input, [0, 0], [indices.length, 2])))).asScalar();
      },
      selectionLosses: async () => {
        evaluations.push(parameters.snapshot());
        return Float32Array.of(selection(evaluations.length), Number.NaN);
      },
    },
  };
}

describe('training loop', () => {
  const context = () => createTestContext(engine, createShapesDataset(), 'loop');

  it('lowers the loss and moves only what is trainable', async () => {
    const { problem, evaluations } = regression(/^decoder\//, (n) => 1 / n);
    const before = problem.parameters.snapshot();
    const { curve, steps } = await train(context(), problem, options, { seed: 1, spacing: 4 });
    const after = problem.parameters.snapshot();
    expect(steps).toBe(20);
    expect(evaluations).toHaveLength(6);
    expect(curve.map((point) => point.step)).toEqual([0, 4, 8, 12, 16, 20]);
    expect(curve[0]?.trainLoss).toBeNull();
    expect(curve.at(-1)?.trainLoss).toBeLessThan(curve[1]?.trainLoss as number);
    for (const [name, values] of before) {
      if (name.startsWith('encoder/')) expect(after.get(name)).toEqual(values);
      else expect(after.get(name)).not.toEqual(values);
    }
    problem.parameters.dispose();
  });

  it('ends with the weights of the best evaluation, not the last', async () => {
    const { problem, evaluations } = regression(/./, (n) => Math.abs(n - 2));
    await train(context(), problem, options, { seed: 1, spacing: 4 });
    expect(problem.parameters.snapshot()).toEqual(evaluations[1]);
    expect(evaluations[1]).not.toEqual(evaluations[5]);
    problem.parameters.dispose();
  });

  it('keeps the start where training only hurts', async () => {
    const { problem } = regression(/./, (n) => n);
    const start = problem.parameters.snapshot();
    const { curve } = await train(context(), problem, options, { seed: 1, spacing: 4 });
    expect(curve.map((point) => point.selectionLoss)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(problem.parameters.snapshot()).toEqual(start);
    problem.parameters.dispose();
  });

  it('evaluates a long training at the steps of a short one, and further', async () => {
    const stepsOf = async (epochs: number) => {
      const { problem } = regression(/./, () => 1);
      const { curve } = await train(context(), problem, { ...options, epochs }, { seed: 1, spacing: 3 });
      problem.parameters.dispose();
      return curve.map((point) => point.step);
    };
    expect(await stepsOf(3)).toEqual([0, 3, 6]);
    expect(await stepsOf(6)).toEqual([0, 3, 6, 9, 12]);
  });
});

describe('event loop', () => {
  it('gets turns between steps, not only between evaluations', async () => {
    const { problem } = regression(/./, () => 1);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const slow = {
      ...problem,
      loss: (indices: Int32Array) => {
        const until = performance.now() + 10;
        while (performance.now() < until);
        return problem.loss(indices);
      },
    };
    await train(createTestContext(engine, createShapesDataset(), 'turns'), slow, options, {
      seed: 1,
      spacing: 1000,
    });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
    problem.parameters.dispose();
  });
});

describe('batches', () => {
  it('string epochs together: every example once per epoch, batches always full', () => {
    const batch = createBatches(7, 10, 4);
    const order = [0, 1, 2, 3, 4].flatMap((step) => [...batch(step)]);
    expect(order).toHaveLength(20);
    const all = Array.from({ length: 10 }, (_, i) => i);
    expect(order.slice(0, 10).sort((a, b) => a - b)).toEqual(all);
    expect(order.slice(10).sort((a, b) => a - b)).toEqual(all);
    expect(order.slice(10)).not.toEqual(order.slice(0, 10));
  });

  it('are the same from any starting step', () => {
    const [one, other] = [createBatches(7, 10, 4), createBatches(7, 10, 4)];
    for (let step = 0; step < 9; step++) one(step);
    expect(one(9)).toEqual(other(9));
    expect(one(2)).toEqual(other(2));
  });

  it('are evaluated at the start, every so many steps, and at the end', () => {
    const seen = (total: number, spacing: number) =>
      Array.from({ length: total + 1 }, (_, done) => done).filter((done) =>
        isEvaluated(done, total, spacing),
      );
    expect(seen(20, 5)).toEqual([0, 5, 10, 15, 20]);
    expect(seen(7, 3)).toEqual([0, 3, 7]);
    expect(seen(8, 3)).toEqual([0, 3, 6, 8]);
    expect(seen(3, 10)).toEqual([0, 3]);
  });
});

describe('optimiser', () => {
  it('follows the rule that the reference vectors check, in single precision', () => {
    const { tf } = engine;
    const rng = createRng(11);
    const draw = () => Float64Array.from({ length: 12 }, () => rng.normal());
    const constants = { ...ADAM, weightDecay: 0.1 };
    const rule = draw();
    const moments = { first: new Float64Array(12), second: new Float64Array(12) };
    const store = createParameters(tf, plan, initialWeights(plan, createRng(3)));
    store.restore(new Map([['encoder/dense1/kernel', Float32Array.from(rule)]]));
    const group = { names: ['encoder/dense1/kernel'], rate: 1, from: 0 };
    const training = { ...options, weightDecay: constants.weightDecay };
    const adam = createOptimiser(tf, store, [group], training, 20);
    for (let step = 1; step <= 20; step++) {
      const gradient = draw();
      adamStep(rule, gradient, moments, 0.05, step, constants);
      tf.tidy(() => {
        const slope = tf.tensor(Float32Array.from(gradient), [3, 4]);
        adam.apply(new Map([['encoder/dense1/kernel', slope]]), 0.05, step - 1);
      });
    }
    const kernel = store.snapshot().get('encoder/dense1/kernel') as Float32Array;
    rule.forEach((value, i) => {
      expect(kernel[i]).toBeCloseTo(value, 5);
    });
    adam.dispose();
    store.dispose();
  });
});
