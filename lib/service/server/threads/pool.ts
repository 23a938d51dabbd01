import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Piscina } from 'piscina';
import { TaskatlasError } from '@/lib/science/core';
import { type Outcome, settle } from './boundary';
import type { CurveQuestion, Threads, ViewBytes } from './questions';
import type { Asked, ThreadData } from './thread';

/** Answers that wait for a thread; more are refused, and told to come again. */
const WAITING_MOST = 200;
/** Long work that waits for a thread. */
const LONG_WAITING_MOST = 16;
const VIEW_SECONDS = 120;
const LONG_SECONDS = 600;
/** A thread that nobody asked for so long ends, but for the first of the views. */
const IDLE_MS = 60_000;
const MEGABYTES_MOST = 1536;

/** Threads for views, and as many for long work: neither waits for the other. */
const threadsMost = (): number => Math.max(1, Math.min(4, availableParallelism()));

/** The thread's program: bundled beside the built pages, else read from source by tsx. */
function program(): { filename: string; execArgv: string[] } {
  const root = process.cwd();
  const bundled = join(root, '.next/threads.mjs');
  if (process.env.NODE_ENV === 'production' && existsSync(bundled))
    return { filename: bundled, execArgv: [] };
  return {
    filename: join(root, 'lib/service/server/threads/entry.ts'),
    execArgv: ['--import', join(root, 'node_modules/tsx/dist/loader.mjs')],
  };
}

/** A pool, how much it has in hand and how much it may have. */
interface Pool {
  piscina: Piscina;
  most: number;
  taken: number;
}

function openPool(data: ThreadData, threads: { least: number; waiting: number }): Pool {
  const piscina = new Piscina({
    ...program(),
    workerData: data,
    minThreads: threads.least,
    maxThreads: threadsMost(),
    idleTimeout: IDLE_MS,
    resourceLimits: { maxOldGenerationSizeMb: MEGABYTES_MOST },
    env: { ...process.env, TSX_TSCONFIG_PATH: join(process.cwd(), 'tsconfig.json') },
  });
  return { piscina, most: threadsMost() + threads.waiting, taken: 0 };
}

/** What became of a thread that was ended, in words. */
function ending(error: unknown, seconds: number, limit: AbortSignal): unknown {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  if (limit.aborted) {
    return new TaskatlasError('unavailable', `This took longer than ${seconds} s and was stopped.`);
  }
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return new TaskatlasError('out-of-memory', `This needs more than ${MEGABYTES_MOST} MB of memory.`);
  }
  return error;
}

/** Worker threads over one database. The first is started at once, so that the first page need not wait for it. */
export function threadPool(data: ThreadData): Threads {
  const views = openPool(data, { least: 1, waiting: WAITING_MOST });
  const long = openPool(data, { least: 0, waiting: LONG_WAITING_MOST });
  const run = async (
    pool: Pool,
    asked: Asked,
    options: { seconds: number; signal?: AbortSignal | undefined; transfer?: CurveQuestion['lines'][] },
  ): Promise<unknown> => {
    if (pool.taken >= pool.most) {
      throw new TaskatlasError(
        'unavailable',
        'The server is busy with other answers. Try again in a few seconds.',
      );
    }
    const limit = AbortSignal.timeout(options.seconds * 1000);
    const signal = options.signal ? AbortSignal.any([limit, options.signal]) : limit;
    pool.taken += 1;
    try {
      const outcome: Outcome = await pool.piscina.run(asked, {
        signal,
        transferList: options.transfer ?? [],
      });
      return settle(outcome);
    } catch (error) {
      throw ending(error, options.seconds, limit);
    } finally {
      pool.taken -= 1;
    }
  };
  return {
    view: async (input) =>
      (await run(views, { task: 'view', input }, { seconds: VIEW_SECONDS })) as ViewBytes,
    policy: async (input, signal) =>
      (await run(long, { task: 'view', input }, { seconds: LONG_SECONDS, signal })) as ViewBytes,
    curve: async (input, signal) =>
      (await run(
        long,
        { task: 'curve', input },
        { seconds: LONG_SECONDS, signal, transfer: [input.lines] },
      )) as ViewBytes,
    call: (input, signal) => run(long, { task: 'call', input }, { seconds: LONG_SECONDS, signal }),
    close: async () => {
      await Promise.all([views.piscina.destroy(), long.piscina.destroy()]);
    },
  };
}
