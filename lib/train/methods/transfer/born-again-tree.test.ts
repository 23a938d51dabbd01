import { beforeAll, describe, expect, it } from 'vitest';
import { defaultTraining } from '@/lib/science/catalog/presets';
import type { MethodOptions, TransferRecipe } from '@/lib/science/core';
import type { Dataset } from '@/lib/science/datasets/dataset';
import { type Engine, openEngine } from '../../engine';
import type { PackedLabels } from '../../networks';
import { unpackFile } from '../container';
import { executeRecipe } from '../index';
import { createTestContext } from '../testing/context';
import { createShapesDataset } from '../testing/shapes-dataset';
import { taughtLabels } from './born-again-tree';
import { averageCells } from './tree-sight';

let engine: Engine;
const dataset = createShapesDataset({ source: 48, transfer: 60, selection: 24, test: 30 });
const files = new Map<string, Uint8Array>();
const base = { dataset: dataset.spec, version: 1, preset: 'micro' as const, seed: 1 };
const training = { ...defaultTraining('micro', 'transfer'), epochs: 10 };
const sources = [{ task: 'copy', fingerprint: 'source-copy' }];
const members = [{ fingerprint: 'teacher', key: 'copy' }];

const tree = (options: MethodOptions = {}, more: Partial<TransferRecipe> = {}): TransferRecipe => ({
  ...base,
  kind: 'transfer',
  method: 'born-again-tree',
  options,
  task: 'kind',
  sources,
  members,
  images: 20,
  training,
  ...more,
});
const run = (recipe: TransferRecipe, fingerprint = 't', on: Dataset = dataset) =>
  executeRecipe(recipe, createTestContext(engine, on, fingerprint, { files }));

beforeAll(async () => {
  engine = await openEngine({ backend: 'wasm' });
  const source = createTestContext(engine, dataset, 'source-copy', { files });
  await executeRecipe({ ...base, kind: 'source', task: 'copy', training }, source);
  const { members: _, ...alone } = tree({}, { method: 'readout' });
  await run(alone, 'teacher');
});

it('averages over the cells of a grid, of uneven ones too', () => {
  const rising = Float32Array.from({ length: 9 }, (_, i) => i);
  expect([...averageCells(rising, { side: 3, channels: 1 }, 1)]).toEqual([4]);
  // Cells of rows {0} and {1, 2}, columns alike.
  expect([...averageCells(rising, { side: 3, channels: 1 }, 2)]).toEqual([0, 1.5, 4.5, 6]);
  expect(averageCells(rising, { side: 3, channels: 1 }, 8)).toEqual(rising);
  expect([
    ...averageCells(Float32Array.from([1, 10, 3, 30, 5, 50, 7, 70]), { side: 2, channels: 2 }, 1),
  ]).toEqual([4, 40]);
});

describe('what the tree is taught', () => {
  const labels: PackedLabels = {
    examples: 4,
    rows: 1,
    channels: 2,
    values: null,
    ids: Uint16Array.from([1, 0, 0, 1]),
    valid: Uint8Array.from([1, 1, 1, 1]),
  };
  const teacher = Float32Array.from([0.5, 0.5, 0.25, 0.75, 1, 0, 0, 1]);

  it('mixes labels with the teacher, and takes its word where there is no label', () => {
    const { images, values } = taughtLabels(labels, teacher, { labelled: 2, weight: 0.5, unlabelled: true });
    expect(images).toEqual([0, 1, 2, 3]);
    expect([...values]).toEqual([0.25, 0.75, 0.625, 0.375, 1, 0, 0, 1]);
  });

  it('is the labels alone without a teacher, or without a share and the unlabelled', () => {
    for (const words of [null, teacher]) {
      const { images, values } = taughtLabels(labels, words, { labelled: 2, weight: 0, unlabelled: false });
      expect(images).toEqual([0, 1]);
      expect([...values]).toEqual([0, 1, 1, 0]);
    }
  });

  it('leaves out a labelled image whose label is missing', () => {
    const holes = { ...labels, valid: Uint8Array.from([0, 1, 1, 1]) };
    expect(taughtLabels(holes, teacher, { labelled: 2, weight: 0.5, unlabelled: false }).images).toEqual([1]);
  });
});

describe('a born-again tree', () => {
  const losses = async (recipe: TransferRecipe, on?: Dataset) => (await run(recipe, 't', on)).testLosses;
  /** The same data with the labels of the transfer images from the twentieth on turned round. */
  const poisoned: Dataset = {
    ...dataset,
    labels: (pool, task, indices) => {
      const batch = dataset.labels(pool, task, indices);
      if (pool !== 'transfer' || task !== 'kind') return batch;
      return { ...batch, values: batch.values.map((v, i) => ((indices[i] as number) < 20 ? v : 1 - v)) };
    },
  };

  it('never sees a label that it was not given', async () => {
    expect(await losses(tree(), poisoned)).toEqual(await losses(tree()));
    expect(await losses(tree({}, { images: 60 }), poisoned)).not.toEqual(
      await losses(tree({}, { images: 60 })),
    );
  });

  it('learns from its teachers unless it is told not to', async () => {
    const alone = { weight: 0, unlabelled: false };
    const untaught = tree(alone);
    const { members: _, ...without } = untaught;
    expect(await losses(untaught)).toEqual(await losses(without));
    expect(await losses(tree())).not.toEqual(await losses(untaught));
    await expect(run(tree({}, { members: [] }))).rejects.toThrow('no network');
  });

  it('is printed with its run, and its numbers are those of the tree', async () => {
    const result = await run(tree({ depth: 3, 'min-leaf': 2 }));
    const [table] = result.tables ?? [];
    expect(table?.rows[0]).toMatch(/^1 {2}(brightness at row \d column \d ≤ |class )/);
    expect(new Set(table?.rows).size).toBe(table?.rows.length);
    expect(table?.values[0]?.[0]).toBeCloseTo(60, 3);
    const leaves = (table?.rows ?? []).flatMap((row, i) =>
      row.includes('class') ? [table?.values[i]?.[0] ?? 0] : [],
    );
    expect(leaves.reduce((a, b) => a + b, 0)).toBeCloseTo(60, 3);
    expect(result.metric).toBeGreaterThan(0);
  });

  it('looks at codes instead of pixels when asked', async () => {
    const [table] = (await run(tree({ see: 'code', 'min-leaf': 1 }))).tables ?? [];
    expect(table?.rows.some((row) => /copy code \d at row/.test(row))).toBe(true);
  });

  it('can be asked again from its file, and so teach in turn', async () => {
    const own = await run(tree({ depth: 3 }), 'stored');
    expect(unpackFile(files.get('stored/weights') as Uint8Array).meta).toMatchObject({ format: 'source-1' });
    const member = [{ fingerprint: 'stored', key: 'born-again-tree:copy' }];
    const alone = await run(tree({}, { method: 'ensemble', members: member, options: {} }), 'again');
    expect([...(alone.testLosses ?? [])].map((x) => x.toFixed(4))).toEqual(
      [...(own.testLosses ?? [])].map((x) => x.toFixed(4)),
    );
  });
});
