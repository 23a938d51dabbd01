import { PNG } from 'pngjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { defaultTraining } from '@/lib/science/catalog/presets';
import { createRng, type MethodOptions, type RunTable, type TransferRecipe } from '@/lib/science/core';
import type { Dataset } from '@/lib/science/datasets/dataset';
import { type Engine, openEngine } from '../../engine';
import type { Weights } from '../../networks';
import { readSource } from '../features';
import { executeRecipe } from '../index';
import { keptStage } from '../stages';
import { createTestContext, type TestContext } from '../testing/context';
import { otherDomain } from '../testing/other-domain';
import { createShapesDataset } from '../testing/shapes-dataset';
import { translationWeights } from './translators';

let engine: Engine;
/** Shapes in weak light of one side, as far as a number for each value can say. */
const dataset = otherDomain(createShapesDataset(), (x) => 0.4 * x - 0.5);
const training = { ...defaultTraining('micro', 'source'), epochs: 3 };

const recipe = (method: string, options: MethodOptions = {}, task = 'kind'): TransferRecipe => ({
  dataset: dataset.spec,
  version: 1,
  kind: 'transfer',
  method,
  options,
  task,
  sources: [],
  ...(method === 'cycada' ? { members: [{ fingerprint: 'start', key: 'source-only' }] } : {}),
  preset: 'micro',
  training,
  images: 24,
  seed: 1,
});

const weightsOf = async (context: TestContext): Promise<Weights> =>
  (await readSource(context, context.fingerprint)).weights;

beforeAll(async () => {
  engine = await openEngine({ backend: 'wasm' });
});

/** A context with the source-only network in it. */
async function started(task = 'kind'): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  await executeRecipe(
    recipe('source-only', {}, task),
    createTestContext(engine, dataset, 'start', { files }),
  );
  return files;
}

const pngOf = (bytes: Uint8Array): PNG => PNG.sync.read(Buffer.from(bytes));

describe('cycada', () => {
  it('moves pictures towards the target domain, and shows them', async () => {
    const files = await started();
    const context = createTestContext(engine, dataset, 'run', { files });
    const options = { 'translation-epochs': 60 };
    const { tables, samples } = await executeRecipe(recipe('cycada', options), context);
    const [table] = tables ?? [];
    expect(table?.columns).toEqual(['pictures', 'pictures translated', 'codes before', 'codes after']);
    const [before = 0, after = 2] = table?.values[1] ?? [];
    expect(after).toBeLessThan(0.5 * before);
    const strips = samples.filter(({ role }) => role === 'source-translated');
    expect(strips).toHaveLength(6);
    expect(samples.filter(({ role }) => role === 'target-translated')).toHaveLength(6);
    // Mean brightness of the three pictures of a strip: the target domain's is darker, and the way back is bright again.
    const brightness = strips.map(({ png }) => {
      const { data, width, height } = pngOf(png);
      expect([width, height]).toEqual([3 * 16 + 2 * 2, 16]);
      return [0, 1, 2].map((part) => {
        let sum = 0;
        for (let y = 0; y < 16; y++)
          for (let x = 0; x < 16; x++) sum += data[4 * (y * width + part * 18 + x)] as number;
        return sum / 256;
      });
    });
    const mean = (part: number): number =>
      brightness.reduce((sum, strip) => sum + (strip[part] as number), 0) / brightness.length;
    const wanted = mean(0) * 0.4 + 127.5 * (1 - 0.4 - 0.5);
    expect(Math.abs(mean(1) - wanted)).toBeLessThan(0.3 * Math.abs(mean(0) - wanted));
    expect(Math.abs(mean(2) - mean(0))).toBeLessThan(0.3 * Math.abs(mean(0) - wanted));
  });

  it.each([0, 0.5])(
    'learns what source-only learns on the translated pictures, to the bit: + %f',
    async (more) => {
      const files = await started();
      const context = createTestContext(engine, dataset, 'run', { files });
      const weights = new Map([
        ...translationWeights(dataset.size, createRng(1)),
        ['to-target/output/bias', new Float32Array(3).fill(more)] as const,
        ['to-source/output/bias', new Float32Array(3).fill(-0.3)] as const,
      ]);
      const cost = { steps: 0, images: 0, seconds: 0, flops: 0 };
      await keptStage(context, { index: 0, of: 2 }, async () => ({ weights, curve: [], cost }));
      const { tables } = await executeRecipe(recipe('cycada'), context);
      const brighter: Dataset = {
        ...dataset,
        inputs: (pool, kind, indices) => {
          const pictures = dataset.inputs(pool, kind, indices);
          return pool === 'source' ? pictures.map((x) => Math.min(1, x + more)) : pictures;
        },
      };
      const alone = createTestContext(engine, brighter, 'alone');
      const expected = await executeRecipe(recipe('source-only'), alone);
      expect(await weightsOf(context)).toEqual(await weightsOf(alone));
      const column = (table: RunTable | undefined, name: string) =>
        table?.values.map((row) => row[table.columns.indexOf(name)]);
      const [translated, plain] = [tables?.[0], expected.tables?.[0]];
      expect(column(translated, 'pictures translated')).toEqual(column(plain, 'pictures'));
      expect(column(translated, 'codes after')).toEqual(column(plain, 'codes after'));
    },
  );

  it('goes on in its second training without the first being made again', async () => {
    const files = await started();
    const saving = createTestContext(engine, dataset, 'run', { files, everySeconds: 0 });
    const saved: Uint8Array[] = [];
    saving.checkpoint.save = async (bytes) => void saved.push(bytes);
    const whole = await executeRecipe(recipe('cycada'), saving);
    const weights = await weightsOf(saving);
    for (const name of ['weights', 'stage-1']) files.delete(`run/${name}`);
    const context = createTestContext(engine, dataset, 'run', { files });
    // 18 steps each: the last checkpoint belongs to the second training.
    context.checkpoints.saved = saved.at(-5) ?? null;
    const again = await executeRecipe(recipe('cycada'), context);
    expect(await weightsOf(context)).toEqual(weights);
    expect({ ...again, cost: null }).toEqual({ ...whole, cost: null });
    expect(context.progress.every(({ step }) => step > 12)).toBe(true);
    expect(again.artifacts).toEqual(['run/weights', 'run/stage-0', 'run/stage-1']);
  });

  it('has options that reach both of its trainings', async () => {
    const run = async (options: MethodOptions): Promise<Weights> => {
      const context = createTestContext(engine, dataset, 'run', { files: await started() });
      await executeRecipe(recipe('cycada', options), context);
      return await weightsOf(context);
    };
    const plain = await run({});
    const changes: MethodOptions[] = [
      { cycle: 1 },
      { semantic: 1 },
      { identity: 1 },
      { rate: 0.1 },
      { 'critic-rate': 0.5 },
      { 'translation-epochs': 1 },
      { warm: true },
      { features: 1 },
    ];
    for (const options of changes) expect([options, await run(options)]).not.toEqual([options, plain]);
    const aligned = await run({ features: 1 });
    expect(await run({ features: 1, gamma: 1 })).not.toEqual(aligned);
  });

  it('wants exactly one network to start from', async () => {
    const context = createTestContext(engine, dataset, 'run');
    const without = { ...recipe('cycada'), members: [] };
    await expect(executeRecipe(without, context)).rejects.toMatchObject({ code: 'invalid-input' });
    await expect(executeRecipe(recipe('cycada'), context)).rejects.toMatchObject({ code: 'data' });
  });
});
