import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { discriminatorPlan } from '@/lib/science/catalog/adaptation';
import { createRng } from '@/lib/science/core';
import { coralDistance, reversalWeight } from '@/lib/science/learning';
import { type Engine, memoryCount, openEngine } from '../../engine';
import { createParameters, initialWeights, type Weights } from '../../networks';
import {
  coralLoss,
  discriminate,
  domainLoss,
  reverseGradient,
  stopGradient,
  tellDomain,
  unitCode,
} from './domains';

let engine: Engine;
let tensors = 0;
beforeAll(async () => {
  engine = await openEngine({ backend: 'wasm' });
  tensors = memoryCount(engine.tf).tensors;
});
afterEach(() => expect(memoryCount(engine.tf).tensors).toBe(tensors));

const numbers = (count: number, label: string): Float32Array => {
  const rng = createRng('domains', label);
  return Float32Array.from({ length: count }, () => rng.normal());
};
const valuesOf = (make: () => Tensor): number[] => {
  const tensor = engine.tf.tidy(make);
  const values = [...(tensor.dataSync() as Float32Array)];
  tensor.dispose();
  return values;
};

describe('gradient reversal', () => {
  const plan = discriminatorPlan({ side: 1, channels: 3 });
  const [xs, xt] = [numbers(8 * 4, 'xs'), numbers(8 * 4, 'xt')];
  const start: Weights = new Map([
    ...initialWeights(plan, createRng('reversal')),
    ['encoder', numbers(12, 'encoder')] as const,
  ]);

  /** The discriminator's loss on codes x·W of both domains, with and without a layer between them. */
  function lossOf(weights: Weights, between: (code: Tensor) => Tensor): { loss: number; grads: Weights } {
    const { tf } = engine;
    const parameters = createParameters(tf, plan, weights);
    const encoder = tf.tidy(() => tf.variable(tf.tensor(weights.get('encoder') as Float32Array, [4, 3])));
    const named = new Map<string, Variable>([
      ...parameters.names.map((name) => [name, parameters.get(name)] as const),
      ['encoder', encoder],
    ]);
    const code = (x: Float32Array): Tensor => between(tf.matMul(tf.tensor(x, [8, 4]), encoder));
    const { value, grads } = tf.variableGrads(
      () => discriminate(tf, plan, parameters.get, code(xs), code(xt)) as Scalar,
      [...named.values()],
    );
    const found = new Map(
      [...named].map(([name, variable]) => [
        name,
        (grads[variable.name] as Tensor).dataSync().slice() as Float32Array,
      ]),
    );
    const loss = value.dataSync()[0] as number;
    for (const tensor of [value, ...Object.values(grads), encoder]) tensor.dispose();
    parameters.dispose();
    return { loss, grads: found };
  }

  /** Central differences of the plain loss, with no layer between. */
  function differences(name: string): number[] {
    const step = 2e-3;
    const values = start.get(name) as Float32Array;
    return Array.from(values, (_, i) => {
      const at = (by: number): number => {
        const moved = values.map((x, k) => (k === i ? x + by : x));
        return lossOf(new Map([...start, [name, moved]]), (code) => code).loss;
      };
      return (at(step) - at(-step)) / (2 * step);
    });
  }

  it.each([0.35, 1])(
    'turns the encoder’s gradient round and scales it by λ = %s, the discriminator’s stays',
    (λ) => {
      const { loss, grads } = lossOf(start, (code) => reverseGradient(engine.tf, code, λ));
      expect(loss).toBe(lossOf(start, (code) => code).loss);
      const expected = differences('encoder');
      expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(0.05);
      grads.get('encoder')?.forEach((g, i) => {
        expect(g).toBeCloseTo(-λ * (expected[i] as number), 2);
      });
      const own = differences('domain/output/kernel');
      grads.get('domain/output/kernel')?.forEach((g, i) => {
        expect(g).toBeCloseTo(own[i] as number, 2);
      });
    },
  );

  it('lets nothing through where it is stopped, and begins at λ = 0', () => {
    const { grads } = lossOf(start, (code) => stopGradient(engine.tf, code));
    expect(grads.get('encoder')?.every((g) => g === 0)).toBe(true);
    expect(grads.get('domain/output/kernel')?.some((g) => g !== 0)).toBe(true);
    expect(reversalWeight(0)).toBe(0);
    expect(reversalWeight(1)).toBeCloseTo(0.99991, 5);
  });
});

describe('what the critic sees', () => {
  it('is the code of every position at length √channels, and finite where all of it is 0', () => {
    const code = Float32Array.of(3, 4, 0, 0, -30, 40);
    const seen = valuesOf(() => unitCode(engine.tf, engine.tf.tensor(code, [1, 3, 1, 2])));
    const root = Math.sqrt(12.5);
    [3 / root, 4 / root, 0, 0, -3 / root, 4 / root].forEach((x, i) => {
      expect(seen[i]).toBeCloseTo(x, 5);
    });
  });

  it('does not grow with the codes: an encoder wins nothing by their size, and is pulled to none', () => {
    const { tf } = engine;
    const plan = discriminatorPlan({ side: 2, channels: 3 });
    const parameters = createParameters(tf, plan, initialWeights(plan, createRng('critic')));
    const code = numbers(4 * 12, 'code');
    const logits = (scale: number): Tensor =>
      tellDomain(
        tf,
        plan,
        parameters.get,
        tf.tensor(
          code.map((x) => scale * x),
          [4, 2, 2, 3],
        ),
      );
    const [small, large] = [valuesOf(() => logits(1)), valuesOf(() => logits(1000))];
    expect(Math.max(...small.map(Math.abs))).toBeGreaterThan(0.1);
    large.forEach((z, i) => {
      expect(z).toBeCloseTo(small[i] as number, 3);
    });
    const slope = valuesOf(() =>
      tf.grad((x: Tensor) => domainLoss(tf, tellDomain(tf, plan, parameters.get, x), true))(
        tf.tensor(code, [4, 2, 2, 3]),
      ),
    );
    expect(Math.max(...slope.map(Math.abs))).toBeGreaterThan(0.01);
    for (let place = 0; place < 16; place++) {
      const along = [0, 1, 2].reduce(
        (sum, c) => sum + (slope[3 * place + c] as number) * (code[3 * place + c] as number),
        0,
      );
      expect(along).toBeCloseTo(0, 5);
    }
    parameters.dispose();
  });
});

describe('losses of two domains', () => {
  it('is the mean cross-entropy of the logits, and finite for large ones', () => {
    const logits = Float32Array.of(-2, 0.5, 3);
    const mean = (sign: number): number =>
      logits.reduce((sum, z) => sum + Math.log(1 + Math.exp(sign * z)), 0) / logits.length;
    const on = (values: Float32Array, isSource: boolean): number | undefined =>
      valuesOf(() => domainLoss(engine.tf, engine.tf.tensor(values, [values.length, 1]), isSource))[0];
    expect(on(logits, true)).toBeCloseTo(mean(-1), 5);
    expect(on(logits, false)).toBeCloseTo(mean(1), 5);
    expect(on(Float32Array.of(-1000), true)).toBeCloseTo(1000, 3);
    expect(on(Float32Array.of(1000), true)).toBe(0);
  });

  it('has the covariance distance that is reported, with a gradient', () => {
    const { tf } = engine;
    const [a, b] = [numbers(6 * 4, 'a'), numbers(6 * 4, 'b').map((x) => 2 * x)];
    const [value] = valuesOf(() => coralLoss(tf, tf.tensor(a, [6, 2, 1, 2]), tf.tensor(b, [6, 2, 1, 2])));
    expect(value).toBeCloseTo(coralDistance(a, b, 4), 5);
    const slope = valuesOf(() =>
      tf.grad((x: Tensor) => coralLoss(tf, x, tf.tensor(b, [6, 4])) as Scalar)(tf.tensor(a, [6, 4])),
    );
    const step = 1e-3;
    const at = (by: number): number =>
      coralDistance(
        Float64Array.from(a, (x, i) => (i === 5 ? x + by : x)),
        b,
        4,
      );
    expect(slope[5]).toBeCloseTo((at(step) - at(-step)) / (2 * step), 4);
  });
});
