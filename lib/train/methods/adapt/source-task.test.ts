import { beforeAll, describe, expect, it } from 'vitest';
import { defaultTraining } from '@/lib/science/catalog/presets';
import { createRng, type TransferRecipe } from '@/lib/science/core';
import { type Engine, memoryCount, openEngine } from '../../engine';
import { initialWeights, type Weights } from '../../networks';
import { readSource } from '../features';
import { executeRecipe } from '../index';
import { outputBias } from '../output-bias';
import { createTestContext } from '../testing/context';
import { otherDomain } from '../testing/other-domain';
import { createShapesDataset } from '../testing/shapes-dataset';
import type { MethodContext } from '../types';
import { type Adaptation, prepareAdaptation } from './adaptation';
import { sourceTask } from './source-task';

let engine: Engine;
const dataset = otherDomain(createShapesDataset(), (x) => -x);
const training = { ...defaultTraining('micro', 'source'), epochs: 20 };

const recipe = (method: string, task: string): TransferRecipe => ({
  dataset: dataset.spec,
  version: 1,
  kind: 'transfer',
  method,
  options: {},
  task,
  sources: [],
  preset: 'micro',
  training,
  images: 24,
  seed: 1,
});

const prepared = (task: string): Promise<Adaptation> =>
  prepareAdaptation(
    recipe('dann', task),
    createTestContext(engine, dataset, 'run') as unknown as MethodContext,
  );

/** A network that answers the mean of the source domain's labels whatever it is shown, plus `off` in every output. */
function constantNetwork(a: Adaptation, off = 0): Weights {
  const weights = new Map(initialWeights([...a.encoder, ...a.head], createRng('constant')));
  weights.get('decoder/output/kernel')?.fill(0);
  const bias = outputBias(a.spec, a.labels, weights.get('decoder/output/bias')?.length ?? 0, a.images.source);
  return weights.set(
    'decoder/output/bias',
    bias.map((x, i) => x + (i % 2 === 0 ? off : 0)),
  );
}

beforeAll(async () => {
  engine = await openEngine({ backend: 'wasm' });
});

describe('the task in the source domain', () => {
  it('is told of a run that has learned it, and nothing is to be minded', async () => {
    const context = createTestContext(engine, dataset, 'run');
    const { tables = [] } = await executeRecipe(recipe('dann', 'kind'), context);
    const [, table] = tables;
    const [network, constant, skill] = table?.values[0] ?? [];
    expect(table?.columns).toEqual(['network', 'constant answer', 'skill']);
    // Two classes, about as many of each.
    expect(constant).toBeCloseTo(Math.LN2, 1);
    expect(skill).toBeCloseTo(1 - (network as number) / (constant as number), 6);
    expect(skill).toBeGreaterThan(0.1);
    expect(table?.meaning).toContain('still does what it learned');
    const a = await prepared('kind');
    expect(sourceTask(a, (await readSource(context, 'run')).weights)).toEqual([table]);
  });

  it('is lost where the network answers like a constant or worse, and the run says so', async () => {
    const before = memoryCount(engine.tf).tensors;
    for (const task of ['kind', 'height', 'segments']) {
      const a = await prepared(task);
      for (const off of [0, 40]) {
        const [table] = sourceTask(a, constantNetwork(a, off));
        expect([task, off, (table?.values[0]?.[2] ?? 1) < (off === 0 ? 0.1 : -1)]).toEqual([task, off, true]);
        expect(table?.meaning).toContain('It has lost the task, or never learned it: do not use it');
      }
    }
    expect(memoryCount(engine.tf).tensors).toBe(before);
  });

  it('has no table for embeddings, which have no constant answer', async () => {
    const a = await prepared('islands');
    expect(sourceTask(a, constantNetwork(a))).toEqual([]);
  });
});
