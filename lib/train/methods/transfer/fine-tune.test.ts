import { beforeAll, describe, expect, it } from 'vitest';
import { defaultTraining } from '@/lib/science/catalog/presets';
import type { MethodOptions, TransferRecipe } from '@/lib/science/core';
import { type Engine, memoryCount, openEngine } from '../../engine';
import { floatsOf, unpackFile } from '../container';
import { readFeatures } from '../features';
import { executeRecipe } from '../index';
import { meanLoss } from '../losses';
import { createTestContext } from '../testing/context';
import { createShapesDataset } from '../testing/shapes-dataset';
import { fineTuneGroups } from './fine-tune';

let engine: Engine;
const dataset = createShapesDataset();
const files = new Map<string, Uint8Array>();
const base = { dataset: dataset.spec, version: 1, preset: 'micro' as const, seed: 1 };

const transfer = (
  method: string,
  task: string,
  options: MethodOptions = {},
  from = 'copy',
): TransferRecipe => ({
  ...base,
  kind: 'transfer',
  method,
  options,
  task,
  sources: [{ task: from, fingerprint: `source-${from}` }],
  images: 24,
  training: { ...defaultTraining('micro', 'scratch'), epochs: 4 },
});
const run = async (recipe: TransferRecipe, fingerprint = 't') => {
  const context = createTestContext(engine, dataset, fingerprint, { files });
  const result = await executeRecipe(recipe, context);
  const stored = unpackFile(files.get(`${fingerprint}/weights`) as Uint8Array);
  return { result, weightOf: (name: string) => floatsOf(stored, name) };
};
const sourceWeight = (name: string) =>
  floatsOf(unpackFile(files.get('source-copy/weights') as Uint8Array), name);
const distance = (a: Float32Array, b: Float32Array): number =>
  Math.sqrt(a.reduce((sum, x, i) => sum + (x - (b[i] as number)) ** 2, 0));

beforeAll(async () => {
  engine = await openEngine({ backend: 'wasm' });
  for (const task of ['copy', 'hue']) {
    const training = { ...defaultTraining('micro', 'source'), epochs: 3 };
    const context = createTestContext(engine, dataset, `source-${task}`, { files });
    await executeRecipe({ ...base, kind: 'source', task, training }, context);
  }
});

const CONV1 = 'encoder/conv1/kernel';

describe('fine-tune', () => {
  it.each(['height', 'segments', 'place', 'kind', 'hue'])('trains every layer for %s', async (task) => {
    const { result, weightOf } = await run(transfer('fine-tune', task));
    expect(result.testLosses).toHaveLength(20);
    expect(result.curve.at(-1)?.trainLoss).toBeLessThan(result.curve[1]?.trainLoss as number);
    expect(weightOf(CONV1)).not.toEqual(sourceWeight(CONV1));
  });

  it('starts at the source: with a rate of 0 for its layers they stay, bit for bit', async () => {
    const { weightOf } = await run(transfer('fine-tune', 'segments', { 'encoder-rate': 0 }));
    for (const layer of ['conv1', 'conv2', 'code'])
      for (const part of ['kernel', 'bias'])
        expect(weightOf(`encoder/${layer}/${part}`)).toEqual(sourceWeight(`encoder/${layer}/${part}`));
  });

  it('L2-SP holds the source’s layers near where they began, and nothing else', async () => {
    const free = await run(transfer('fine-tune', 'segments'), 'free');
    const tied = await run(transfer('fine-tune', 'segments', { 'l2-sp': 50 }), 'tied');
    const moved = (weightOf: (name: string) => Float32Array) =>
      distance(weightOf(CONV1), sourceWeight(CONV1));
    expect(moved(tied.weightOf)).toBeLessThan(0.5 * moved(free.weightOf));
    expect(tied.result.testLosses).not.toEqual(free.result.testLosses);
  });

  it('sets rates by depth and frees layers from the top down', () => {
    const names = ['encoder/a/kernel', 'encoder/a/bias', 'encoder/b/kernel', 'decoder/output/kernel'];
    const groups = fineTuneGroups(names, { rate: 0.4, decay: 0.5, unfreeze: 0.6 });
    expect(groups).toEqual([
      { names: ['decoder/output/kernel'], rate: 1, from: 0 },
      { names: ['encoder/a/kernel', 'encoder/a/bias'], rate: 0.2, from: 0.6 },
      { names: ['encoder/b/kernel'], rate: 0.4, from: 0.3 },
    ]);
  });

  it('leaves an encoder that is a source again (chained transfer)', async () => {
    await run(transfer('fine-tune', 'height'), 'chain');
    const chained = (method: string) => ({
      ...transfer(method, 'segments'),
      sources: [{ task: 'via-height', fingerprint: 'chain' }],
    });
    const frozen = await run(chained('readout'), 'c1');
    const tuned = await run(chained('fine-tune'), 'c2');
    expect(meanLoss(frozen.result.testLosses as Float32Array)).toBeGreaterThan(0);
    expect(meanLoss(tuned.result.testLosses as Float32Array)).toBeGreaterThan(0);
    const context = createTestContext(engine, dataset, 'x', { files });
    const codes = (fingerprint: string) => readFeatures(context, fingerprint, 'test', 'rgb', async () => {});
    expect((await codes('chain')).values).not.toEqual((await codes('source-copy')).values);
  });

  it('a source that was trained on grey pictures sees grey ones when it is fine-tuned too', async () => {
    await run(transfer('fine-tune', 'segments', {}, 'hue'), 'grey');
    expect(unpackFile(files.get('grey/weights') as Uint8Array).meta.adapter).toBe('grey');
  });

  it('refuses an encoder of another preset', async () => {
    const recipe = { ...transfer('fine-tune', 'segments'), preset: 'tiny' as const };
    await expect(run(recipe)).rejects.toMatchObject({ code: 'data' });
  });
});

describe('features', () => {
  it.each(['code', 'conv2', 'conv1'])('learns one affine map on %s, cached by layer', async (layer) => {
    const { result, weightOf } = await run(transfer('features', 'segments', { layer }));
    expect(result.curve.at(-1)?.trainLoss).toBeLessThan(result.curve[1]?.trainLoss as number);
    const channels = { code: 4, conv2: 8, conv1: 6 * 4 }[layer] as number;
    // One kernel and one bias: 16 pixels × 3 classes for each position of the code.
    expect(weightOf('decoder/output/kernel')).toHaveLength(channels * 48);
    const cache =
      layer === 'code' ? 'source-copy/features-test-rgb' : `source-copy/features-test-rgb-${layer}`;
    expect(files.has(cache)).toBe(true);
  });

  it('serves vectors and classes from all positions', async () => {
    for (const task of ['place', 'kind']) {
      const { result } = await run(transfer('features', task, { layer: 'conv2' }));
      expect(result.testLosses?.every(Number.isFinite)).toBe(true);
    }
  });

  it('names the layers that there are', async () => {
    const recipe = transfer('features', 'kind', { layer: 'conv9' });
    await expect(run(recipe)).rejects.toThrow('it has conv1, conv2, code');
  });
});

it('leaves no tensor behind', async () => {
  const before = memoryCount(engine.tf).tensors;
  await run(transfer('fine-tune', 'segments', { 'l2-sp': 1, unfreeze: 0.5 }));
  await run(transfer('features', 'kind', { layer: 'conv1' }));
  expect(memoryCount(engine.tf).tensors).toBe(before);
});
