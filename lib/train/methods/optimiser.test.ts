import { beforeAll, describe, expect, it } from 'vitest';
import type { LayerPlan } from '@/lib/science/catalog/presets-layers';
import { createRng, type TrainingOptions } from '@/lib/science/core';
import { adamStep, sgdStep } from '@/lib/science/learning';
import { type Engine, openEngine } from '../engine';
import { createParameters, initialWeights } from '../networks';
import { createOptimiser, type ParameterGroup, rateAt } from './optimiser';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ backend: 'wasm' });
});

const plan: LayerPlan = [
  {
    streams: [
      [
        { kind: 'dense', name: 'a', inSize: 3, outSize: 4, activation: 'relu' },
        { kind: 'dense', name: 'b', inSize: 4, outSize: 2, activation: 'linear' },
      ],
    ],
  },
];
const base: TrainingOptions = { epochs: 1, batchSize: 1, learningRate: 0.1, weightDecay: 0 };

/** Steps on both kernels with the same drawn gradients; returns the weights after each step. */
function walk(options: TrainingOptions, groups: readonly ParameterGroup[], steps: number, restoreAt = -1) {
  const { tf } = engine;
  const parameters = createParameters(tf, plan, initialWeights(plan, createRng(3)));
  let optimiser = createOptimiser(tf, parameters, groups, options, steps);
  const path = [];
  for (let step = 0; step < steps; step++) {
    if (step === restoreAt) {
      const state = optimiser.state();
      optimiser.dispose();
      optimiser = createOptimiser(tf, parameters, groups, options, steps);
      optimiser.restore(step, state);
    }
    const gradients = new Map(
      optimiser.active(step).map((name) => {
        const { shape, size } = parameters.get(name);
        const rng = createRng('gradient', name, step);
        return [
          name,
          tf.tensor(
            Float32Array.from({ length: size }, () => rng.normal()),
            shape,
          ),
        ] as const;
      }),
    );
    optimiser.apply(gradients, 0.05, step);
    for (const gradient of gradients.values()) gradient.dispose();
    path.push(parameters.snapshot());
  }
  optimiser.dispose();
  parameters.dispose();
  return path;
}

const all: ParameterGroup[] = [{ names: ['a/kernel', 'b/kernel'], rate: 1, from: 0 }];
const start = () => Float64Array.from(initialWeights(plan, createRng(3)).get('a/kernel') ?? []);
const drawn = (step: number) => {
  const rng = createRng('gradient', 'a/kernel', step);
  return Float64Array.from({ length: 12 }, () => rng.normal());
};

const near = (values: ArrayLike<number> | undefined, expected: ArrayLike<number>): void => {
  expect(values).toHaveLength(expected.length);
  for (let i = 0; i < expected.length; i++) expect(values?.[i]).toBeCloseTo(expected[i] as number, 5);
};

describe('createOptimiser', () => {
  it.each([
    { momentum: 0, weightDecay: 0 },
    { momentum: 0.9, weightDecay: 0 },
    { momentum: 0.9, weightDecay: 0.1 },
  ])('SGD is the reference rule with %o', ({ momentum, weightDecay }) => {
    const path = walk({ ...base, optimiser: 'sgd', momentum, weightDecay }, all, 6);
    const [rule, velocity] = [start(), new Float64Array(12)];
    path.forEach((weights, i) => {
      sgdStep(rule, drawn(i), velocity, 0.05, i + 1, { momentum, weightDecay });
      near(weights.get('a/kernel'), rule);
    });
  });

  it.each([
    ['adam', false],
    ['adamw', true],
  ] as const)('%s is the reference rule, weight decay and all', (optimiser, decoupled) => {
    const path = walk({ ...base, optimiser, weightDecay: 0.2 }, all, 6);
    const [rule, moments] = [start(), { first: new Float64Array(12), second: new Float64Array(12) }];
    path.forEach((weights, i) => {
      adamStep(rule, drawn(i), moments, 0.05, i + 1, { weightDecay: 0.2, decoupled });
      near(weights.get('a/kernel'), rule);
    });
  });

  it.each(['adam', 'adamw', 'sgd'] as const)('%s goes on from its state bit for bit', (optimiser) => {
    const options = { ...base, optimiser, momentum: 0.9, weightDecay: 0.01 };
    const late: ParameterGroup[] = [
      { names: ['a/kernel'], rate: 0.5, from: 0.5 },
      { names: ['b/kernel'], rate: 1, from: 0 },
    ];
    const whole = walk(options, late, 8);
    for (const at of [2, 4, 6]) expect(walk(options, late, 8, at)).toEqual(whole);
  });

  it('asks for no gradients of a group before its start', () => {
    const parameters = createParameters(engine.tf, plan, initialWeights(plan, createRng(3)));
    const groups = [
      { names: ['a/kernel'], rate: 1, from: 0 },
      { names: ['b/kernel'], rate: 1, from: 0.5 },
    ];
    const optimiser = createOptimiser(engine.tf, parameters, groups, base, 10);
    expect(optimiser.active(4)).toEqual(['a/kernel']);
    expect(optimiser.active(5)).toEqual(['a/kernel', 'b/kernel']);
    optimiser.dispose();
    parameters.dispose();
  });

  it('moves a group at its own rate, and only after its start', () => {
    const groups: ParameterGroup[] = [
      { names: ['a/kernel'], rate: 0.5, from: 0.5 },
      { names: ['b/kernel'], rate: 1, from: 0 },
    ];
    const path = walk({ ...base, optimiser: 'sgd' }, groups, 4);
    const before = Float32Array.from(start());
    expect(path[1]?.get('a/kernel')).toEqual(before);
    expect(path[1]?.get('a/bias')).toEqual(new Float32Array(4));
    const moved = path[2]?.get('a/kernel') as Float32Array;
    near(
      moved,
      before.map((value, k) => value - 0.025 * (drawn(2)[k] as number)),
    );
  });
});

describe('rateAt', () => {
  const at = (options: Partial<TrainingOptions>) =>
    Array.from({ length: 8 }, (_, step) => rateAt({ ...base, ...options }, step, 8, 2));

  it('is a cosine to 0 unless asked otherwise', () => {
    expect(at({})[0]).toBe(0.1);
    expect(at({})[4]).toBeCloseTo(0.05);
    expect(at({ schedule: 'constant' })).toEqual(Array(8).fill(0.1));
  });

  it('drops by the factor every so many epochs', () => {
    const rates = at({ schedule: 'step', stepEpochs: 2, stepFactor: 0.5 });
    expect(rates).toEqual([0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05]);
  });

  it('warms up in a line, then runs the whole schedule over what is left', () => {
    const rates = at({ warmUpEpochs: 2 });
    near(rates.slice(0, 4), [0.025, 0.05, 0.075, 0.1]);
    expect(rates[4]).toBeCloseTo(0.1);
    expect(rates[6]).toBeCloseTo(0.05);
  });
});
