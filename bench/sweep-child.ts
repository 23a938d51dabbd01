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
import { serve } from './child';
import {
  cacheDirectory,
  SPEC,
  type SweepAnswer,
  type SweepQuestion,
  type SweepRun,
  sourceFingerprint,
  sourceRecipe,
  transferRecipe,
} from './sweep-plan';

const [backend = 'wasm', way = 'compile', folder = '.', seedText = '1'] = process.argv.slice(2);
const seed = Number(seedText);
const dataset = openDataset(SPEC, { cacheDirectory });
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

async function execute(recipe: Recipe, fingerprint: string): Promise<SweepRun> {
  const context = await contextOf(fingerprint);
  const [cpu, wall] = [process.cpuUsage(), performance.now()];
  const { testLosses } = await executeRecipe(recipe, context);
  const { user, system } = process.cpuUsage(cpu);
  return {
    loss: meanLoss(testLosses ?? new Float32Array(0)),
    wall: (performance.now() - wall) / 1000,
    cpu: (user + system) / 1e6,
  };
}

async function answer(question: SweepQuestion): Promise<SweepAnswer> {
  switch (question.do) {
    case 'open':
      return { opened: (await engine()).description.summary };
    case 'source':
      return {
        run: await execute(sourceRecipe(question.task, seed), sourceFingerprint(question.task, seed)),
      };
    case 'transfer': {
      const { source, task } = question;
      return { run: await execute(transferRecipe(source, task, seed), `transfer-${source}-${task}-${seed}`) };
    }
  }
}

serve(answer);
