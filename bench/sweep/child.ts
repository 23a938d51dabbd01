/**
 * Our own engine as one process of a sweep:  sweep-child.ts wasm|tensorflow compile|operations FOLDER SEED
 * Recipes are executed as a worker does it; artifacts lie in FOLDER, so that several processes can share a sweep.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Recipe } from '@/lib/science/core';
import { openDataset } from '@/lib/science/datasets';
import { type BackendName, type Engine, openEngine } from '@/lib/train/engine';
import { executeRecipe, type RunContext } from '@/lib/train/methods';
import { meanLoss } from '@/lib/train/methods/losses';
import { createPause } from '@/lib/train/methods/pause';
import { poolInputs, poolLabels } from '@/lib/train/methods/pools';
import { serve } from '../processes/child';
import {
  cacheDirectory,
  SPEC,
  type SweepAnswer,
  type SweepQuestion,
  type SweepRun,
  sourceFingerprint,
  sourceRecipe,
  transferRecipe,
} from './plan';

const [backend = 'wasm', way = 'compile', folder = '.', seedText = '1'] = process.argv.slice(2);
const seed = Number(seedText);
const dataset = await openDataset(SPEC, { cacheDirectory });
let opened: Engine | null = null;

async function engine(): Promise<Engine> {
  opened ??= await openEngine({ backend: backend as BackendName, threads: 1, compile: way === 'compile' });
  return opened;
}

const fileOf = (name: string): string => join(folder, name.replaceAll('/', '-'));

async function contextOf(fingerprint: string): Promise<RunContext> {
  mkdirSync(folder, { recursive: true });
  return {
    engine: await engine(),
    dataset,
    tasks: new Map(dataset.tasks.map((task) => [task.id, task])),
    fingerprint,
    artifacts: {
      read: async (name) => (existsSync(fileOf(name)) ? new Uint8Array(readFileSync(fileOf(name))) : null),
      write: async (name, bytes) => {
        const temporary = `${fileOf(name)}.${process.pid}`;
        writeFileSync(temporary, bytes);
        renameSync(temporary, fileOf(name));
      },
    },
    checkpoint: { load: async () => null, save: async () => {}, everySeconds: 1e9 },
    signal: new AbortController().signal,
    onProgress: () => {},
    inputKinds: ['rgb'],
  };
}

/** Inputs and labels into the caches of the process: the scripts, too, find their arrays ready. */
async function prepare(tasks: readonly string[]): Promise<number> {
  const pause = createPause();
  for (const pool of ['source', 'transfer', 'selection', 'test'] as const) {
    await poolInputs(dataset, pool, 'rgb', 'tiny', { pause });
    for (const task of dataset.tasks)
      if (tasks.includes(task.id)) await poolLabels(dataset, pool, task, 'tiny', pause);
  }
  return 0;
}

async function execute(recipe: Recipe, fingerprint: string): Promise<number> {
  const { testLosses } = await executeRecipe(recipe, await contextOf(fingerprint));
  return meanLoss(testLosses ?? new Float32Array(0));
}

async function timed(work: () => Promise<number>): Promise<SweepRun> {
  const [cpu, wall] = [process.cpuUsage(), performance.now()];
  const loss = await work();
  const { user, system } = process.cpuUsage(cpu);
  return {
    loss,
    wall: (performance.now() - wall) / 1000,
    cpu: (user + system) / 1e6,
  };
}

async function answer(question: SweepQuestion): Promise<SweepAnswer> {
  switch (question.do) {
    case 'open':
      return { opened: (await engine()).description.summary };
    case 'prepare':
      return { run: await timed(() => prepare(question.tasks)) };
    case 'source': {
      const recipe = sourceRecipe(question.task, seed);
      return { run: await timed(() => execute(recipe, sourceFingerprint(question.task, seed))) };
    }
    case 'transfer': {
      const { source, task } = question;
      const recipe = transferRecipe(source, task, seed);
      return { run: await timed(() => execute(recipe, `transfer-${source}-${task}-${seed}`)) };
    }
  }
}

serve(answer);
