import type { Command } from 'commander';
import { TaskatlasError } from '@/lib/science/core';
import { planView, sweepView } from '@/lib/service/contracts';
import { connectApi } from '../api-client';
import { planLines } from '../terminal';
import { finishWatch, waitingNote } from './submit';

interface Options {
  sweep: string;
  images?: string;
  sources?: string;
  url?: string;
  dryRun?: boolean;
  watch?: boolean;
  json?: boolean;
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new TaskatlasError('invalid-input', `--images is "${text}": give a number of images, 1 or more.`);
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** `novel TASK --sweep N`: a target that a stored sweep did not have, ranked against its stored sources. */
export function registerNovel(program: Command): void {
  program
    .command('novel <task>')
    .description(
      'rank the stored sources of a sweep for a target that it did not have; no source is trained again',
    )
    .option('--sweep <id>', 'number or id of the sweep whose sources are ranked', 'latest')
    .option('--images <n>', 'labelled images of the task (default: the transfer sizes of the sweep)')
    .option('--sources <tasks>', 'only these sources, a,b')
    .option('--url <url>', 'server to ask')
    .option('--dry-run', 'show what would run, and submit nothing')
    .option('--watch', 'follow it to its end; exit code 1 if any run failed')
    .option('--json', 'print the API answer as JSON')
    .action(async (task: string, options: Options) => {
      const request = {
        task,
        ...(options.images === undefined ? {} : { images: wholeNumber(options.images) }),
        ...(options.sources === undefined ? {} : { sources: options.sources.split(',') }),
      };
      const path = `/sweeps/${options.sweep}/novel`;
      const api = await connectApi(options);
      try {
        if (options.dryRun) {
          const plan = await api.post(`${path}/plan`, request, planView);
          return print(options.json ? JSON.stringify(plan, null, 2) : planLines([['', plan]]));
        }
        const sweep = await api.post(path, request, sweepView);
        if (options.json && !options.watch) return print(JSON.stringify(sweep, null, 2));
        if (!options.json) {
          print(`Sweep ${sweep.number} (${sweep.name}): ${sweep.progress.total} runs planned.`);
          print(`When it is done: taskatlas best ${task} --sweep ${sweep.number}`);
        }
        waitingNote(api);
        if (options.watch) await finishWatch(api, sweep.id, options.json ?? false);
      } finally {
        await api.close();
      }
    });
}
