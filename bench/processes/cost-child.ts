/** Executes runs of a prepared data set one after the other and prints what each took: `bench/cost.ts` starts it. */
import { readFileSync } from 'node:fs';
import type { DatasetSpec, Recipe } from '@/lib/science/core';
import { openDataset, renderShard } from '@/lib/science/datasets';
import { openEngine } from '@/lib/train/engine';
import { executeRecipe } from '@/lib/train/methods';
import { createTestContext } from '@/lib/train/methods/testing/context';

export interface CostOrder {
  dataset: DatasetSpec;
  cache: string;
  /** By name; a source is referred to by the name of its run. */
  runs: readonly { name: string; recipe: Recipe }[];
}
export interface CostFigure {
  name: string;
  seconds: number;
  flops: number;
  /** Of the process so far. */
  peakMegabytes: number;
}

const order = JSON.parse(readFileSync(0, 'utf8')) as CostOrder;
if (order.dataset.kind !== 'rooms') throw new Error('costs are measured on rooms');
const rendering = performance.now();
await renderShard(order.dataset, 0, 1, order.cache);
const rendered = (performance.now() - rendering) / 1000;
const engine = await openEngine({});
const dataset = await openDataset(order.dataset, { cacheDirectory: order.cache });
const files = new Map<string, Uint8Array>();
const figures: CostFigure[] = [];
for (const { name, recipe } of order.runs) {
  const started = performance.now();
  const context = { ...createTestContext(engine, dataset, name, { files }), inputKinds: ['rgb' as const] };
  const { cost } = await executeRecipe(recipe, context);
  figures.push({
    name,
    seconds: (performance.now() - started) / 1000,
    flops: cost.flops,
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
  });
}
process.stdout.write(`${JSON.stringify({ rendered, figures })}\n`);
