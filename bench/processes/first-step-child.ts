/** Prints milliseconds from this process's start to the end of its first training step, and its resident memory. */
import { defaultTraining } from '@/lib/science/catalog/presets';
import { type BackendName, openEngine } from '@/lib/train/engine';
import { executeRecipe } from '@/lib/train/methods';
import { createTestContext } from '@/lib/train/methods/testing/context';
import { createShapesDataset } from '@/lib/train/methods/testing/shapes-dataset';

const loaded = performance.now();
const engine = await openEngine({ backend: process.argv[2] as BackendName, threads: 1 });
const opened = performance.now();
const dataset = createShapesDataset({ source: 32, transfer: 8, selection: 8, test: 8 }, 64);
let first = Number.NaN;
const end = new AbortController();
const context = {
  ...createTestContext(engine, dataset, 'first', { signal: end.signal }),
  // One epoch of two steps: the loop evaluates the selection pool, and reports, after each.
  onProgress: () => {
    if (Number.isNaN(first)) first = performance.now();
  },
};
await executeRecipe(
  {
    ...{ kind: 'source', dataset: dataset.spec, version: 1, task: 'height', preset: 'tiny', seed: 1 },
    training: { ...defaultTraining('tiny', 'source'), epochs: 1 },
  },
  context,
);
process.stdout.write(
  `${JSON.stringify({ loaded, opened, first, peakMegabytes: process.resourceUsage().maxRSS / 1024 })}\n`,
);
