import type { Scalar, Tensor, Tensor4D, Variable } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  ADAM,
  compileStep,
  convolution,
  type Engine,
  expectNoLeak,
  layerNorm,
  memoryCount,
  openEngine,
} from '../..';
import { fusedAdam } from '../adam';
import { nativeAvailable } from '../load';

const available = nativeAvailable();
if (available === null)
  console.warn(
    'SKIPPED: no native engine is installed, so nothing here ran on it. Install one: taskatlas engine install',
  );

const wave = (shape: readonly number[], seed: number): Float32Array =>
  Float32Array.from({ length: shape.reduce((product, side) => product * side, 1) }, (_, i) =>
    Math.sin(i * 1.7 + seed * 3.1 + Math.cos(i * 0.37)),
  );

describe.skipIf(available === null)('native engine: compiled steps (SKIPPED when none is installed)', () => {
  let tf: Engine['tf'];
  beforeAll(async () => {
    ({ tf } = await openEngine({ backend: 'tensorflow', threads: 1 }));
  });

  const adam = { ...ADAM, weightDecay: 1e-3 };
  const variable = (shape: number[], seed: number): Variable =>
    tf.tidy(() => tf.variable(tf.tensor(wave(shape, seed), shape)));

  /** A convolution, a normalisation and a second convolution that is not trained. */
  function makeNetwork(frozenSeed = 5) {
    const shapes = [[3, 3, 2, 4], [4], [4], [4]];
    const variables = shapes.map((shape, i) => variable(shape, i));
    const frozen = variable([1, 1, 4, 2], frozenSeed);
    const zeros = variable([2], 9);
    const loss = (x: Tensor, y: Tensor): Scalar => {
      const [filter, bias, gain, shift] = variables as unknown as Tensor[];
      const hidden = convolution(tf, {
        x: x as Tensor4D,
        filter: filter as Tensor4D,
        bias: bias as never,
        stride: 2,
      });
      const normal = layerNorm(tf, {
        x: hidden,
        gain: gain as never,
        bias: shift as never,
        activation: 'relu',
      });
      const out = convolution(tf, { x: normal, filter: frozen as never, bias: zeros as never });
      return tf.mean(tf.abs(tf.sub(out, y))) as Scalar;
    };
    const dispose = (): void => tf.dispose([...variables, frozen, zeros]);
    return { variables, constants: [frozen, zeros] as unknown as Tensor[], loss, dispose };
  }
  const batch = (t: number): [Tensor, Tensor] => [
    tf.tensor(wave([3, 6, 6, 2], t), [3, 6, 6, 2]),
    tf.tensor(wave([3, 3, 3, 2], t + 0.5), [3, 3, 3, 2]),
  ];
  function compile(network: ReturnType<typeof makeNetwork>) {
    const inputs = batch(0);
    const step = compileStep(tf, {
      ...network,
      adam,
      inputs,
      loss: () => network.loss(...inputs),
    });
    tf.dispose(inputs);
    if (step === null) throw new Error('the step was not compiled');
    return step;
  }
  const runOn = (step: ReturnType<typeof compile>, t: number, rate = 0.05): number => {
    const inputs = batch(t);
    const loss = step.run(inputs, rate);
    tf.dispose(inputs);
    return loss;
  };
  const numbers = (variables: readonly Variable[]): number[] =>
    variables.flatMap((each) => Array.from(each.dataSync()));

  it('do what the same step does operation by operation', () => {
    const [whole, eager] = [makeNetwork(), makeNetwork()];
    const step = compile(whole);
    const optimiser = fusedAdam(tf, eager.variables, adam);
    for (let t = 1; t <= 6; t++) {
      const inputs = batch(t);
      const { value, grads } = tf.variableGrads(() => eager.loss(...inputs), eager.variables);
      optimiser.apply(
        eager.variables.map((v) => grads[v.name] as Tensor),
        0.05,
      );
      expect(runOn(step, t)).toBeCloseTo(value.dataSync()[0] ?? Number.NaN, 5);
      tf.dispose([value, grads, inputs]);
    }
    step.pull();
    const expected = numbers(eager.variables);
    numbers(whole.variables).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] ?? Number.NaN, 4);
    });
    for (const each of [whole, eager, step, optimiser]) each.dispose();
  });

  it('go on bit for bit from a saved state, in a session that another training has used', () => {
    const first = makeNetwork();
    const whole = compile(first);
    for (let t = 1; t <= 3; t++) runOn(whole, t);
    whole.pull();
    const [state, weights] = [whole.state(), numbers(first.variables)];
    const rest = [4, 5, 6].map((t) => runOn(whole, t));
    expect(state.step).toBe(3);
    whole.dispose();

    const second = makeNetwork();
    let at = 0;
    for (const each of second.variables) {
      tf.tidy(() => each.assign(tf.tensor(weights.slice(at, at + each.size), each.shape)));
      at += each.size;
    }
    const resumed = compile(second);
    resumed.push(state);
    expect([4, 5, 6].map((t) => runOn(resumed, t))).toEqual(rest);
    for (const each of [first, second, resumed]) each.dispose();
  });

  it('start afresh in a session that another training has used', () => {
    const losses = [1, 2].map(() => {
      const network = makeNetwork();
      const step = compile(network);
      const made = [1, 2, 3].map((t) => runOn(step, t));
      step.dispose();
      network.dispose();
      return made;
    });
    expect(losses[1]).toEqual(losses[0]);
  });

  it('take what is not trained as it is at each step', () => {
    const [a, b] = [makeNetwork(5), makeNetwork(6)];
    const [one, other] = [compile(a), compile(b)];
    expect(runOn(one, 1)).not.toBeCloseTo(runOn(other, 1), 3);
    for (const each of [a, b, one, other]) each.dispose();
  });

  it('are not to be had for a loss that reads numbers back, or uses a tensor that is not named', () => {
    const before = memoryCount(tf);
    const network = makeNetwork();
    const inputs = batch(0);
    const problem = { ...network, adam, inputs };
    const reading = compileStep(tf, {
      ...problem,
      loss: () => tf.mul(network.loss(...inputs), network.loss(...inputs).dataSync()[0] ?? 0) as Scalar,
    });
    expect(reading).toBeNull();
    expect(compileStep(tf, { ...problem, constants: [], loss: () => network.loss(...inputs) })).toBeNull();
    tf.dispose(inputs);
    network.dispose();
    expect(memoryCount(tf)).toEqual(before);
  });

  it('leave no tensor behind', async () => {
    await expectNoLeak(tf, 'compiled steps', () => {
      const network = makeNetwork();
      const step = compile(network);
      for (let t = 1; t <= 20; t++) runOn(step, t);
      step.pull();
      step.state();
      step.dispose();
      network.dispose();
    });
  });

  it('refuse the state of another network', () => {
    const network = makeNetwork();
    const step = compile(network);
    expect(() => step.push({ step: 1, moments: [] })).toThrow('belongs to another network');
    step.dispose();
    network.dispose();
  });
});
