import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ADAM, type Engine, FusedAdam, openEngine } from '..';
import { fusedAdam, NativeAdam } from './adam';
import { nativeAvailable } from './load';

const available = nativeAvailable();
if (available === null)
  console.warn(
    'SKIPPED: no native engine is installed, so nothing here ran on it. Install one: taskatlas engine install',
  );

const wave = (size: number, seed: number): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => Math.sin(i * 1.3 + seed * 2.1));

describe.skipIf(available === null)('native engine: NativeAdam (SKIPPED when none is installed)', () => {
  let tf: Engine['tf'];
  beforeAll(async () => {
    ({ tf } = await openEngine({ backend: 'tensorflow', threads: 1 }));
  });

  const constants = { ...ADAM, weightDecay: 0.01 };
  const make = (size = 11): { variable: Variable; adam: NativeAdam } => {
    const variable = tf.tidy(() => tf.variable(tf.tensor1d(wave(size, 0))));
    return { variable, adam: new NativeAdam(tf, [variable], constants) };
  };
  const step = (adam: NativeAdam | FusedAdam, size: number, t: number, rate = 0.1): void =>
    tf.tidy(() => adam.apply([tf.tensor1d(wave(size, t))], rate));

  it('follows the formula in double precision', () => {
    const { variable, adam } = make();
    const p = Float64Array.from(wave(11, 0));
    const m = new Float64Array(11);
    const v = new Float64Array(11);
    for (let t = 1; t <= 5; t++) {
      const g = wave(11, t);
      step(adam, 11, t);
      p.forEach((value, i) => {
        const slope = (g[i] ?? 0) + 0.01 * value;
        m[i] = 0.9 * (m[i] ?? 0) + 0.1 * slope;
        v[i] = 0.999 * (v[i] ?? 0) + 0.001 * slope * slope;
        p[i] =
          value - (0.1 * ((m[i] ?? 0) / (1 - 0.9 ** t))) / (Math.sqrt((v[i] ?? 0) / (1 - 0.999 ** t)) + 1e-8);
      });
    }
    variable.dataSync().forEach((value, i) => {
      expect(value).toBeCloseTo(p[i] ?? Number.NaN, 5);
    });
    const [moments] = adam.state().moments;
    expect(adam.state().step).toBe(5);
    expect(Math.max(...m.map((value, i) => Math.abs(value - (moments?.first[i] ?? 9))))).toBeLessThan(1e-6);
    expect(Math.max(...v.map((value, i) => Math.abs(value - (moments?.second[i] ?? 9))))).toBeLessThan(1e-7);
    variable.dispose();
    adam.dispose();
  });

  it('goes on bit for bit from a saved state', () => {
    const whole = make();
    for (let t = 1; t <= 3; t++) step(whole.adam, 11, t);
    const state = whole.adam.state();
    const weights = whole.variable.dataSync().slice();
    for (let t = 4; t <= 8; t++) step(whole.adam, 11, t);
    const resumed = make();
    tf.tidy(() => resumed.variable.assign(tf.tensor1d(weights)));
    resumed.adam.restore(state);
    for (let t = 4; t <= 8; t++) step(resumed.adam, 11, t);
    expect(resumed.variable.dataSync()).toEqual(whole.variable.dataSync());
    for (const { variable, adam } of [whole, resumed]) {
      variable.dispose();
      adam.dispose();
    }
  });

  it('sees weights that someone else wrote between two steps', () => {
    const { variable, adam } = make(3);
    step(adam, 3, 1);
    tf.tidy(() => variable.assign(tf.tensor1d([100, 200, 300])));
    step(adam, 3, 2, 1e-6);
    expect(Array.from(variable.dataSync()).map(Math.round)).toEqual([100, 200, 300]);
    variable.dispose();
    adam.dispose();
  });

  it('leaves a clone of the weights as it was', () => {
    const { variable, adam } = make(3);
    step(adam, 3, 1);
    const before = variable.clone();
    const numbers = Array.from(before.dataSync());
    step(adam, 3, 2);
    expect(Array.from(before.dataSync())).toEqual(numbers);
    expect(Array.from(variable.dataSync())).not.toEqual(numbers);
    tf.dispose([variable, before as Tensor]);
    adam.dispose();
  });

  it('agrees with the plain operations, and leaves nothing behind', () => {
    const before = tf.memory().numTensors;
    const run = (create: (variable: Variable) => NativeAdam | FusedAdam): number[] => {
      const variable = tf.tidy(() => tf.variable(tf.tensor1d(wave(40, 0))));
      const adam = create(variable);
      step(adam, 40, 1);
      const held = tf.memory().numTensors;
      for (let t = 2; t <= 20; t++) step(adam, 40, t, 0.01);
      expect(tf.memory().numTensors).toBe(held);
      const values = Array.from(variable.dataSync());
      variable.dispose();
      adam.dispose();
      return values;
    };
    const native = run((variable) => fusedAdam(tf, [variable], constants));
    const plain = run((variable) => new FusedAdam(tf, [variable], constants));
    native.forEach((value, i) => {
      expect(value).toBeCloseTo(plain[i] ?? Number.NaN, 5);
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is chosen on native TensorFlow only, and refuses the state of another network', async () => {
    const { variable, adam } = make(3);
    expect(fusedAdam(tf, [variable], constants)).toBeInstanceOf(NativeAdam);
    const state = { step: 1, moments: [{ first: new Float32Array(2), second: new Float32Array(2) }] };
    expect(() => adam.restore(state)).toThrow(/another network/);
    variable.dispose();
    adam.dispose();
    await tf.setBackend('cpu');
    const other = tf.tidy(() => tf.variable(tf.tensor1d([1, 2])));
    expect(fusedAdam(tf, [other], constants)).toBeInstanceOf(FusedAdam);
    await tf.setBackend('tensorflow');
  });
});
