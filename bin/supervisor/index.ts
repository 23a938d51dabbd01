import { mkdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TaskatlasError } from '@/lib/science/core';
import { dataRoots } from '@/lib/service/server/data-roots';
import { gateRules } from '@/lib/service/server/gate';
import { takeLock } from '@/lib/service/store';
import type { WorkerPlace } from '@/lib/train/engine/devices';
import { workerArguments } from '@/workers/command';
import { type ApiClient, announceInstance, httpClient, runningInstance } from '../api-client';
import { openDatabase, type RunningDatabase } from '../compose';
import {
  artifactsDirectory,
  cacheDirectory,
  instanceFile,
  logsDirectory,
  root,
  stateDirectory,
} from '../places';
import { portIsFree } from '../ports';
import { type SupervisedChild, supervise } from './child';
import { clearLeftovers, recordChildren } from './leftovers';

export interface StartOptions {
  port?: number;
  workers?: number;
  engine?: EngineChoice;
  /** As `parseDevice` reads it. */
  device?: string;
  workersPerGpu?: number;
}

const ENGINES = ['auto', 'tensorflow', 'wasm', 'cpu'] as const;
export type EngineChoice = (typeof ENGINES)[number];

/** Reads the name of an engine. @throws TaskatlasError `invalid-input` naming the field */
export function parseEngine(text: string, field: string): EngineChoice {
  const engine = ENGINES.find((name) => name === text);
  if (engine) return engine;
  throw new TaskatlasError('invalid-input', `${field} is "${text}": use ${ENGINES.join(', ')}.`);
}

const engineOfEnvironment = (): EngineChoice | undefined =>
  process.env.TASKATLAS_ENGINE ? parseEngine(process.env.TASKATLAS_ENGINE, 'TASKATLAS_ENGINE') : undefined;

/** A running product: database, web server, workers. */
export interface Product {
  readonly url: string;
  readonly api: ApiClient;
  /** Seconds of each step of the start-up. */
  readonly startup: Readonly<Record<string, number>>;
  /** Stops workers (they save a checkpoint and give their run back) and the web server, then the database. */
  stop(): Promise<void>;
}

const DEFAULT_PORT = 3210;
/** Everything is to be gone ten seconds after it is asked to; what does not listen by then goes on from its last checkpoint. */
const DRAIN_SECONDS = 4;

/** The port asked for, or the first free one from the default up. */
async function choosePort(asked: number | undefined): Promise<number> {
  if (asked !== undefined) {
    if (await portIsFree(asked)) return asked;
    throw new TaskatlasError(
      'conflict',
      `Port ${asked} is in use. Choose another with --port, or leave it out.`,
    );
  }
  for (let port = DEFAULT_PORT; port < DEFAULT_PORT + 100; port++) if (await portIsFree(port)) return port;
  throw new TaskatlasError(
    'unavailable',
    `No free port between ${DEFAULT_PORT} and ${DEFAULT_PORT + 99}; choose one with --port.`,
  );
}

function childEnvironment(database: RunningDatabase): NodeJS.ProcessEnv {
  return {
    ...process.env,
    NODE_ENV: 'production',
    NEXT_TELEMETRY_DISABLED: '1',
    DATABASE_URL: database.url,
    TASKATLAS_STATE: stateDirectory,
    TASKATLAS_ARTIFACTS: artifactsDirectory,
    TASKATLAS_CACHE: cacheDirectory,
    TASKATLAS_SUPERVISOR_PID: String(process.pid),
  };
}

function startWeb(database: RunningDatabase, port: number, say: (text: string) => void): SupervisedChild {
  return supervise(
    {
      name: 'web',
      command: process.execPath,
      args: ['--disable-warning=ExperimentalWarning', join(root, 'bin/web.ts'), '--port', String(port)],
      env: childEnvironment(database),
      cwd: root,
      logsDirectory,
    },
    say,
  );
}

function startWorker(
  database: RunningDatabase,
  index: number,
  engine: EngineChoice | undefined,
  place: WorkerPlace,
  say: (text: string) => void,
): SupervisedChild {
  return supervise(
    {
      name: `worker-${index + 1}`,
      command: process.execPath,
      args: workerArguments(`worker-${index + 1}`, place.threads),
      env: {
        ...childEnvironment(database),
        ...place.environment,
        TASKATLAS_THREADS: String(place.threads),
        ...(engine ? { TASKATLAS_ENGINE: engine } : {}),
      },
      cwd: root,
      logsDirectory,
      niceness: 5,
    },
    say,
  );
}

async function waitForWeb(url: string, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline && !signal.aborted) {
    const healthy = await fetch(`${url}/api/v1/health`).then(
      (response) => response.ok,
      () => false,
    );
    if (healthy) return;
    await sleep(150);
  }
  if (signal.aborted) return;
  throw new TaskatlasError(
    'unavailable',
    `The web server did not answer at ${url}. Its log: ${join(logsDirectory, 'web.log')}`,
  );
}

/** This clone's state belongs to one supervisor at a time. Answers what gives it up. */
async function takeState(): Promise<() => void> {
  for (const directory of [stateDirectory, artifactsDirectory, cacheDirectory, logsDirectory]) {
    mkdirSync(directory, { recursive: true });
  }
  const lock = await takeLock(join(stateDirectory, 'start.lock'), { patienceMs: 0 });
  if (lock.taken) return lock.release;
  const at = runningInstance() ?? 'it is starting';
  throw new TaskatlasError(
    'conflict',
    `Taskatlas already runs in this clone (process ${lock.pid}: ${at}). Stop it with Ctrl-C in its terminal, or with: kill ${lock.pid}`,
  );
}

/** Where the workers compute. @throws TaskatlasError when the devices asked for are not to be had */
async function chooseDevices(
  options: StartOptions,
  say: (text: string) => void,
): Promise<readonly WorkerPlace[]> {
  const { gpuEngineInstalled, listGpus, parseDevice, placeWorkers } = await import(
    '@/lib/train/engine/devices'
  );
  const { engine, workers, workersPerGpu } = options;
  const field = options.device ? '--device' : 'TASKATLAS_DEVICE';
  const device = parseDevice(options.device ?? process.env.TASKATLAS_DEVICE, field);
  const gpus = device.kind === 'cpu' ? [] : listGpus();
  const places = placeWorkers({
    ...{ device, gpus, engine: engine ?? engineOfEnvironment(), workers, workersPerGpu },
    gpuEngine: gpus.length > 0 && gpuEngineInstalled(),
    cores: availableParallelism(),
  });
  for (const [i, place] of places.entries()) {
    if (place.environment.CUDA_VISIBLE_DEVICES !== undefined) say(`worker-${i + 1}: ${place.device}`);
  }
  return places;
}

/** Brings everything up and keeps it up: a child that dies is started again; a database that dies comes back with its data. */
export async function startProduct(
  options: StartOptions,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<Product> {
  // A fault in these settings is said here, once, and not by each start of the web server.
  gateRules(process.env);
  dataRoots(process.env, root);
  const places = await chooseDevices(options, say);
  const giveUp = await takeState();
  try {
    return await bringUp(options, places, { say, signal, giveUp });
  } catch (error) {
    giveUp();
    throw error;
  }
}

interface Circumstances {
  say(text: string): void;
  /** Aborted when the product is asked to stop, be it while it starts. */
  signal: AbortSignal;
  giveUp(): void;
}

async function bringUp(
  options: StartOptions,
  places: readonly WorkerPlace[],
  { say, signal, giveUp }: Circumstances,
): Promise<Product> {
  const startup: Record<string, number> = {};
  let last = performance.now();
  const mark = (name: string): void => {
    const now = performance.now();
    startup[name] = Math.round(now - last) / 1000;
    last = now;
  };
  const left = await clearLeftovers();
  if (left > 0) say(`stopped ${left} processes that an earlier start had left behind`);
  const port = await choosePort(options.port);
  const url = `http://127.0.0.1:${port}`;
  say(`${url} (starting)`);
  const database = await openDatabase(say);
  mark('database');
  const children = signal.aborted ? [] : [startWeb(database, port, say)];
  for (const [i, place] of signal.aborted ? [] : places.entries()) {
    children.push(startWorker(database, i, options.engine, place, say));
  }
  const remember = (): void =>
    recordChildren(children.map((child) => ({ name: child.name, pid: child.pid() })));
  remember();
  const keeper = setInterval(remember, 2000);
  const stop = async (): Promise<void> => {
    clearInterval(keeper);
    rmSync(instanceFile, { force: true });
    await Promise.all(children.map((child) => child.stop(DRAIN_SECONDS)));
    await database.stop();
    remember();
    giveUp();
  };
  try {
    await waitForWeb(url, signal);
  } catch (error) {
    await stop();
    throw error;
  }
  mark('web');
  if (!signal.aborted) announceInstance(url);
  return { url, api: httpClient(url), startup, stop };
}
