import { beforeAll, describe, expect, it } from 'vitest';
import { defaultTraining } from '@/lib/science/catalog/presets';
import type { MethodOptions, TransferRecipe } from '@/lib/science/core';
import { type Engine, memoryCount, openEngine } from '../../engine';
import { floatsOf, unpackFile } from '../container';
import { executeRecipe } from '../index';
import { createTestContext } from '../testing/context';
import { createShapesDataset } from '../testing/shapes-dataset';

let engine: Engine;
const dataset = createShapesDataset();
const files = new Map<string, Uint8Array>();
const base = { dataset: dataset.spec, version: 1, preset: 'micro' as const, seed: 1 };

/** A transfer to the task whose example is two pictures. */
const toPair = (from: string, options: MethodOptions): TransferRecipe => ({
  ...base,
  kind: 'transfer',
  method: 'partial',
  options,
  task: 'move',
  sources: [{ task: 'kind', fingerprint: from }],
  images: 24,
  training: { ...defaultTraining('micro', 'scratch'), epochs: 4 },
});
const fileOf = (fingerprint: string) => unpackFile(files.get(`${fingerprint}/weights`) as Uint8Array);
const run = (recipe: TransferRecipe) =>
  executeRecipe(recipe, createTestContext(engine, dataset, 't', { files }));

beforeAll(async () => {
  engine = await openEngine({ backend: 'wasm' });
  const training = { ...defaultTraining('micro', 'source'), epochs: 2 };
  const context = (fingerprint: string) => createTestContext(engine, dataset, fingerprint, { files });
  await executeRecipe({ ...base, kind: 'source', task: 'kind', training }, context('plain'));
  const options = { sharing: 'cross-stitch' };
  const tasks = ['kind', 'copy'];
  await executeRecipe(
    { ...base, kind: 'pretrain', method: 'multi-task', options, tasks, sources: [], training },
    context('stitched'),
  );
});

describe.each(['plain', 'stitched'])('partial from a %s source, two pictures in an example', (from) => {
  const encoder = (): string[] =>
    [...fileOf(from).arrays.keys()].filter((name) => name.startsWith('encoder/'));
  const moved = (): string[] =>
    encoder().filter((name) => {
      const [now, then] = [floatsOf(fileOf('t'), name), floatsOf(fileOf(from), name)];
      return now.some((x, i) => x !== then[i]);
    });
  const ways: readonly MethodOptions[] = [
    { cache: true },
    { cache: false },
    { cache: false, freeze: 'stop-gradient' },
  ];

  it.each([
    // The cut lies before the pictures are joined, after it (all frozen), and nowhere (all trained).
    [1, /\/code/],
    [0, /^$/],
    [1000, /./],
  ])(
    'with a depth of %i is one training whichever way layers are kept, and only its layers move',
    async (depth, layers) => {
      const results: Float32Array[] = [];
      for (const way of ways) {
        const { curve, testLosses } = await run(toPair(from, { ...way, depth }));
        expect(curve.at(-1)?.trainLoss).toBeLessThan(curve[1]?.trainLoss as number);
        expect(testLosses).toHaveLength(20);
        expect(moved()).toEqual(encoder().filter((name) => layers.test(name)));
        results.push(testLosses as Float32Array);
      }
      const [cached, plain, stopped] = results as [Float32Array, Float32Array, Float32Array];
      for (let i = 0; i < plain.length; i++) {
        expect(cached[i]).toBeCloseTo(plain[i] as number, 4);
        expect(stopped[i]).toBeCloseTo(plain[i] as number, 5);
      }
    },
  );

  it('trains one layer by name, below the join and above frozen ones', async () => {
    await run(toPair(from, { depth: 0, train: 'conv2$' }));
    expect(moved()).toEqual(encoder().filter((name) => /\/conv2\//.test(name)));
  });

  it('leaves no tensor behind', async () => {
    const before = memoryCount(engine.tf).tensors;
    for (const way of ways) await run(toPair(from, way));
    expect(memoryCount(engine.tf).tensors).toBe(before);
  });
});
