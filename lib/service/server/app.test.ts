import { describe, expect, it } from 'vitest';
import * as contracts from '../contracts';
import { fingerprintOf } from '../views/testing/small-sweep';
import { named } from './schemas';
import { json, MICRO, testApi, yaml } from './testing/http';
import { apiOver, PNG } from './testing/seeded';

const http = testApi();

describe('answers keep to their contracts', () => {
  it('sweeps, by id, by number, and the latest', async () => {
    const { sweeps } = await http.get('/sweeps', named.sweepList);
    expect(sweeps.length).toBeGreaterThan(0);
    const byId = await http.get('/sweeps/sweep-1', contracts.sweepView);
    const byNumber = await http.get(`/sweeps/${byId.number}`, contracts.sweepView);
    expect(byNumber.id).toBe('sweep-1');
    expect(byId.progress.counts).toMatchObject({ done: 46, failed: 1 });
    expect(byId.finding).toContain('Normals');
    await http.get('/sweeps/latest', contracts.sweepView);
  });

  it('matrix, targets, runs, workers, tasks, health', async () => {
    const matrix = await http.get('/sweeps/sweep-1/matrix', contracts.matrixView);
    const failed = matrix.cells.find((c) => c.source === 'colour' && c.target === 'layout');
    expect(failed?.state).toBe('failed');
    expect(matrix.cells.find((c) => c.source === 'normals' && c.target === 'depth')?.probe).not.toBeNull();
    const { targets } = await http.get('/sweeps/sweep-1/targets', named.targetList);
    expect(targets.map((t) => t.target)).toEqual(matrix.targets);
    const page = await http.get('/sweeps/sweep-1/runs?kind=transfer&limit=7&offset=3', contracts.runListView);
    expect(page.runs).toHaveLength(7);
    expect(page.total).toBe(25);
    const broken = await http.get('/sweeps/sweep-1/runs?state=failed', contracts.runListView);
    expect(broken.runs.map((r) => r.failure?.class)).toEqual(['diverged']);
    await http.store.workers.seen({
      id: 'worker-1',
      host: 'here',
      pid: 1,
      backend: 'wasm',
      device: 'cpu',
    });
    const { workers } = await http.get('/workers', named.workerList);
    expect(workers.map((w) => [w.id, w.alive])).toContainEqual(['worker-1', true]);
    const { tasks } = await http.get('/tasks', named.taskList);
    expect(tasks.length).toBeGreaterThan(7);
    expect(await http.get('/health', named.health)).toMatchObject({ status: 'ok', database: 'ok' });
  });

  it('best sources with advice', async () => {
    const best = await http.get(
      '/sweeps/sweep-1/best-source?target=segmentation&k=2',
      contracts.bestSourceView,
    );
    expect(best.sources.map((s) => s.source)).toEqual(['normals', 'depth']);
    expect(best.advice).toMatch(/^Take Normals/);
    const byLoss = await http.get('/sweeps/1/best-source?target=depth&unit=loss', contracts.bestSourceView);
    expect(byLoss.sources).toHaveLength(5);
  });

  it('policies, solved anew under every question', async () => {
    const two = await http.get('/sweeps/sweep-1/policy?budget=2', contracts.policyView);
    expect(two.optimal).toBe(true);
    expect(two.sources.length).toBeLessThanOrEqual(2);
    expect(two.edges.map((e) => e.target).sort()).toEqual(['depth', 'edges', 'normals', 'segmentation']);
    expect(two.curveBudgets).toEqual([1, 2, 3, 4, 5, 6]);
    const lines = await (await http.ask('/sweeps/sweep-1/policy/curve')).text();
    const curve = lines
      .trim()
      .split('\n')
      .map((line) => contracts.policyCurvePoint.strict().parse(JSON.parse(line)));
    expect(curve.map((p) => p.budget)).toEqual([1, 2, 3, 4, 5, 6]);
    const objectives = curve.map((p) => p.objective);
    expect(objectives).toEqual([...objectives].sort((a, b) => a - b));
    expect(curve[1]?.objective).toBeCloseTo(two.objective, 9);
    for (const point of curve) {
      expect(point.greedy ?? 0).toBeLessThanOrEqual(point.objective + 1e-9);
      expect(point.random?.high ?? 0).toBeLessThanOrEqual(point.objective + 1e-9);
    }
    const forced = await http.get('/sweeps/sweep-1/policy?budget=2&force=colour', contracts.policyView);
    expect(forced.sources).toContain('colour');
    expect(forced.objective).toBeLessThan(two.objective);
    const without = await http.get(
      '/sweeps/sweep-1/policy?budget=2&forbid=normals,depth',
      contracts.policyView,
    );
    expect(without.sources).not.toContain('normals');
    const weighed = await http.get('/sweeps/sweep-1/policy?budget=1&weights=edges:50', contracts.policyView);
    expect(weighed.sources).toEqual(['edges']);
  });

  it('pairs with curves, ratios and images that can be fetched', async () => {
    const pair = await http.get('/sweeps/sweep-1/pairs/normals/depth', contracts.pairView);
    expect(pair.curves.map((c) => c.label)).toEqual(['transfer', 'scratch', 'gold']);
    expect(pair.strips[0]?.images.map((i) => i.role)).toEqual([
      'input',
      'truth',
      'scratch',
      'transfer',
      'gold',
    ]);
    const url = pair.strips[0]?.images[0]?.url ?? '';
    const image = await http.api.app.request(url);
    expect(image.headers.get('content-type')).toBe('image/png');
    expect(new Uint8Array(await image.arrayBuffer())).toEqual(PNG);
    expect(image.headers.get('cache-control')).toContain('immutable');
    const etag = image.headers.get('etag') ?? '';
    const again = await http.api.app.request(url, { headers: { 'if-none-match': etag } });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe('');
  });

  it('advice on how to transfer, with the rule beside what was measured', async () => {
    const view = await http.get('/sweeps/1/targets/depth/advice', contracts.adviceView);
    expect(view.regimes).toHaveLength(4);
    expect(view.advice).toMatch(/^With \d+ labelled images, take a readout from /);
    expect(view.ranking.length).toBeGreaterThan(3);
    // Mean losses of the small sweep: colour is worse than scratch on edges.
    const edges = await http.get('/sweeps/1/targets/edges/advice', contracts.adviceView);
    expect(edges.negative.map((way) => way.sources[0])).toContain('layout');
    expect(edges.advice).toContain('from scratch');
    await http.problem('/sweeps/1/targets/colour/advice', 404);
  });

  it('the tournament behind a target, from which its affinities can be computed again', async () => {
    const view = await http.get('/sweeps/1/targets/depth/tournament', contracts.tournamentView);
    const n = view.keys.length;
    const rates = view.winRates.map((row) =>
      row.map((w) => Math.min(view.clip[1], Math.max(view.clip[0], w ?? 0.5))),
    );
    let weights = Array<number>(n).fill(1 / n);
    for (let step = 0; step < 500; step++) {
      const next = rates.map((row, i) =>
        row.reduce((sum, w, j) => sum + (w / (rates[j]?.[i] ?? 1)) * (weights[j] ?? 0), 0),
      );
      const total = next.reduce((a, b) => a + b, 0);
      weights = next.map((w) => w / total);
    }
    view.keys.forEach((key, i) => {
      expect(view.candidates.find((c) => c.key === key)?.affinity?.value).toBeCloseTo(weights[i] ?? 0, 6);
    });
    expect(view.candidates.map((c) => c.kind)).toContain('scratch');
    await http.problem('/sweeps/1/targets/colour/tournament', 404);
  });

  it('a gallery of all tasks on one image', async () => {
    const { images } = await http.get('/sweeps/sweep-1/gallery', contracts.galleryView);
    expect(images).toHaveLength(1);
    expect(images[0]?.tasks.map((t) => t.task)).toEqual([
      'edges',
      'depth',
      'normals',
      'segmentation',
      'layout',
    ]);
    expect((await http.api.app.request(images[0]?.tasks[0]?.truth ?? '')).status).toBe(200);
  });

  it('one run in full', async () => {
    const fingerprint = fingerprintOf('transfer normals depth 1');
    const run = await http.get(`/runs/${fingerprint}`, contracts.runDetailView);
    expect(run.state).toBe('done');
    expect(run.samples).toHaveLength(3);
    expect(run.meanLoss).toBeGreaterThan(0);
  });
});

describe('reading the store', () => {
  it('counts progress each time, and reads the runs for the finding once per change', async () => {
    let read = 0;
    const runsOf = async (id: string) => {
      read++;
      return http.store.runsOf(id);
    };
    const { app } = apiOver({ ...http.store, runsOf });
    const workers = async () => {
      const response = await app.request('/api/v1/sweeps/sweep-1');
      return contracts.sweepView.parse(await response.json()).progress.workers;
    };
    const before = await workers();
    await http.store.workers.seen({ id: 'late', host: 'here', pid: 2, backend: 'wasm', device: 'cpu' });
    expect(await workers()).toBe(before + 1);
    await app.request('/api/v1/sweeps');
    expect((await app.request('/api/v1/sweeps/sweep-1/runs?state=done&limit=3')).status).toBe(200);
    expect(read).toBe(1);
    const [analysis] = await http.store.analyses('sweep-1');
    if (analysis) await http.store.saveAnalysis('sweep-1', analysis);
    await workers();
    expect(read).toBe(2);
    await http.store.workers.gone('late');
  });
});

describe('submitting and acting', () => {
  it('plans without storing, then stores what it planned', async () => {
    const before = (await http.get('/sweeps', named.sweepList)).sweeps.length;
    const response = await http.ask('/sweeps/plan', json(MICRO));
    const plan = contracts.planView.strict().parse(await response.json());
    expect(response.status).toBe(200);
    expect(plan.total).toBe(Object.values(plan.byKind).reduce((a, b) => a + b, 0));
    expect(plan.byKind.transfer).toBeGreaterThan(0);
    expect(plan.estimatedFlops).toBeGreaterThan(0);
    expect((await http.get('/sweeps', named.sweepList)).sweeps).toHaveLength(before);

    const made = await http.ask(
      '/sweeps',
      yaml(
        `name: micro\ntasks: [autoencoding, z-depth, surface-normals]\npreset: micro\ndataset:\n  kind: rooms\n  size: 32\n  pools: { source: 64, transfer: 32, selection: 16, test: 32 }\n`,
      ),
    );
    expect(made.status).toBe(201);
    const sweep = contracts.sweepView.strict().parse(await made.json());
    expect(made.headers.get('location')).toBe(`/api/v1/sweeps/${sweep.id}`);
    expect(sweep.progress.total).toBe(plan.total);
    const again = contracts.planView.parse(await (await http.ask('/sweeps/plan', json(MICRO))).json());
    expect(again.reused).toBe(again.total);
  });

  it('pauses, resumes, stops and cancels; what makes no sense is a conflict', async () => {
    const post = async (action: string) => {
      const response = await http.ask(`/sweeps/latest/${action}`, { method: 'POST' });
      expect(response.status).toBe(200);
      return contracts.sweepView.strict().parse(await response.json()).state;
    };
    expect(await post('pause')).toBe('paused');
    expect(await post('resume')).toBe('active');
    expect(await post('stop')).toBe('stopped');
    expect(await post('cancel')).toBe('cancelled');
    expect((await http.problem('/sweeps/latest/pause', 409, { method: 'POST' })).code).toBe('conflict');
    await http.problem('/sweeps/latest/explode', 400, { method: 'POST' });
  });

  it('retries a failed run alone, and then all that failed', async () => {
    const fingerprint = fingerprintOf('transfer colour layout 1');
    const response = await http.ask(`/runs/${fingerprint}/retry`, { method: 'POST' });
    expect(response.status).toBe(200);
    expect(contracts.runView.strict().parse(await response.json()).state).toBe('queued');
    await http.problem(`/runs/${'0'.repeat(64)}/retry`, 404, { method: 'POST' });
    const all = await http.ask('/sweeps/sweep-1/retry-failed', { method: 'POST' });
    expect(all.status).toBe(200);
  });
});
