/**
 * CPU milliseconds per training step of the tiny preset: source, scratch, readout head.
 *   npm run bench -- train-steps [steps] [copy|segments|place|…]
 * Synthetic shapes at 64×64: timing does not depend on what the pictures show. Two runs of different length
 * are subtracted, so loading and evaluation fall out; CPU time, so that a busy machine does not matter much.
 */
import { defaultTraining, type TrainingRole } from '@/lib/science/catalog/presets';
import type { Recipe } from '@/lib/science/core';
import { openEngine } from '@/lib/train/engine';
import { executeRecipe } from '@/lib/train/methods';
import { createTestContext } from '@/lib/train/methods/testing/context';
import { createShapesDataset } from '@/lib/train/methods/testing/shapes-dataset';
import { readOptions, wholeNumber } from './command/options';

const BATCH = defaultTraining('tiny', 'source').batchSize;
const [count = '60', task = 'copy'] = readOptions({}, 2).positionals;
const steps = wholeNumber(count, 'steps');
const engine = await openEngine({ backend: 'wasm' });
console.log(engine.description.summary);
const dataset = createShapesDataset({ source: 320, transfer: 96, selection: 32, test: 32 }, 64);
const files = new Map<string, Uint8Array>();
const base = { dataset: dataset.spec, version: 1, preset: 'tiny' as const, task, seed: 1 };
const options = (role: TrainingRole, epochs: number) => ({ ...defaultTraining('tiny', role), epochs });

/** CPU milliseconds of one run. */
async function cpuOf(name: string, recipe: Recipe): Promise<{ ms: number; steps: number; flops: number }> {
  const before = process.cpuUsage();
  const result = await executeRecipe(recipe, createTestContext(engine, dataset, name, { files }));
  const { user, system } = process.cpuUsage(before);
  return { ms: (user + system) / 1000, steps: result.cost.steps, flops: result.cost.flops };
}

async function time(name: string, images: number, make: (epochs: number) => Recipe): Promise<void> {
  const epochs = Math.ceil((steps * BATCH) / images);
  const short = await cpuOf(name, make(epochs));
  const long = await cpuOf(name, make(3 * epochs));
  const ms = (long.ms - short.ms) / (long.steps - short.steps);
  const gflops = (long.flops - short.flops) / (long.ms - short.ms) / 1e6;
  console.log(
    `${name.padEnd(8)} ${ms.toFixed(2)} CPU-ms/step  ${((1000 * BATCH) / ms).toFixed(0)} images/CPU-s  ` +
      `${gflops.toFixed(1)} GFLOP/s  fixed ${((3 * short.ms - long.ms) / 2).toFixed(0)} ms`,
  );
}

await cpuOf('warm-up', { ...base, kind: 'source', training: options('source', 1) });
await time('source', 320, (epochs) => ({ ...base, kind: 'source', training: options('source', epochs) }));
await time('scratch', 96, (epochs) => ({
  ...base,
  kind: 'scratch',
  images: 96,
  training: options('scratch', epochs),
}));
await time('readout', 48, (epochs) => ({
  ...base,
  kind: 'transfer',
  method: 'readout',
  sources: [{ task, fingerprint: 'source' }],
  images: 96,
  training: options('transfer', epochs),
}));
