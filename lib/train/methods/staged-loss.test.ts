import type { Tensor } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createRng } from '@/lib/science/core';
import { type Engine, openEngine } from '../engine';
import type { PackedLabels } from '../networks';
import { batchLoss, type LossSpec } from './losses';
import { stagedLoss } from './staged-loss';

let tf: Engine['tf'];

const EXAMPLES = 5;
const cases = fc.record({
  name: fc.constantFrom(
    'l1' as const,
    'l2' as const,
    'cross-entropy' as const,
    'balanced-cross-entropy' as const,
    'soft-cross-entropy' as const,
  ),
  rows: fc.integer({ min: 1, max: 12 }),
  channels: fc.integer({ min: 2, max: 5 }),
  missing: fc.constantFrom(0, 0.3, 1),
  seed: fc.integer(),
});

function make({
  name,
  rows,
  channels,
  missing,
  seed,
}: typeof cases extends fc.Arbitrary<infer C> ? C : never) {
  const rng = createRng(seed, 'staged');
  const values = name === 'l1' || name === 'l2' || name === 'soft-cross-entropy';
  const valid = Uint8Array.from({ length: EXAMPLES * rows }, () => (rng.next() < missing ? 0 : 1));
  const labels: PackedLabels = {
    examples: EXAMPLES,
    rows,
    channels,
    // What lies where there is no label must not matter, not even if it is no number.
    values: values
      ? Float32Array.from({ length: EXAMPLES * rows * channels }, (_, i) =>
          valid[Math.floor(i / channels)] === 0 ? Number.NaN : Math.abs(rng.normal()) + 0.1,
        )
      : null,
    ids: values ? null : Uint16Array.from({ length: EXAMPLES * rows }, () => rng.int(channels)),
    valid,
  };
  const classWeights =
    name === 'balanced-cross-entropy'
      ? Float32Array.from({ length: channels }, () => 0.2 + rng.next())
      : null;
  const indices = Int32Array.from([3, 0, 4]);
  const output = Float32Array.from({ length: indices.length * rows * channels }, () => rng.normal());
  return { spec: { name, classWeights } as LossSpec, labels, indices, output };
}

describe.each(['cpu', 'wasm'] as const)('staged loss on %s', (backend) => {
  beforeAll(async () => {
    ({ tf } = await openEngine({ backend }));
  });

  it('is the batch loss with its gradient, whatever the labels', () => {
    fc.assert(
      fc.property(cases, (given) => {
        const { spec, labels, indices, output } = make(given);
        const expected = batchLoss(spec, output, labels, indices);
        const staged = stagedLoss(spec, labels);
        tf.tidy(() => {
          const inputs = staged?.inputs(tf, indices) ?? [];
          const { value, grad } = tf.valueAndGrad((o: Tensor) => staged?.loss(tf, o, inputs) as Tensor)(
            tf.tensor(output),
          );
          expect(value.dataSync()[0]).toBeCloseTo(expected.loss, 4);
          grad.dataSync().forEach((slope, i) => {
            expect(slope).toBeCloseTo(expected.gradient[i] ?? Number.NaN, 5);
          });
        });
      }),
      { numRuns: 60 },
    );
  });

  it('feeds tensors of the same shapes for every batch', () => {
    const { spec, labels } = make({ name: 'l1', rows: 4, channels: 2, missing: 0.3, seed: 1 });
    const shapes = [Int32Array.of(0, 1), Int32Array.of(4, 2)].map((indices) =>
      tf.tidy(() =>
        JSON.stringify(
          stagedLoss(spec, labels)
            ?.inputs(tf, indices)
            .map((each) => each.shape),
        ),
      ),
    );
    expect(shapes[0]).toBe('[[8,2],[],[],[8,1]]');
    expect(shapes[1]).toBe(shapes[0]);
  });

  it('does not exist for the loss that only JavaScript computes', () => {
    const { labels } = make({ name: 'l1', rows: 4, channels: 2, missing: 0, seed: 1 });
    expect(stagedLoss({ name: 'metric', classWeights: null }, labels)).toBeNull();
  });
});
