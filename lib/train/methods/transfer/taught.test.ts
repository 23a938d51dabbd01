import { beforeAll, describe, expect, it } from 'vitest';
import { defaultTraining } from '@/lib/science/catalog/presets';
import { createRng, type MethodOptions, type TransferRecipe } from '@/lib/science/core';
import { distillationLoss } from '@/lib/science/learning';
import { type Engine, memoryCount, openEngine } from '../../engine';
import type { PackedLabels } from '../../networks';
import { floatsOf, unpackFile } from '../container';
import { hideLabels } from '../hidden-labels';
import { executeRecipe } from '../index';
import { meanLoss } from '../losses';
import { combineOutputs, softLabels, studentObjective } from '../soft';
import { createTestContext } from '../testing/context';
import { createShapesDataset } from '../testing/shapes-dataset';
import { confidenceWeighted, permuteOthers } from './born-again';
import { trustAgreement, trustClasses } from './self-training';

let engine: Engine;
const dataset = createShapesDataset();
const files = new Map<string, Uint8Array>();
const base = { dataset: dataset.spec, version: 1, preset: 'micro' as const, seed: 1 };
const training = { ...defaultTraining('micro', 'scratch'), epochs: 4 };

const transfer = (
  method: string,
  task: string,
  options: MethodOptions = {},
  more: Partial<TransferRecipe> = {},
): TransferRecipe => ({
  ...base,
  kind: 'transfer',
  method,
  options,
  task,
  sources: [{ task: 'copy', fingerprint: 'source-copy' }],
  images: 24,
  training,
  ...more,
});
const run = async (recipe: TransferRecipe, fingerprint = 't', on = dataset) => {
  for (const name of [...files.keys()].filter((key) => key.startsWith(`${fingerprint}/`))) files.delete(name);
  const result = await executeRecipe(recipe, createTestContext(engine, on, fingerprint, { files }));
  const stored = unpackFile(files.get(`${fingerprint}/weights`) as Uint8Array);
  return {
    result,
    losses: result.testLosses ?? new Float32Array(0),
    weightOf: (name: string) => floatsOf(stored, name),
  };
};
const sourceWeight = (name: string) =>
  floatsOf(unpackFile(files.get('source-copy/weights') as Uint8Array), name);

const near = (values: ArrayLike<number>, expected: ArrayLike<number>, digits = 5): void => {
  expect(values).toHaveLength(expected.length);
  for (let i = 0; i < expected.length; i++) expect(values[i]).toBeCloseTo(expected[i] as number, digits);
};

beforeAll(async () => {
  engine = await openEngine({ backend: 'wasm' });
  for (const task of ['copy', 'segments', 'kind', 'height']) {
    const context = createTestContext(engine, dataset, `source-${task}`, { files });
    await executeRecipe({ ...base, kind: 'source', task, training }, context);
  }
});

describe('partial', () => {
  const parts = ['kernel', 'bias'];
  const kept = (weightOf: (name: string) => Float32Array, layer: string) =>
    parts.every((part) => {
      const [now, then] = [weightOf(`encoder/${layer}/${part}`), sourceWeight(`encoder/${layer}/${part}`)];
      return now.every((value, i) => value === then[i]);
    });

  it.each([
    ['optimiser', true],
    ['optimiser', false],
    ['stop-gradient', false],
  ])('frozen layers do not move by a bit, trained ones do (%s, cache %s)', async (freeze, cache) => {
    const options = { train: 'encoder/conv2', depth: 0, freeze, cache };
    const { weightOf } = await run(transfer('partial', 'segments', options));
    expect(['conv1', 'conv2', 'code'].map((layer) => kept(weightOf, layer))).toEqual([true, false, true]);
  });

  it('is the same training whichever way layers are kept, cached or not', async () => {
    const by = async (options: MethodOptions) => (await run(transfer('partial', 'kind', options))).losses;
    const plain = await by({ cache: false });
    const stopped = await by({ freeze: 'stop-gradient', cache: false });
    // Where steps are compiled, what is fused depends on where the graph begins: the last bit may differ.
    if (engine.backend === 'tensorflow') near(stopped, plain, 5);
    else expect(stopped).toEqual(plain);
    near(await by({}), plain, 4);
  });

  it.each(['conv1', '^encoder/conv1$'])(
    'restores only the layers that %s fits, whole; the rest starts anew and is trained',
    async (restore) => {
      const options = { restore, depth: 0 };
      const { weightOf } = await run(transfer('partial', 'segments', options));
      expect(['conv1', 'conv2', 'code'].map((layer) => kept(weightOf, layer))).toEqual([true, false, false]);
    },
  );

  it('leaves a whole encoder as a source, the cached part with it', async () => {
    await run(transfer('partial', 'segments'), 'chain');
    const { losses } = await run(
      transfer('readout', 'kind', {}, { sources: [{ task: 'via', fingerprint: 'chain' }] }),
    );
    expect(losses.every(Number.isFinite)).toBe(true);
  });
});

describe('soft targets', () => {
  const random = (seed: number, size: number) => {
    const rng = createRng(seed);
    return Float32Array.from({ length: size }, () => 2 * rng.normal());
  };
  const labels: PackedLabels = {
    examples: 4,
    rows: 1,
    channels: 3,
    values: null,
    ids: Uint16Array.from([0, 1, 2, 1]),
    valid: new Uint8Array(4).fill(1),
  };
  const spec = { name: 'cross-entropy' as const, classWeights: null };
  const indices = Int32Array.from([0, 1, 2, 3]);

  it.each([1, 4])('are the reference’s loss and gradient at T = %d', (temperature) => {
    const { tf } = engine;
    const [student, teacher] = [random(1, 12), random(2, 12)];
    const soft = softLabels(spec, labels, teacher, temperature);
    const objective = studentObjective(tf, soft, { weight: 1, temperature });
    const expected = distillationLoss(student, teacher, 3, temperature);
    const { value, grad } = tf.valueAndGrad((output) =>
      objective({ output, indices, step: 0, spec, labels }),
    )(tf.tensor(student, [4, 3]));
    expect(value.dataSync()[0]).toBeCloseTo(expected.loss, 5);
    near(grad.dataSync(), expected.gradient);
    tf.dispose([value, grad]);
  });

  it('combine networks by probabilities for classes, by outputs else', () => {
    const parts = [Float32Array.from([10, 0]), Float32Array.from([0, 10])];
    const [a = 0, b = 1] = combineOutputs(spec, 2, parts);
    expect(a).toBeCloseTo(Math.log(0.5), 4);
    expect(b).toBeCloseTo(a, 6);
    expect([...combineOutputs({ name: 'l1', classWeights: null }, 2, parts)]).toEqual([5, 5]);
  });

  it('CWTM weighs true classes by the teacher’s confidence, at mean 1', () => {
    const soft = Float32Array.from([0.9, 0.05, 0.05, 0.4, 0.3, 0.3, 0.5, 0.2, 0.3, 0.6, 0.2, 0.2]);
    const { values } = confidenceWeighted(labels, soft);
    const weights = [0, 1, 2, 3].map((row) => values?.[row * 3 + (labels.ids?.[row] ?? 0)] ?? 0);
    near(weights, [0.9 / 0.6, 0.4 / 0.6, 0.5 / 0.6, 1]);
    expect(values?.reduce((sum, v) => sum + v, 0)).toBeCloseTo(4, 5);
  });

  it('DKPP keeps the likeliest class and shuffles the others within their row', () => {
    const row = [0.1, 0.5, 0.15, 0.05, 0.2];
    const soft = Float32Array.from(Array(20).fill(row).flat());
    const mixed = permuteOthers(soft, 5, createRng(1));
    for (let at = 0; at < 100; at += 5) {
      const out = [...mixed.subarray(at, at + 5)];
      expect(out[1]).toBeCloseTo(0.5);
      expect(out.sort()).toEqual([...Float32Array.from(row)].sort());
    }
    expect(mixed).not.toEqual(soft);
  });
});

describe('distill, born-again, ensemble', () => {
  const gold = (task: string) => ({ sources: [{ task, fingerprint: `source-${task}` }] });

  it.each(['segments', 'kind', 'height'])('a student learns %s from its own network', async (task) => {
    const { result, losses } = await run(transfer('distill', task, { weight: 0.7 }, gold(task)));
    expect(result.curve.at(-1)?.trainLoss).toBeLessThan(result.curve[1]?.trainLoss as number);
    expect(losses).toHaveLength(20);
  });

  it('the teacher matters, and without its share it does not', async () => {
    const by = async (options: MethodOptions, teacher: string) =>
      (
        await run(
          transfer('distill', 'kind', options, {
            ...gold('kind'),
            members: [{ fingerprint: teacher, key: 'x' }],
          }),
        )
      ).losses;
    await run(transfer('readout', 'kind'), 'other');
    expect(await by({ weight: 0 }, 'source-kind')).toEqual(await by({ weight: 0 }, 'other'));
    expect(await by({ weight: 1 }, 'source-kind')).not.toEqual(await by({ weight: 1 }, 'other'));
  });

  it('any architecture teaches any other: a micro teacher, a tiny student', async () => {
    const recipe = transfer('distill', 'kind', { student: 'tiny' }, gold('kind'));
    const { weightOf } = await run(recipe, 'student', createShapesDataset(undefined, 16));
    expect(weightOf('encoder/conv1/kernel').length).toBe(48 * 24);
  });

  it('an ensemble answers as the mean of its members, and can teach in turn', async () => {
    await run(transfer('readout', 'height'), 'm1');
    const alone = await run(transfer('fine-tune', 'height'), 'm2');
    const members = ['m1', 'm2'].map((fingerprint) => ({ fingerprint, key: fingerprint }));
    const both = await run(transfer('ensemble', 'height', {}, { members }), 'e');
    const same = await run(transfer('ensemble', 'height', {}, { members: [members[1] as never] }), 'e1');
    const numbers = (losses: Float32Array) => [...losses].map((loss) => (Number.isNaN(loss) ? -1 : loss));
    near(numbers(same.losses), numbers(alone.losses));
    expect(both.losses).not.toEqual(same.losses);
    const taught = transfer('distill', 'height', {}, { members: [{ fingerprint: 'e', key: 'ensemble' }] });
    expect(meanLoss((await run(taught)).losses)).toBeGreaterThan(0);
  });

  it.each<MethodOptions>([
    {},
    { labels: false },
    { variant: 'cwtm' },
    { variant: 'dkpp' },
    { ensemble: true },
  ])('generations are taught one by one with %o', async (options) => {
    const recipe = transfer('born-again', 'kind', { generations: 1, ...options }, { sources: [] });
    const { losses, weightOf } = await run(recipe);
    expect(losses.every(Number.isFinite)).toBe(true);
    expect(weightOf('g0/encoder/conv1/kernel')).not.toEqual(weightOf('g1/encoder/conv1/kernel'));
  });

  it('tells its progress as one run, which never goes back', async () => {
    const context = createTestContext(engine, dataset, 'p', { files: new Map() });
    await executeRecipe(transfer('born-again', 'kind', { generations: 2 }, { sources: [] }), context);
    const shares = context.progress.map(({ step, totalSteps }) => step / totalSteps);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
    expect(shares.filter((share) => share > 1 / 3 && share <= 2 / 3).length).toBeGreaterThan(0);
  });

  it('goes on after an interruption with the generations that are done, to the same numbers', async () => {
    const recipe = transfer('born-again', 'kind', { generations: 2 }, { sources: [] });
    const whole = await run(recipe, 'b');
    const finished = ['b/stage-0', 'b/stage-1'].map((name) => [name, files.get(name) as Uint8Array] as const);
    const some = new Map(finished);
    const context = createTestContext(engine, dataset, 'b', { files: some });
    const { testLosses, cost } = await executeRecipe(recipe, context);
    expect(testLosses).toEqual(whole.losses);
    expect(cost.steps).toBe(whole.result.cost.steps);
  });
});

describe('self-training', () => {
  it('blots out the labels that it must not know', async () => {
    const cheat = createShapesDataset();
    const labels = cheat.labels.bind(cheat);
    const poisoned = {
      ...cheat,
      labels: (...[pool, task, indices]: Parameters<typeof labels>) => {
        const batch = labels(pool, task, indices);
        if (pool !== 'transfer' || task !== 'kind') return batch;
        // The labels of the images after the eighth are turned round.
        return {
          ...batch,
          values: batch.values.map((v: number, i: number) => ((indices[i] as number) < 8 ? v : 1 - v)),
        };
      },
    };
    const recipe = transfer('self-training', 'kind', { threshold: 0.5 }, { images: 8 });
    const honest = (await run(recipe, 's')).losses;
    expect((await run(recipe, 's', poisoned as typeof dataset)).losses).toEqual(honest);
  });

  it.each(['kind', 'place', 'height', 'hue'])('serves %s', async (task) => {
    const options = { rounds: 1, threshold: 0.5 };
    const { losses } = await run(transfer('self-training', task, options, { images: 12 }));
    expect(losses.some(Number.isFinite)).toBe(true);
  });

  it('says what it needs when every image is labelled', async () => {
    await expect(run(transfer('self-training', 'kind'))).rejects.toThrow('transferSizes');
  });

  it('trusts confident classes, in even shares, and never touches the labelled ones', () => {
    const labels = hideLabels(
      {
        examples: 6,
        rows: 1,
        channels: 2,
        values: null,
        ids: Uint16Array.from([1, 0, 0, 0, 0, 0]),
        valid: new Uint8Array(6).fill(1),
      },
      1,
    );
    expect([...labels.valid]).toEqual([1, 0, 0, 0, 0, 0]);
    const logits = Float32Array.from([9, 0, 9, 0, 8, 0, 7, 0, 0, 9, 0.1, 0]);
    const all = trustClasses(labels, logits, 1, { threshold: 0.9, balance: false });
    expect(all.images).toEqual([1, 2, 3, 4]);
    expect([...(all.labels.ids ?? [])]).toEqual([1, 0, 0, 0, 1, 0]);
    expect([...all.labels.valid]).toEqual([1, 1, 1, 1, 1, 0]);
    expect(trustClasses(labels, logits, 1, { threshold: 0.9, balance: true }).images).toEqual([1, 2, 4]);
  });

  it('trusts what two networks agree on', () => {
    const labels = hideLabels(
      {
        examples: 4,
        rows: 1,
        channels: 1,
        values: Float32Array.from([5, 6, 7, 8]),
        ids: null,
        valid: new Uint8Array(4).fill(1),
      },
      1,
    );
    const [a, b] = [Float32Array.from([0, 1, 2, 3]), Float32Array.from([0, 1.5, 2.1, 9])];
    const { images, labels: made } = trustAgreement(
      labels,
      [a, b],
      Float32Array.from([0, 1.25, 2.05, 6]),
      1,
      0.67,
    );
    expect(images).toEqual([1, 2]);
    expect([...(made.values ?? [])].map((v) => Number(v.toFixed(2)))).toEqual([5, 1.25, 2.05, 0]);
  });
});

it('leaves no tensor behind', async () => {
  const before = memoryCount(engine.tf).tensors;
  await run(transfer('partial', 'segments', { freeze: 'stop-gradient', cache: false }));
  await run(transfer('born-again', 'segments', { generations: 1, ensemble: true }, { sources: [] }));
  await run(transfer('self-training', 'place', { rounds: 1 }, { images: 8 }));
  expect(memoryCount(engine.tf).tensors).toBe(before);
});
