import { readFile, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { TaskatlasError } from '@/lib/science/core';
import {
  batchPlanView,
  type PlanView,
  SWEEP_FILE_MAX_BYTES,
  type SweepBatch,
  type SweepView,
  sweepView,
} from '@/lib/service/contracts';
import { type ApiClient, connectApi } from '../api-client';
import { liveLine, planLines, progressLine } from '../terminal';

const print = (text: string): void => void process.stdout.write(`${text}\n`);

async function readSweepFile(file: string): Promise<string> {
  const found = await stat(file).catch(() => null);
  if (!found?.isFile()) throw new TaskatlasError('not-found', `${file}: no such file`);
  if (found.size > SWEEP_FILE_MAX_BYTES) {
    throw new TaskatlasError(
      'invalid-input',
      `${file}: ${found.size} bytes, but a sweep file has at most ${SWEEP_FILE_MAX_BYTES}. Is it the right file?`,
    );
  }
  return readFile(file, 'utf8');
}

/** Follows a sweep to its end; returns its last view. */
async function watchSweep(api: ApiClient, id: string, quiet: boolean): Promise<SweepView> {
  const line = liveLine(process.stderr);
  for (;;) {
    const sweep = await api.get(`/sweeps/${id}`, sweepView);
    if (!quiet) line.show(progressLine(sweep.name, sweep.progress));
    if (sweep.state !== 'active' && sweep.state !== 'paused') {
      line.end();
      return sweep;
    }
    await sleep(1000);
  }
}

interface SubmitOptions {
  url?: string;
  dryRun?: boolean;
  watch?: boolean;
  json?: boolean;
}

const sweepList = z.object({ sweeps: z.array(sweepView) });

/** Said when nobody will do the runs that were just planned. */
export function waitingNote(api: ApiClient): void {
  if (api.url !== null) return;
  process.stderr.write(
    'No server is running in this clone: the runs wait for workers. Start them with: npm start\n',
  );
}

/** What the files would run and cost; nothing is stored. */
async function preview(api: ApiClient, files: SweepBatch['files'], json: boolean): Promise<void> {
  const plan = await api.post('/sweeps/batch/plan', { files }, batchPlanView);
  if (json) return print(JSON.stringify(plan, null, 2));
  const rows = plan.sweeps.map(({ file, plan: own }): [string, PlanView] => [file, own]);
  print(planLines(rows.length > 1 ? [...rows, ['together', plan.total]] : rows));
}

async function submit(paths: readonly string[], options: SubmitOptions): Promise<void> {
  const files = await Promise.all(paths.map(async (name) => ({ name, text: await readSweepFile(name) })));
  const api = await connectApi(options);
  try {
    if (options.dryRun) return await preview(api, files, options.json ?? false);
    const { sweeps } = await api.post('/sweeps/batch', { files }, sweepList);
    if (options.json && !options.watch) {
      return print(JSON.stringify(sweeps.length === 1 ? sweeps[0] : sweeps, null, 2));
    }
    for (const sweep of options.json ? [] : sweeps) {
      print(`Sweep ${sweep.number} (${sweep.name}): ${sweep.progress.total} runs planned.`);
    }
    waitingNote(api);
    for (const { id } of options.watch ? sweeps : []) await finishWatch(api, id, options.json ?? false);
  } finally {
    await api.close();
  }
}

/** `submit FILE…`, `watch [SWEEP]`. */
export function registerSubmit(program: Command): void {
  program
    .command('submit <files...>')
    .description('submit sweep files (YAML or JSON): all of them, or none when one is wrong')
    .option('--url <url>', 'server to submit to')
    .option('--dry-run', 'show what would run and cost, and submit nothing')
    .option('--watch', 'follow the sweeps to their end; exit code 1 if any run failed')
    .option('--json', 'print the API answer as JSON')
    .action(submit);

  program
    .command('watch [sweep]')
    .description('follow a sweep to its end; exit code 1 if any run failed')
    .option('--url <url>', 'server to ask')
    .option('--json', 'print the last state as JSON')
    .action(async (sweep: string | undefined, options: { url?: string; json?: boolean }) => {
      const api = await connectApi(options);
      try {
        await finishWatch(api, sweep ?? 'latest', options.json ?? false);
      } finally {
        await api.close();
      }
    });
}

/** Follows a sweep to its end and prints it. */
export async function finishWatch(api: ApiClient, id: string, json: boolean): Promise<void> {
  const ended = await watchSweep(api, id, json);
  print(
    json ? JSON.stringify(ended, null, 2) : `${progressLine(ended.name, ended.progress)}. ${ended.finding}`,
  );
  if (ended.progress.counts.failed > 0) process.exitCode = 1;
}
