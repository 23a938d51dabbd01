import { type RunResult, type TargetAnalysis, TaskatlasError } from '@/lib/science/core';
import {
  adoptRun,
  awaitParents,
  cancelRun,
  claimRun,
  completeRun,
  type Demand,
  demandOf,
  failRun,
  heartbeatRun,
  heldBack,
  isDue,
  type RunStatus,
  releaseChild,
  releaseRun,
  reopenRun,
  retryRun,
} from '@/lib/service/sweeps/machine';
import { needsOf } from '@/lib/service/sweeps/needs';
import type { PolicyRecord } from '../../contracts';
import type {
  Clock,
  FinishedRun,
  NewSweep,
  PlannedRun,
  RunStore,
  StoredRun,
  StoredSweep,
  SweepState,
} from '../index';
import { memoryImport } from './memory-import';

type MemoryRun = StoredRun & RunStatus & { parents: Set<string> };

interface Wanting {
  sweepId: string;
  fingerprint: string;
}

/** The rules of runs and sweeps on maps: what the store of Postgres must do, without Postgres. */
class Memory {
  readonly runs = new Map<string, MemoryRun>();
  readonly sweeps = new Map<string, StoredSweep>();
  readonly results = new Map<string, RunResult>();
  readonly analyses = new Map<string, TargetAnalysis>();
  readonly policies = new Map<string, PolicyRecord>();
  wanting: Wanting[] = [];

  constructor(readonly clock: Clock) {}

  run(fingerprint: string): MemoryRun {
    const run = this.runs.get(fingerprint);
    if (!run) throw new TaskatlasError('not-found', `There is no run ${fingerprint.slice(0, 12)}…`);
    return run;
  }

  sweep(id: string): StoredSweep {
    const sweep = this.sweeps.get(id);
    if (!sweep) throw new TaskatlasError('not-found', `There is no sweep "${id}".`);
    return sweep;
  }

  update(run: MemoryRun, status: RunStatus): MemoryRun {
    const { state, attempt, failure, claimedBy, claimExpiresAt, notBefore } = status;
    const next = { ...run, state, attempt, failure, claimedBy, claimExpiresAt, notBefore };
    this.runs.set(run.fingerprint, next);
    return next;
  }

  statesOf(fingerprint: string): SweepState[] {
    return this.wanting.filter((w) => w.fingerprint === fingerprint).map((w) => this.sweep(w.sweepId).state);
  }

  demand(fingerprint: string): Demand {
    return demandOf(this.statesOf(fingerprint));
  }

  parentsDone(run: MemoryRun): boolean {
    return [...run.parents].every((parent) => this.runs.get(parent)?.state === 'done');
  }

  members(sweepId: string): MemoryRun[] {
    return this.wanting.filter((w) => w.sweepId === sweepId).map((w) => this.run(w.fingerprint));
  }

  insert(planned: PlannedRun): void {
    const known = this.runs.get(planned.fingerprint);
    if (known) {
      const queued = known.state === 'queued';
      if (queued)
        this.runs.set(planned.fingerprint, {
          ...known,
          priority: Math.min(known.priority, planned.priority),
        });
      for (const parent of planned.dependsOn) known.parents.add(parent);
      return;
    }
    this.runs.set(planned.fingerprint, {
      fingerprint: planned.fingerprint,
      kind: planned.recipe.kind,
      recipe: structuredClone(planned.recipe),
      state: 'waiting',
      attempt: 0,
      failure: null,
      claimedBy: null,
      claimExpiresAt: null,
      progress: null,
      backend: null,
      seconds: null,
      priority: planned.priority,
      notBefore: this.clock.now(),
      estimatedFlops: planned.estimatedFlops,
      finishedAt: null,
      parents: new Set(planned.dependsOn),
    });
  }

  /** Runs of the sweep in these states start anew; what has no open parent is queued. */
  revive(sweepId: string, states: readonly string[]): void {
    for (const run of this.members(sweepId)) {
      if (states.includes(run.state)) this.update(run, retryRun(run, false, this.clock.now()));
    }
    for (const run of this.members(sweepId)) {
      if (this.parentsDone(run)) this.update(run, releaseChild(run, this.clock.now()));
    }
  }

  setState(id: string, state: SweepState): void {
    const sweep = this.sweep(id);
    if (sweep.state === state) return;
    const ended = state === 'done' || state === 'cancelled';
    this.sweeps.set(id, { ...sweep, state, finishedAt: ended ? this.clock.now() : null });
    if (state === 'cancelled') {
      for (const run of this.members(id))
        if (this.demand(run.fingerprint) === 'none') this.update(run, cancelRun(run));
    }
    if (state === 'active') this.revive(id, sweep.state === 'cancelled' ? ['cancelled'] : []);
  }

  complete(fingerprint: string, result: RunResult, backend: string) {
    const run = this.run(fingerprint);
    const status = completeRun(run);
    if (!status) return { accepted: false, released: [] };
    return { accepted: true, released: this.finish(run, status, result, backend) };
  }

  adopt({ result, backend, ...planned }: FinishedRun): boolean {
    if (!this.runs.has(planned.fingerprint)) this.insert({ ...planned, dependsOn: [] });
    const run = this.run(planned.fingerprint);
    const status = adoptRun(run);
    if (!status) return false;
    this.reopen(planned.fingerprint);
    this.finish(run, status, result, backend);
    return true;
  }

  /** Finished sources are computed again; the run that needs them waits. */
  awaitSources(fingerprint: string, worker: string, sources: readonly string[]): string[] {
    const now = this.clock.now();
    const child = this.run(fingerprint);
    if (awaitParents(child, worker) === child) return [];
    for (const source of sources) {
      const run = this.run(source);
      const status = reopenRun(run, this.parentsDone(run), now);
      if (status) this.update(run, status);
    }
    const open = sources.filter((source) => this.run(source).state !== 'done');
    if (open.length === 0) return open;
    for (const source of open) this.run(fingerprint).parents.add(source);
    for (const run of this.runs.values()) {
      const waits = open.some((source) => run.parents.has(source));
      if (waits && run.state === 'queued') this.update(run, { ...run, state: 'waiting' });
    }
    const run = this.run(fingerprint);
    this.update(run, awaitParents(run, worker));
    return open;
  }

  /** Sweeps that had ended without the run go on. */
  reopen(fingerprint: string): void {
    for (const { sweepId, fingerprint: wanted } of this.wanting) {
      const sweep = this.sweep(sweepId);
      if (wanted === fingerprint && sweep.state === 'done')
        this.sweeps.set(sweepId, { ...sweep, state: 'active', finishedAt: null });
    }
  }

  private finish(run: MemoryRun, status: RunStatus, result: RunResult, backend: string): string[] {
    const { fingerprint } = run;
    const now = this.clock.now();
    if (this.results.has(fingerprint)) this.update(run, status);
    else {
      this.results.set(fingerprint, structuredClone(result));
      this.update({ ...run, backend, seconds: result.cost.seconds, finishedAt: now }, status);
    }
    const released: string[] = [];
    for (const child of this.runs.values()) {
      if (child.state !== 'waiting' || !child.parents.has(fingerprint) || !this.parentsDone(child)) continue;
      this.update(child, releaseChild(child, now));
      released.push(child.fingerprint);
    }
    return released;
  }
}

const byPriority = (a: MemoryRun, b: MemoryRun): number =>
  a.priority - b.priority || (a.fingerprint < b.fingerprint ? -1 : 1);

const visible = ({ parents: _, ...run }: MemoryRun): StoredRun => structuredClone(run);

/** Beside the port: what a scheduler asks, for models and tests. */
export interface MemoryStore extends RunStore {
  dueRuns(): readonly string[];
}

/** The in-memory RunStore; same contract suite as the real one. */
export function memoryStore(clock: Clock = { now: () => Date.now() }): MemoryStore {
  const memory = new Memory(clock);
  const parts = { ...sweepPart(memory), ...recordPart(memory), ...runPart(memory) };
  return { ...parts, ...memoryImport(parts) };
}

function create(memory: Memory, sweep: NewSweep, runs: readonly PlannedRun[]): StoredSweep {
  const known = memory.sweeps.get(sweep.id);
  if (known) return structuredClone(known);
  const imported = sweep.origin === 'imported';
  const now = memory.clock.now();
  const stored: StoredSweep = {
    ...structuredClone(sweep),
    number: memory.sweeps.size + 1,
    state: imported ? 'done' : 'active',
    createdAt: now,
    finishedAt: imported ? now : null,
    ...(imported ? {} : { planned: runs.length }),
  };
  memory.sweeps.set(sweep.id, stored);
  for (const run of runs) {
    memory.insert(run);
    memory.wanting.push({ sweepId: sweep.id, fingerprint: run.fingerprint });
  }
  memory.revive(sweep.id, ['cancelled', 'failed']);
  return structuredClone(stored);
}

function sweepPart(memory: Memory) {
  return {
    createSweep: async (sweep: NewSweep, runs: readonly PlannedRun[]) => create(memory, sweep, runs),
    createSweeps: async (
      batch: readonly { sweep: NewSweep; runs: readonly PlannedRun[] }[],
      onStored: (runs: number) => void = () => undefined,
    ) => {
      const stored = batch.map(({ sweep, runs }) => create(memory, sweep, runs));
      onStored(batch.reduce((sum, { runs }) => sum + runs.length, 0));
      return stored;
    },
    extendSweep: async (id: string, runs: readonly PlannedRun[]): Promise<number> => {
      const sweep = memory.sweep(id);
      const known = new Set(memory.members(id).map((run) => run.fingerprint));
      const fresh = runs.filter((run) => !known.has(run.fingerprint));
      for (const run of fresh) {
        memory.insert(run);
        memory.wanting.push({ sweepId: id, fingerprint: run.fingerprint });
      }
      if (sweep.state === 'cancelled') {
        for (const run of memory.members(id))
          if (memory.demand(run.fingerprint) === 'none') memory.update(run, cancelRun(run));
      } else {
        for (const { fingerprint } of fresh) {
          const run = memory.run(fingerprint);
          memory.update(run, retryRun(run, false, memory.clock.now()));
        }
        memory.revive(id, []);
      }
      if (fresh.length > 0) {
        const woken = sweep.state === 'done' ? { state: 'active' as const, finishedAt: null } : {};
        memory.sweeps.set(id, { ...sweep, ...woken, planned: (sweep.planned ?? 0) + fresh.length });
      }
      return fresh.length;
    },
    getSweep: async (id: string) => structuredClone(memory.sweeps.get(id) ?? null),
    listSweeps: async () => [...memory.sweeps.values()].reverse().map((sweep) => structuredClone(sweep)),
    setSweepState: async (id: string, state: SweepState) => memory.setState(id, state),
    runsOf: async (sweepId: string) => memory.members(sweepId).sort(byPriority).map(visible),
  };
}

function runPart(memory: Memory) {
  const { clock } = memory;
  const request = (fingerprint: string, worker: string, leaseSeconds: number) => ({
    worker,
    now: clock.now(),
    leaseMs: leaseSeconds * 1000,
    demand: memory.demand(fingerprint),
  });
  const claim = (fingerprint: string, worker: string, leaseSeconds: number): StoredRun | null => {
    const run = memory.runs.get(fingerprint);
    const outcome = run ? claimRun(run, request(fingerprint, worker, leaseSeconds)) : null;
    if (!run || !outcome) return null;
    const next = memory.update({ ...run, progress: outcome.claimed ? null : run.progress }, outcome.run);
    return outcome.claimed ? visible(next) : null;
  };
  const retry = (fingerprint: string): StoredRun => {
    const run = memory.run(fingerprint);
    const status = retryRun(run, memory.parentsDone(run), clock.now());
    if (status === run) throw new TaskatlasError('conflict', `This run is ${run.state}.`);
    memory.reopen(fingerprint);
    return visible(memory.update(run, status));
  };
  const part: Pick<
    RunStore,
    | 'getRun'
    | 'claim'
    | 'claimNext'
    | 'heartbeat'
    | 'complete'
    | 'adopt'
    | 'fail'
    | 'release'
    | 'awaitSources'
    | 'retry'
    | 'retryFailed'
  > = {
    getRun: async (fingerprint) => {
      const run = memory.runs.get(fingerprint);
      return run ? visible(run) : null;
    },
    claim: async (fingerprint, worker, leaseSeconds) => claim(fingerprint, worker, leaseSeconds),
    claimNext: async (worker, leaseSeconds, offers) => {
      const own = [...memory.runs.values()].find(
        (run) => run.state === 'running' && run.claimedBy === worker,
      );
      const due = [...memory.runs.values()]
        .filter((run) => isDue(run, memory.demand(run.fingerprint), clock.now()))
        .filter((run) => needsOf(run.recipe).every((need) => offers.includes(need)))
        .sort(byPriority);
      for (const run of own ? [own, ...due] : due) {
        const claimed = claim(run.fingerprint, worker, leaseSeconds);
        if (claimed) return claimed;
      }
      return null;
    },
    heartbeat: async (fingerprint, worker, leaseSeconds, progress) => {
      const run = memory.run(fingerprint);
      const { run: status, answer } = heartbeatRun(run, request(fingerprint, worker, leaseSeconds));
      if (answer === 'held' || answer === 'stopped')
        memory.update({ ...run, progress: { ...progress } }, status);
      return answer;
    },
    complete: async (fingerprint, _worker, result, backend) => memory.complete(fingerprint, result, backend),
    adopt: async (runs) => runs.filter((run) => memory.adopt(run)).map((run) => run.fingerprint),
    fail: async (fingerprint, worker, failure) => {
      const run = memory.run(fingerprint);
      const status = failRun(run, worker, failure, clock.now());
      return visible(memory.update(run, status === run ? run : heldBack(status, memory.parentsDone(run))));
    },
    release: async (fingerprint, worker) => {
      const run = memory.run(fingerprint);
      const status = releaseRun(run, worker, clock.now());
      if (status !== run) memory.update(run, heldBack(status, memory.parentsDone(run)));
    },
    awaitSources: async (fingerprint, worker, sources) => memory.awaitSources(fingerprint, worker, sources),
    retry: async (fingerprint) => retry(fingerprint),
    retryFailed: async (sweepId) => {
      const failed = memory.members(sweepId).filter((run) => run.state === 'failed');
      for (const run of failed) retry(run.fingerprint);
      return failed.length;
    },
  };
  const dueRuns = (): readonly string[] =>
    [...memory.runs.values()]
      .filter((run) => isDue(run, memory.demand(run.fingerprint), clock.now()))
      .map((run) => run.fingerprint);
  return { ...part, dueRuns };
}

function recordPart(memory: Memory) {
  const part: Pick<RunStore, 'result' | 'saveAnalysis' | 'analyses' | 'savePolicy' | 'policies'> = {
    result: async (fingerprint) => structuredClone(memory.results.get(fingerprint) ?? null),
    saveAnalysis: async (sweepId, analysis) => {
      memory.sweep(sweepId);
      memory.analyses.set(`${sweepId} ${analysis.target}`, structuredClone(analysis));
    },
    analyses: async (sweepId) =>
      [...memory.analyses]
        .filter(([key]) => key.startsWith(`${sweepId} `))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, analysis]) => structuredClone(analysis)),
    savePolicy: async (sweepId, policy) => {
      memory.sweep(sweepId);
      const key = `${sweepId} ${policy.budget} ${policy.maxOrder} ${policy.objectiveName}`;
      memory.policies.set(key, structuredClone(policy));
    },
    policies: async (sweepId) =>
      [...memory.policies]
        .filter(([key]) => key.startsWith(`${sweepId} `))
        .map(([, policy]) => structuredClone(policy)),
  };
  return part;
}
