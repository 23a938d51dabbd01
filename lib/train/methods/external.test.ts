import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExternalEncoder, SourceRecipe } from '@/lib/science/core';
import { readExternalModel } from '@/lib/science/datasets';
import { type Engine, expectNoLeak, openEngine } from '../engine';
import { readFeatures } from './features';
import { executeRecipe } from './index';
import { createPause } from './pause';
import { createTestContext } from './testing/context';
import { createShapesDataset } from './testing/shapes-dataset';

const folder = mkdtempSync(join(tmpdir(), 'taskatlas-external-'));
const dataset = createShapesDataset({ source: 4, transfer: 24, selection: 8, test: 9 }, 16);
let engine: Engine;

/** Writes a layers model as TensorFlow.js does. */
async function write(model: LayersModel, to: string): Promise<void> {
  mkdirSync(to, { recursive: true });
  await model.save(
    engine.tf.io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData }) => {
      const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
      writeFileSync(join(to, 'model.json'), JSON.stringify({ modelTopology, weightsManifest }));
      writeFileSync(join(to, 'weights.bin'), new Uint8Array(weightData as ArrayBuffer));
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
    }),
  );
  model.dispose();
}

/** 16×16×3 → 4×4×5 at "half", then something else. */
async function writeModel(): Promise<void> {
  const { tf } = engine;
  const conv = (name: string, filters: number, strides: number) =>
    tf.layers.conv2d({
      name,
      filters,
      kernelSize: 3,
      strides,
      padding: 'same',
      kernelInitializer: tf.initializers.glorotUniform({ seed: 7 }),
    });
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({ inputShape: [16, 16, 3], filters: 4, kernelSize: 3, strides: 2, padding: 'same' }),
      conv('half', 5, 2),
      conv('rest', 2, 1),
    ],
  });
  await write(model, folder);
}

const encoderAt = (layer: string, model = folder): ExternalEncoder => ({
  model,
  layer,
  range: [0, 1],
  sha256: readExternalModel(model).sha256,
});
const recipe = (external: ExternalEncoder): SourceRecipe => ({
  kind: 'source',
  dataset: dataset.spec,
  version: 1,
  task: 'foreign',
  preset: 'micro',
  training: { epochs: 0, batchSize: 1, learningRate: 0, weightDecay: 0 },
  seed: 0,
  external,
});

beforeAll(async () => {
  engine = await openEngine({ backend: 'wasm' });
  await writeModel();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('external sources', () => {
  it('give a code of the preset’s shape: centred, uncorrelated, made again from the stored weights', async () => {
    const context = { ...createTestContext(engine, dataset, 'foreign'), inputKinds: ['rgb'] as const };
    await expectNoLeak(engine.tf, 'an external source', async () => {
      const result = await executeRecipe(recipe(encoderAt('half')), context);
      expect(result.testLosses).toBeNull();
    });
    const pause = createPause();
    const features = await readFeatures(context, 'foreign', 'transfer', 'rgb', pause);
    expect(features).toMatchObject({ count: 24, shape: { side: 2, channels: 4 } });
    const rows = features.values.length / 4;
    const moment = (a: number, b: number): number => {
      let sum = 0;
      for (let r = 0; r < rows; r++)
        sum += (features.values[r * 4 + a] as number) * (features.values[r * 4 + b] as number);
      return sum / rows;
    };
    const mean = (c: number): number =>
      features.values.reduce((s, x, i) => s + (i % 4 === c ? x : 0), 0) / rows;
    const spread = Math.sqrt(moment(0, 0));
    expect(Math.abs(mean(0))).toBeLessThan(0.01 * spread);
    expect(Math.abs(moment(0, 1))).toBeLessThan(0.01 * spread ** 2);
    expect(moment(0, 0)).toBeGreaterThan(moment(1, 1));
    context.files.delete('foreign/features-transfer-rgb');
    const again = await readFeatures(context, 'foreign', 'transfer', 'rgb', pause);
    expect(again.values).toEqual(features.values);
  });

  it('serve a readout like any other source', async () => {
    const files = new Map<string, Uint8Array>();
    await executeRecipe(recipe(encoderAt('half')), createTestContext(engine, dataset, 'foreign', { files }));
    const result = await executeRecipe(
      {
        kind: 'transfer',
        dataset: dataset.spec,
        version: 1,
        method: 'readout',
        task: 'height',
        sources: [{ task: 'foreign', fingerprint: 'foreign' }],
        preset: 'micro',
        training: { epochs: 4, batchSize: 8, learningRate: 4e-3, weightDecay: 0 },
        images: 24,
        seed: 1,
      },
      createTestContext(engine, dataset, 'transfer', { files }),
    );
    expect(result.testLosses?.every(Number.isFinite)).toBe(true);
  });

  it('refuse an unknown layer, other files than were planned with, and a model that is none', async () => {
    const context = createTestContext(engine, dataset, 'foreign');
    await expect(executeRecipe(recipe(encoderAt('nowhere')), context)).rejects.toThrow(
      /no such layer; the last ones are .*half, rest/,
    );
    const other = { ...encoderAt('half'), sha256: '0'.repeat(64) };
    await expect(executeRecipe(recipe(other), context)).rejects.toThrow(/not those that were planned with/);
    expect(() => readExternalModel(join(folder, 'weights.bin'))).toThrow(/is no JSON/);
    expect(() => readExternalModel(join(folder, 'gone'))).toThrow(/no model.json/);
    writeFileSync(join(folder, 'bad.json'), '{"modelTopology": {}}');
    expect(() => readExternalModel(join(folder, 'bad.json'))).toThrow(/weightsManifest/);
  });

  it('that are damaged or take no pictures fail as data, by name, and leave nothing behind', async () => {
    const { tf } = engine;
    const other = join(folder, 'other');
    const weights = join(other, 'weights.bin');
    const conv = (inputShape: number[]) =>
      tf.layers.conv2d({ name: 'c', inputShape, filters: 5, kernelSize: 3 });
    const failure = async (): Promise<unknown> => {
      const context = createTestContext(engine, dataset, 'foreign');
      const said = executeRecipe(recipe(encoderAt('c', other)), context).catch((error: unknown) => error);
      return await expectNoLeak(tf, 'a refused model', () => said);
    };
    await write(tf.sequential({ layers: [conv([16, 16, 1])] }), other);
    expect(await failure()).toMatchObject({
      code: 'data',
      message: expect.stringMatching(/other, layer "c": it takes \[\?,16,16,1\]/),
    });
    await write(tf.sequential({ layers: [conv([20, 30, 3])] }), other);
    expect(await failure()).not.toBeInstanceOf(Error);
    const sound = readFileSync(weights);
    writeFileSync(
      weights,
      sound.map(() => 0xff),
    );
    expect(await failure()).toMatchObject({ code: 'data', message: expect.stringContaining('not finite') });
    writeFileSync(weights, sound);
    truncateSync(weights, 40);
    await expect(
      executeRecipe(recipe(encoderAt('c', other)), createTestContext(engine, dataset, 'foreign')),
    ).rejects.toMatchObject({ code: 'data', message: expect.stringMatching(/layer "c": .* should have/) });
  });
});
