import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { runningInstance } from '../api-client';
import { artifactsDirectory, cacheDirectory, root, stateDirectory } from '../places';

interface Finding {
  name: string;
  ok: boolean;
  text: string;
  /** What to do, when something is wrong. */
  advice?: string;
}

const describeError = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function attempt(
  name: string,
  look: () => Promise<string> | string,
  advice?: string,
): Promise<Finding> {
  try {
    return { name, ok: true, text: await look() };
  } catch (error) {
    return { name, ok: false, text: describeError(error), ...(advice === undefined ? {} : { advice }) };
  }
}

const packageFile = z.object({ version: z.string() });

/** Version of an installed package, read from its file: many packages do not export their package.json. */
function packageVersion(name: string): string {
  const file = join(root, 'node_modules', name, 'package.json');
  return existsSync(file)
    ? packageFile.parse(JSON.parse(readFileSync(file, 'utf8'))).version
    : 'not installed';
}

async function engine(): Promise<string> {
  const { openEngine } = await import('@/lib/train/engine');
  const opened = await openEngine();
  try {
    const product = opened.tf.tidy(
      () => opened.tf.matMul(opened.tf.ones([2, 3]), opened.tf.ones([3, 2])).dataSync()[0],
    );
    if (product !== 3) throw new Error(`a matrix product came out as ${product} instead of 3`);
    return opened.description.summary;
  } finally {
    opened.dispose();
  }
}

/** GPUs that this process may use, and what would compute on them. */
async function devices(): Promise<string> {
  const { gpuEngineInstalled, listGpus, parseDevice } = await import('@/lib/train/engine/devices');
  parseDevice(process.env.TASKATLAS_DEVICE, 'TASKATLAS_DEVICE');
  const gpus = listGpus();
  const hidden = process.env.CUDA_VISIBLE_DEVICES;
  if (gpus.length === 0) {
    return `no GPU${hidden === undefined ? '' : ` (CUDA_VISIBLE_DEVICES is "${hidden}")`}: one worker per core`;
  }
  const names = gpus.map(({ id, name, memoryMegabytes }) => {
    const memory = memoryMegabytes === null ? '' : `, ${(memoryMegabytes / 1024).toFixed(0)} GiB`;
    return `${id} ${name}${memory}`;
  });
  const use = gpuEngineInstalled()
    ? 'one worker per GPU'
    : 'not used until `taskatlas engine install --gpu`: one worker per core';
  return `${gpus.length} GPU${gpus.length === 1 ? '' : 's'} (${names.join('; ')}), ${use}`;
}

async function database(): Promise<string> {
  const { inspectDatabase } = await import('../compose');
  return inspectDatabase();
}

/** A file in the folder of the artifacts: full, read-only and closed disks say so. */
async function artifacts(): Promise<string> {
  const { folderArtifacts } = await import('@/lib/service/store');
  const store = folderArtifacts(artifactsDirectory);
  const name = `doctor-${process.pid}`;
  await store.write(name, new Uint8Array(4096));
  await store.remove(name);
  return `${artifactsDirectory} can be written`;
}

async function findings(): Promise<readonly Finding[]> {
  const processor = cpus()[0]?.model.trim() ?? 'unknown';
  const instance = runningInstance();
  return [
    { name: 'taskatlas', ok: true, text: `${packageVersion('../')} in ${root}` },
    { name: 'node', ok: Number(process.versions.node.split('.')[0]) >= 22, text: process.version },
    {
      name: 'machine',
      ok: true,
      text: `${availableParallelism()} cores (${processor}), ${(totalmem() / 2 ** 30).toFixed(0)} GiB of memory`,
    },
    await attempt('engine', engine, 'See docs/engine-native.md; TASKATLAS_ENGINE=wasm always works.'),
    await attempt('devices', devices, 'Unset TASKATLAS_DEVICE, or name a device that is there.'),
    await attempt('database', database),
    await attempt(
      'artifacts',
      artifacts,
      'Free space there, or make it writable: workers keep what they computed and go on by themselves.',
    ),
    {
      name: 'packages',
      ok: true,
      text: ['@tensorflow/tfjs', 'next', '@prisma/client', 'pg-boss', 'highs']
        .map((name) => `${name} ${packageVersion(name)}`)
        .join(', '),
    },
    {
      name: 'folders',
      ok: true,
      text: `state ${stateDirectory}, artifacts ${artifactsDirectory}, cache ${cacheDirectory}`,
    },
    { name: 'server', ok: true, text: instance ?? 'not running in this clone' },
  ];
}

/** `doctor`: what this installation consists of and whether each part works. Exit code 1 if one does not. */
export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('check backend, devices, database and versions')
    .option('--json', 'print as JSON')
    .action(async (options: { json?: boolean }) => {
      const found = await findings();
      if (options.json) process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
      else {
        for (const finding of found) {
          process.stdout.write(`${finding.ok ? '✓' : '✗'} ${finding.name.padEnd(10)} ${finding.text}\n`);
          if (!finding.ok && finding.advice) process.stdout.write(`  ${''.padEnd(10)} ${finding.advice}\n`);
        }
      }
      if (found.some((finding) => !finding.ok)) process.exitCode = 1;
    });
}
