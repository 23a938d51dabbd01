import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { latestSweep, type SweepView, sweepView, workerView } from '@/lib/service/contracts';
import { type ApiClient, patientClient } from '../api-client';
import { importExamples } from '../examples';
import { root } from '../places';
import { type EngineChoice, type Product, parseEngine, startProduct } from '../supervisor';
import { finalReport, type OnceSummary } from '../supervisor/report';
import { liveLine, progressLine } from '../terminal';

interface Options {
  once?: boolean;
  port?: number;
  workers?: number;
  engine?: EngineChoice;
  device?: string;
  workersPerGpu?: number;
  sweep: string;
}

/** A server or database that was killed is back within seconds; reports wait this long for it. */
const PATIENCE_SECONDS = 60;

const say = (text: string): void => void process.stderr.write(`taskatlas: ${text}\n`);
const print = (text: string): void => void process.stdout.write(`${text}\n`);

const integer =
  (low: number, high: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < low || value > high) {
      throw new InvalidArgumentError(`give a whole number from ${low} to ${high}`);
    }
    return value;
  };

const sweepList = z.object({ sweeps: z.array(sweepView) });

/** The sweep to follow: the latest that is under way, else the latest that was measured; none yet → submits the file. */
async function sweepToFollow(api: ApiClient, file: string): Promise<SweepView> {
  const { sweeps } = await api.get('/sweeps', sweepList);
  const measured = sweeps.filter((sweep) => sweep.origin === 'measured');
  const chosen = latestSweep(measured.filter(({ state }) => state === 'active')) ?? latestSweep(measured);
  if (chosen) return chosen;
  const path = isAbsolute(file) ? file : join(root, file);
  const sweep = await api.postText('/sweeps', await readFile(path, 'utf8'), 'application/yaml', sweepView);
  say(`no sweep yet: submitted ${file} (${sweep.progress.total} runs)`);
  return sweep;
}

/** Shows progress until the sweep ends or `signal` fires. Answers that fail for a moment (a restart) are tolerated. */
async function follow(api: ApiClient, id: string, signal: AbortSignal): Promise<SweepView | null> {
  const line = liveLine(process.stderr, 10);
  while (!signal.aborted) {
    const sweep = await api.get(`/sweeps/${id}`, sweepView).catch(() => null);
    if (sweep) {
      line.show(progressLine(sweep.name, sweep.progress));
      const { counts } = sweep.progress;
      // With a failed run the sweep may never be done: its children wait until somebody retries it.
      const idle = counts.queued + counts.running + counts.lost === 0;
      const stuck = idle && (counts.failed > 0 || sweep.progress.troubles.length > 0);
      if ((sweep.state !== 'active' && sweep.state !== 'paused') || stuck) {
        line.end();
        return sweep;
      }
    }
    await sleep(1000, undefined, { signal }).catch(() => {});
  }
  line.end();
  return null;
}

async function summary(product: Product, sweep: SweepView, started: number): Promise<OnceSummary> {
  const { workers } = await product.api.get('/workers', z.object({ workers: z.array(workerView) }));
  return {
    sweep: sweep.name,
    state: sweep.state,
    runs: sweep.progress.total,
    failed: sweep.progress.counts.failed,
    url: product.url,
    backend: workers[0]?.backend ?? 'unknown',
    startup: product.startup,
    phases: sweep.progress.phases,
    seconds: Math.round((performance.now() - started) / 100) / 10,
  };
}

async function start(options: Options): Promise<void> {
  const started = performance.now();
  const interrupted = new AbortController();
  const interrupt = (): void => {
    if (interrupted.signal.aborted) return;
    say('stopping: runs save a checkpoint and are taken up again by the next start …');
    interrupted.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
  const product = await startProduct(options, say, interrupted.signal);
  try {
    const serving = serve(product, options, { started, signal: interrupted.signal });
    const asked = new Promise<void>((resolve) => {
      if (interrupted.signal.aborted) resolve();
      interrupted.signal.addEventListener('abort', () => resolve());
    });
    await Promise.race([serving, asked]);
    // What is still being asked of the server ends with it.
    serving.catch(() => undefined);
  } finally {
    await product.stop();
  }
  process.exit();
}

/** Shows what there is, then the progress of a sweep, until everything is to be stopped. */
async function serve(
  product: Product,
  options: Options,
  { started, signal }: { started: number; signal: AbortSignal },
): Promise<void> {
  if (signal.aborted) return;
  await importExamples().catch((error: unknown) =>
    say(`the worked example cannot be shown: ${error instanceof Error ? error.message : error}`),
  );
  if (signal.aborted) return;
  say(`${product.url} is up. Ctrl-C stops everything.`);
  const patient = patientClient(product.api, PATIENCE_SECONDS);
  const chosen = await sweepToFollow(patient, options.sweep);
  const sweep = await follow(product.api, chosen.id, signal);
  if (sweep) {
    print(`\n${await finalReport(patient, sweep)}\n`);
    for (const { target, reason } of sweep.progress.troubles)
      say(
        `${target === null ? 'the policy' : `the analysis of ${target}`} failed, and is tried again: ${reason}`,
      );
    print(`See all of it: ${product.url}/sweeps/${sweep.id}`);
    if (sweep.progress.counts.failed + sweep.progress.troubles.length > 0)
      process.exitCode = options.once ? 1 : 0;
    if (options.once) print(JSON.stringify(await summary({ ...product, api: patient }, sweep, started)));
  }
  while (!options.once && !signal.aborted) {
    await sleep(3_600_000, undefined, { signal }).catch(() => {});
  }
}

/** `start`: database, web app and workers, and the first sweep when there is none. */
export function registerStart(program: Command): void {
  program
    .command('start')
    .description('start the database, the web app and the workers; submit the first sweep when there is none')
    .option(
      '--once',
      'exit when the sweep is done (1 if any run failed) and print a last JSON line with timings',
    )
    .option('--port <port>', 'port on 127.0.0.1 (default: the first free one from 3210)', integer(1, 65535))
    .option('--workers <n>', 'worker processes (default: one per core, or per GPU)', integer(0, 256))
    .option(
      '--engine <name>',
      'tensorflow, wasm or cpu (default: TensorFlow where a GPU is, else wasm)',
      (text) => parseEngine(text, '--engine'),
    )
    .option('--device <device>', 'auto, cpu, gpu or gpu:0,1 (default: GPUs where there are any)')
    .option('--workers-per-gpu <n>', 'worker processes that share each GPU (default: 1)', integer(1, 64))
    .option('--sweep <file>', 'sweep file to submit when there is none yet', 'sweeps/first-look.yaml')
    .action(start);
}
