/** A worker process: `workers/main.ts --name worker-1`, with DATABASE_URL, TASKATLAS_ARTIFACTS and TASKATLAS_CACHE set. */
import { parseArgs } from 'node:util';
import { whenGone } from '@/lib/service/store';
import { composeWorker, required, takeDevice, workerId } from './compose';
import { work } from './loop';
import { DEFAULT_TIMES, type WorkerTimes } from './types';

const { values } = parseArgs({
  options: {
    name: { type: 'string', default: 'worker' },
    database: { type: 'string' },
    artifacts: { type: 'string' },
    cache: { type: 'string' },
    engine: { type: 'string' },
    device: { type: 'string' },
    // Seconds; shortened by tests, the defaults are in types.ts.
    lease: { type: 'string' },
    heartbeat: { type: 'string' },
    housekeeping: { type: 'string' },
    checkpoint: { type: 'string' },
  },
});
if (values.engine) process.env.TASKATLAS_ENGINE = values.engine;
takeDevice(values.device);

const seconds = (text: string | undefined, fallback: number): number => {
  const value = text === undefined ? fallback : Number(text);
  if (!Number.isFinite(value) || value < 0) throw new Error(`"${text}" is not a valid number of seconds`);
  return value;
};
const times: WorkerTimes = {
  leaseSeconds: seconds(values.lease, DEFAULT_TIMES.leaseSeconds),
  heartbeatSeconds: seconds(values.heartbeat, DEFAULT_TIMES.heartbeatSeconds),
  sweepSeconds: seconds(values.housekeeping, DEFAULT_TIMES.sweepSeconds),
  checkpointSeconds: seconds(values.checkpoint, DEFAULT_TIMES.checkpointSeconds),
};

const worker = workerId(values.name);
const log = (text: string): void => {
  process.stdout.write(`${new Date().toISOString()} ${values.name} ${text}\n`);
};

const drain = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (drain.signal.aborted) return;
    log(`${signal}: saving a checkpoint, giving the run back`);
    drain.abort();
  });
}

// Its successor starts workers of its own.
const supervisor = Number(process.env.TASKATLAS_SUPERVISOR_PID);
if (supervisor > 0) {
  whenGone(supervisor, () => {
    log(`supervisor ${supervisor} is gone`);
    drain.abort();
  });
}

const parts = await composeWorker({
  databaseUrl: values.database ?? required('DATABASE_URL'),
  artifactsDirectory: values.artifacts ?? required('TASKATLAS_ARTIFACTS'),
  cacheDirectory: values.cache ?? required('TASKATLAS_CACHE'),
  draining: drain.signal,
});
log(`${worker} is up: ${parts.backend} on ${parts.device}`);
const activity = { run: null, imagesPerSecond: null, alarm: null };
await work({ ...parts, worker, times, activity, draining: drain.signal, retire: () => drain.abort(), log });
await parts.close();
log('ended');
process.exit(0);
