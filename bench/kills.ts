/**
 * Kills parts of the running product, and compares what it measured with an instance that nothing disturbed:
 * `npm run bench -- kills [--rounds 100] [--seed 1] [--workers 2] [--minutes M] [--keep]`
 * Each round waits until a run is computed, then ends one of these by `kill -9`: a worker, the web server, the
 * supervisor, the postmaster, a backend of Postgres, or all of them. What nobody restarts is started again. The seed
 * chooses victims and pauses. At the end every loss of every run is compared bit by bit, analyses and policies too. One
 * JSON object on standard output; rc 1 when anything was lost, doubled or differs. `--minutes` ends the rounds early.
 */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '@/bin/places';
import { createRng, type Rng } from '@/lib/science/core';
import type { Store, StoredEvent, StoredSweep } from '@/lib/service/ports';
import { type Snapshot, takeSnapshot } from '@/workers/testing/micro-sweep';
import { readOptions, wholeNumber } from './command/options';
import { Instance, until } from './kills/instance';

const VICTIMS = ['worker', 'web', 'supervisor', 'postmaster', 'backend', 'all'] as const;
type Victim = (typeof VICTIMS)[number];

const { values } = readOptions({
  rounds: { type: 'string', default: '100' },
  seed: { type: 'string', default: '1' },
  workers: { type: 'string', default: '2' },
  minutes: { type: 'string' },
  keep: { type: 'boolean', default: false },
});
const rounds = wholeNumber(values.rounds, '--rounds');
const workers = wholeNumber(values.workers, '--workers');
const deadline =
  values.minutes === undefined
    ? Number.POSITIVE_INFINITY
    : Date.now() + 60_000 * wholeNumber(values.minutes, '--minutes');

const folder = mkdtempSync(join(tmpdir(), 'taskatlas-kills-'));
// As root, Postgres runs as another user, who must be able to pass through.
chmodSync(folder, 0o711);
const say = (text: string): void => void process.stderr.write(`kills: ${text}\n`);
const template = readFileSync(join(root, 'sweeps/micro.yaml'), 'utf8');

/** The n-th sweep: its own name, rooms and seed, so that nothing of it is measured yet. */
const sweepText = (n: number): string =>
  template
    .replace(/^name: .*$/m, `name: kills-${n}`)
    .replace(/^ {2}seed: \d+$/m, `  seed: ${100 + n}`)
    .replace(/^seeds: .*$/m, `seeds: [${n}]`);

const measured = async (store: Store): Promise<StoredSweep[]> =>
  (await store.listSweeps()).filter(({ name }) => name.startsWith('kills-'));

/** Submits the n-th sweep once, whatever becomes of the answer. */
const submit = (instance: Instance, n: number): Promise<true> =>
  until(`sweep kills-${n}`, async () => {
    const isThere = async (): Promise<boolean> =>
      await instance.ask('list of sweeps', async (store) =>
        (await measured(store)).some(({ name }) => name === `kills-${n}`),
      );
    if (await isThere()) return true;
    await instance.submit(sweepText(n)).catch((error: unknown) => say(`${error}`));
    return (await isThere()) ? true : null;
  });

const finished = (instance: Instance): Promise<true> =>
  until(
    'end of the sweeps',
    () =>
      instance.ask('states', async (store) => {
        const sweeps = await measured(store);
        for (const { id, name } of sweeps) {
          const failed = (await store.runsOf(id)).find((run) => run.state === 'failed');
          if (failed) throw new Error(`${name}: ${failed.kind} failed: ${failed.failure?.message}`);
        }
        return sweeps.every(({ state }) => state === 'done') ? true : null;
      }),
    1800,
  );

/** Waits until a run is being computed; a sweep that is over is followed by the next. Answers how many were submitted. */
async function untilBusy(instance: Instance, submitted: number): Promise<number> {
  let count = submitted;
  for (;;) {
    const state = await instance.ask('states', async (store) => {
      const open = (await measured(store)).filter((sweep) => sweep.state === 'active');
      if (open.length === 0) return 'over';
      for (const { id } of open)
        if ((await store.runsOf(id)).some((run) => run.state === 'running')) return 'busy';
      return 'waiting';
    });
    if (state === 'busy') return count;
    if (state === 'over') {
      await submit(instance, count);
      count += 1;
    }
  }
}

function kill(instance: Instance, victim: Victim, rng: Rng): number[] {
  const found = instance.processes();
  const pids =
    victim === 'all'
      ? [...found.supervisor, ...found.web, ...found.worker, ...found.postmaster]
      : found[victim].slice(0);
  const chosen = victim === 'all' ? pids : pids.length > 0 ? [pids[rng.int(pids.length)] as number] : [];
  for (const pid of chosen) process.kill(pid, 'SIGKILL');
  return chosen;
}

interface Disturbed {
  kills: Record<Victim, number>;
  submitted: number;
}

async function disturb(instance: Instance, file: string): Promise<Disturbed> {
  const kills: Record<Victim, number> = {
    worker: 0,
    web: 0,
    supervisor: 0,
    postmaster: 0,
    backend: 0,
    all: 0,
  };
  let submitted = 1;
  for (let round = 0; round < rounds && Date.now() < deadline; round++) {
    const rng = createRng(values.seed, 'kills', round);
    const victim = VICTIMS[rng.int(VICTIMS.length)] as Victim;
    submitted = await untilBusy(instance, submitted);
    await sleep(rng.int(1500));
    const pids = await until(`${victim} to kill`, () => {
      const killed = kill(instance, victim, rng);
      return killed.length > 0 ? killed : null;
    });
    kills[victim] += 1;
    say(`round ${round + 1}/${rounds}: killed ${victim} (${pids.join(', ')})`);
    if (victim === 'supervisor' || victim === 'all') {
      await until('end of the supervisor', () => (instance.up ? null : true));
      await instance.start(file);
    }
  }
  return { kills, submitted };
}

const snapshots = (instance: Instance): Promise<Map<string, Snapshot>> =>
  instance.ask('snapshots', async (store) => {
    const found = new Map<string, Snapshot>();
    for (const { id, name } of await measured(store)) found.set(name, await takeSnapshot(store, id));
    return found;
  });

/** Results that were stored a second time: each is logged once for each sweep that wants it. */
const doubled = (instance: Instance): Promise<number> =>
  instance.ask('events', async (store) => {
    const seen = new Map<string, number>();
    let last = 0;
    for (;;) {
      const events: readonly StoredEvent[] = await store.events.after(last);
      for (const { sweepId, kind, data } of events) {
        const key = `${sweepId} ${data.fingerprint}`;
        if (kind === 'run' && data.state === 'done') seen.set(key, (seen.get(key) ?? 0) + 1);
      }
      const newest = events.at(-1);
      if (!newest) return [...seen.values()].filter((count) => count > 1).length;
      last = newest.id;
    }
  });

interface Comparison {
  losses: number;
  lost: number;
  different: number;
  otherDifferences: string[];
}

function compare(ours: ReadonlyMap<string, Snapshot>, theirs: ReadonlyMap<string, Snapshot>): Comparison {
  const found: Comparison = { losses: 0, lost: 0, different: 0, otherDifferences: [] };
  for (const [name, right] of theirs) {
    const own = ours.get(name);
    for (const [key, value] of Object.entries(right.losses)) {
      found.losses += 1;
      const is = own?.losses[key];
      if (is === undefined) found.lost += 1;
      else if (is !== value) found.different += 1;
    }
    const rest = ({ losses: _, ...others }: Snapshot): string => JSON.stringify(others);
    if (own === undefined || rest(own) !== rest(right)) found.otherDifferences.push(name);
  }
  return found;
}

const began = Date.now();
const file = join(folder, 'first.yaml');
writeFileSync(file, sweepText(0));
const hit = new Instance(join(folder, 'hit'), workers);
const spared = new Instance(join(folder, 'spared'), workers);
let sound = false;
try {
  await hit.start(file);
  await submit(hit, 0);
  const { kills, submitted } = await disturb(hit, file);
  say('rounds are over: waiting for the sweeps');
  await finished(hit);
  const [ours, twice] = [await snapshots(hit), await doubled(hit)];
  await hit.stop();
  say(`measuring the same ${submitted} sweeps undisturbed`);
  await spared.start(file);
  for (let n = 0; n < submitted; n++) await submit(spared, n);
  await finished(spared);
  const theirs = await snapshots(spared);
  await spared.stop();
  const compared = compare(ours, theirs);
  const runs = [...theirs.values()].reduce((sum, { states }) => sum + (states.done ?? 0), 0);
  sound = compared.lost + compared.different + compared.otherDifferences.length + twice === 0;
  const figures = {
    rounds: Object.values(kills).reduce((sum, n) => sum + n, 0),
    kills,
    starts: hit.starts,
    sweeps: submitted,
    runs,
    ...compared,
    doubled: twice,
    seconds: Math.round((Date.now() - began) / 1000),
    seed: values.seed,
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
} finally {
  await hit.stop();
  await spared.stop();
  if (values.keep || !sound) say(`the folders are left at ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
}
process.exitCode = sound ? 0 : 1;
