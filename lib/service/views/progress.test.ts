import { describe, expect, it } from 'vitest';
import { progressView as contract, runView as runContract, workerView as workerContract } from '../contracts';
import { progressView } from './progress';
import { runLabel, runView, workerViews } from './runs';
import { STARTED, smallData, smallRuns, smallSweep } from './testing/small-sweep';

const active = { ...smallSweep, state: 'active' as const, finishedAt: null };
const name = (id: string) => id.toUpperCase();

describe('progressView', () => {
  it('counts states, lost apart from running', () => {
    const runs = smallRuns(1, (label) =>
      label.endsWith('depth 1') ? 'running' : label.endsWith('edges 1') ? 'failed' : 'done',
    );
    const late = progressView(smallData({ sweep: active, runs, now: STARTED + 91_000 }));
    expect(contract.strict().parse(late)).toEqual(late);
    expect(late.counts.lost).toBeGreaterThan(0);
    expect(late.counts.running).toBe(0);
    expect(late.imagesPerSecond).toBe(0);
    const early = progressView(smallData({ sweep: active, runs, now: STARTED + 89_000 }));
    expect(early.counts.lost).toBe(0);
    expect(early.imagesPerSecond).toBe(120 * early.counts.running);
    expect(Object.values(early.counts).reduce((a, b) => a + b, 0)).toBe(early.total);
  });

  it('weighs runs by their work and counts the part of a running one', () => {
    const [first, second] = smallRuns();
    if (!first || !second) throw new Error('no runs');
    const running = { ...second, state: 'running' as const, finishedAt: null, estimatedFlops: 3e9 };
    const runs = [first, { ...running, progress: { step: 1, totalSteps: 3, imagesPerSecond: 10 } }];
    expect(progressView(smallData({ sweep: active, runs })).share).toBeCloseTo((1 + 1) / 4);
    const unknown = runs.map(({ estimatedFlops: _, ...run }) => run);
    expect(progressView(smallData({ sweep: active, runs: unknown })).share).toBeCloseTo((1 + 1 / 3) / 2);
  });

  it('keeps the pace of the last run until the next one has told its own', () => {
    const [first, second] = smallRuns();
    if (!first || !second) throw new Error('no runs');
    const ended = {
      ...first,
      finishedAt: STARTED,
      progress: { step: 3, totalSteps: 3, imagesPerSecond: 80 },
    };
    const runs = [ended, { ...second, state: 'running' as const, finishedAt: null, progress: null }];
    const rateAt = (now: number): number =>
      progressView(smallData({ sweep: active, runs, now })).imagesPerSecond;
    expect(rateAt(STARTED + 5_000)).toBe(80);
    expect(rateAt(STARTED + 31_000)).toBe(0);
  });

  it('estimates the time left from work done here, not from shared runs', () => {
    const runs = smallRuns(1, (label) => (label.startsWith('transfer') ? 'queued' : 'done'));
    const now = STARTED + 60_000;
    const half = progressView(smallData({ sweep: active, runs, now }));
    // 22 of 47 equal runs in 60 s; a transfer is taken for three times as dear until one is done.
    const dear: Record<string, number> = { probe: 5, mean: 6 };
    const weighted = runs
      .filter((run) => run.state === 'done')
      .reduce((total, run) => total + (dear[run.kind] ?? 1), 0);
    expect(half.etaSeconds).toBeCloseTo(((25 * 3) / weighted) * 60);
    const first = runs.findIndex((run) => run.kind === 'transfer');
    const one = runs.map((run, i) =>
      i === first ? { ...run, state: 'done' as const, finishedAt: now, seconds: 30 } : run,
    );
    const measured = progressView(smallData({ sweep: active, runs: one, now }));
    const busy = one.reduce((total, run) => total + (run.state === 'done' ? (run.seconds ?? 0) : 0), 0);
    expect(measured.etaSeconds).toBeCloseTo(((24 * 30) / busy) * 60);
    const shared = runs.map((run) => (run.finishedAt ? { ...run, finishedAt: STARTED - 1 } : run));
    expect(progressView(smallData({ sweep: active, runs: shared, now })).etaSeconds).toBeNull();
    const paused = { ...active, state: 'paused' as const };
    expect(progressView(smallData({ sweep: paused, runs, now })).etaSeconds).toBeNull();
  });

  it('names the phases that are reached, the marked ones as marked', () => {
    const runs = smallRuns(1, (label) => (label.startsWith('transfer') ? 'queued' : 'done'));
    const { phases } = progressView(smallData({ sweep: active, runs, phases: { policy: STARTED + 5000 } }));
    expect(phases).toEqual({ mean: 30, sources: 30, probe: 30, references: 30, policy: 5 });
  });

  it('foresees higher orders whatever the first of the methods makes: an adaptation joins nothing', () => {
    const runs = smallRuns();
    const spec = { ...smallSweep.spec, methods: undefined, maxOrder: 2 };
    const sweep = { ...smallSweep, state: 'active' as const, spec };
    const { later } = progressView(smallData({ sweep, runs }));
    expect(later).toBeGreaterThan(0);
    const adapted = runs.flatMap((run) =>
      run.recipe.kind === 'transfer'
        ? [{ ...run, recipe: { ...run.recipe, method: 'dann', sources: [], images: 1e6 } }]
        : [],
    );
    const both = { ...spec, methods: [{ method: 'readout' as const }, { method: 'dann' as const }] };
    const data = smallData({ sweep: { ...sweep, spec: both }, runs: [...adapted, ...runs] });
    expect(progressView(data).later).toBe(later);
  });

  it('is whole for an imported sweep, which has no runs', () => {
    expect(progressView(smallData({ runs: [] })).share).toBe(1);
  });
});

describe('runs and workers', () => {
  it('names a run so that a person knows it', () => {
    const labels = smallRuns().map((run) => runLabel(run.recipe, name));
    expect(labels).toContain('NORMALS → DEPTH');
    expect(labels).toContain('DEPTH from scratch');
    expect(labels).toContain('DEPTH, own network');
    expect(labels).toContain('DEPTH, ridge probe');
  });

  it('shows failures, and workers with the run that they hold', () => {
    const runs = smallRuns(1, (label) => (label === 'scratch depth 1' ? 'running' : 'failed'));
    const views = runs.map((run) => runView(run, name, STARTED));
    for (const view of views) expect(runContract.strict().parse(view)).toEqual(view);
    expect(views.find((v) => v.state === 'failed')?.failure?.class).toBe('diverged');
    const worker = {
      id: 'worker-1',
      host: 'h',
      pid: 7,
      backend: 'wasm',
      device: 'cpu',
      startedAt: STARTED,
      seenAt: STARTED,
    };
    const [one, two] = workerViews([worker, { ...worker, id: 'idle' }], runs, name, STARTED + 29_000);
    expect(workerContract.strict().parse(one)).toEqual(one);
    expect(one?.run?.label).toBe('DEPTH from scratch');
    expect(one?.alive).toBe(true);
    expect(two?.run).toBeNull();
    expect(workerViews([worker], runs, name, STARTED + 31_000)[0]?.alive).toBe(false);
  });
});
