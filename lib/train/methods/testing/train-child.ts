/**
 * Trains a few small runs in a process of its own and prints what they gave, to the bit:
 *   node --import tsx lib/train/methods/testing/train-child.ts BACKEND THREADS SEED
 */
import type { Recipe } from '@/lib/science/core';
import { type BackendName, openEngine } from '../../engine';
import { executeRecipe } from '..';
import { createTestContext } from './context';
import { createShapesDataset } from './shapes-dataset';

/** Per-image losses as hexadecimal float32, and every point of the curve, by run. */
export type TrainedBits = Record<string, { losses: string; curve: readonly number[] }>;

const [backend, threads, seed] = process.argv.slice(2);
const engine = await openEngine({ backend: backend as BackendName, threads: Number(threads) });
const dataset = createShapesDataset();
const training = { epochs: 3, batchSize: 8, learningRate: 4e-3, weightDecay: 2e-6 };
const base = { dataset: dataset.spec, version: 1, preset: 'micro', seed: Number(seed), training } as const;
const sources = [{ task: 'copy', fingerprint: 'source' }];
const transfer = { ...base, kind: 'transfer', images: 24, sources } as const;
const recipes: Record<string, Recipe> = {
  source: { ...base, kind: 'source', task: 'copy' },
  scratch: { ...base, kind: 'scratch', task: 'height', images: 24 },
  embedding: { ...base, kind: 'scratch', task: 'segments', images: 24 },
  readout: { ...transfer, method: 'readout', task: 'hue' },
  'fine-tune': { ...transfer, method: 'fine-tune', task: 'kind' },
};

const files = new Map<string, Uint8Array>();
const bits: TrainedBits = {};
for (const [name, recipe] of Object.entries(recipes)) {
  const { testLosses, curve } = await executeRecipe(
    recipe,
    createTestContext(engine, dataset, name, { files }),
  );
  const losses = testLosses ?? new Float32Array(0);
  bits[name] = {
    losses: Buffer.from(losses.buffer, losses.byteOffset, losses.byteLength).toString('hex'),
    curve: curve.flatMap((point) => [point.trainLoss ?? Number.NaN, point.selectionLoss ?? Number.NaN]),
  };
}
process.stdout.write(`${JSON.stringify(bits)}\n`);
