import { readFile, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { TaskatlasError } from '@/lib/science/core';
import { SWEEP_FILE_MAX_BYTES, type SweepView, sweepView } from '@/lib/service/contracts';
import { type ApiClient, connectApi } from '../api-client';
import { liveLine, progressLine } from '../terminal';

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

/** `submit FILE`, `watch [SWEEP]`. */
export function registerSubmit(program: Command): void {
  program
    .command('submit <file>')
    .description('submit a sweep file (YAML or JSON)')
    .option('--url <url>', 'server to submit to')
    .option('--dry-run', 'show what would run, and submit nothing')
    .option('--watch', 'follow the sweep to its end; exit code 1 if any run failed')
    .option('--json', 'print the API answer as JSON')
    .action(
      async (file: string, options: { url?: string; dryRun?: boolean; watch?: boolean; json?: boolean }) => {
        const text = await readSweepFile(file);
        const api = await connectApi(options);
        try {
          if (options.dryRun) {
            const plan = await api.postText(
              '/sweeps/plan',
              text,
              'application/yaml',
              z.record(z.string(), z.unknown()),
            );
            return print(JSON.stringify(plan, null, 2));
          }
          const sweep = await api.postText('/sweeps', text, 'application/yaml', sweepView);
          if (options.json && !options.watch) return print(JSON.stringify(sweep, null, 2));
          if (!options.json)
            print(`Sweep ${sweep.number} (${sweep.name}): ${sweep.progress.total} runs planned.`);
          if (api.url === null) {
            process.stderr.write(
              'No server is running in this clone: the runs wait for workers. Start them with: npm start\n',
            );
          }
          if (options.watch) await finishWatch(api, sweep.id, options.json ?? false);
        } finally {
          await api.close();
        }
      },
    );

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

async function finishWatch(api: ApiClient, id: string, json: boolean): Promise<void> {
  const ended = await watchSweep(api, id, json);
  print(
    json ? JSON.stringify(ended, null, 2) : `${progressLine(ended.name, ended.progress)}. ${ended.finding}`,
  );
  if (ended.progress.counts.failed > 0) process.exitCode = 1;
}
