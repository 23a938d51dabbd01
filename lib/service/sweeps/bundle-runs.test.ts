import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import type { CurvePoint, RunResult, SampleRole } from '@/lib/science/core';
import { memoryStore } from '../ports/testing/memory-store';
import { pairRuns, pairView } from '../views';
import { smallData, smallRuns, smallSweep } from '../views/testing/small-sweep';
import { exportBundle, sweepOfBundle } from './bundle';
import { thinCurve } from './bundle-runs';

const curve: CurvePoint[] = Array.from({ length: 41 }, (_, i) => ({
  step: 10 * i,
  epoch: i / 3,
  trainLoss: i === 0 ? null : 1 / i,
  selectionLoss: 1 + Math.abs(i - 29) / 7,
}));

function picture(side: number): Uint8Array {
  const png = new PNG({ width: side, height: side });
  for (let i = 0; i < png.data.length; i++) png.data[i] = i % 4 === 3 ? 255 : (i * 37) % 251;
  return new Uint8Array(PNG.sync.write(png));
}
const samples = [3, 5, 8].flatMap((index) =>
  (['input', 'truth', 'prediction'] as SampleRole[]).map((role) => ({ index, role, png: picture(64) })),
);

/** The small sweep in a store, every run of it finished with a curve and pictures. */
async function stored() {
  const store = memoryStore();
  const runs = smallRuns();
  for (const { fingerprint, recipe, priority } of runs) {
    const cost = { steps: 400, images: 3200, seconds: 2, flops: 1e9 };
    const result = { testLosses: null, metric: 0.123456, curve, samples, artifacts: [], cost };
    await store.adopt([{ fingerprint, recipe, priority, estimatedFlops: 1e9, backend: 'wasm', result }]);
  }
  const planned = runs.map((run) => ({ ...run, estimatedFlops: 1e9, dependsOn: [] }));
  return { store, sweep: await store.createSweep(smallSweep, planned), runs };
}

describe('runs of a bundle', () => {
  it('come back with curves and small pictures, for the pages of a pair', async () => {
    const { store, sweep } = await stored();
    const file = JSON.parse(JSON.stringify(await exportBundle(store, sweep)));
    const whole = sweepOfBundle(file);
    const [imported] = await store.importSweeps([whole]);
    const runs = await store.runsOf(imported?.id ?? '');
    expect(runs.every((run) => run.state === 'done')).toBe(true);
    const data = smallData({ sweep: { ...smallSweep, id: imported?.id ?? '', origin: 'imported' }, runs });
    const { transfer, scratch, gold } = pairRuns(data, 'normals', 'depth');
    const results = new Map<string, RunResult>();
    for (const { fingerprint } of [...transfer, ...scratch, ...gold]) {
      const result = await store.result(fingerprint);
      if (result) results.set(fingerprint, result);
    }
    const view = pairView(data, 'normals', 'depth', results, (f, index, role) => `${f}/${index}/${role}`);
    expect(view.curves.map(({ label, points }) => [label, points[0], points.at(-1)])).toEqual(
      ['transfer', 'scratch', 'gold'].map((label) => [
        label,
        { step: 0, epoch: 0, trainLoss: null, selectionLoss: 5.143 },
        { step: 400, epoch: 13.33, trainLoss: 0.025, selectionLoss: 2.571 },
      ]),
    );
    expect(view.strips.map(({ index, images }) => [index, images.map(({ role }) => role)])).toEqual(
      [3, 5].map((index) => [index, ['input', 'truth', 'scratch', 'transfer', 'gold']]),
    );
    const [shown] = results.get(transfer[0]?.fingerprint ?? '')?.samples ?? [];
    expect(PNG.sync.read(Buffer.from(shown?.png ?? new Uint8Array())).height).toBe(32);
  });

  it('are never those of the sweep that they come from: a copy without weights must not stand in for a run', async () => {
    const { store, sweep, runs } = await stored();
    const { runs: copies = [] } = sweepOfBundle(JSON.parse(JSON.stringify(await exportBundle(store, sweep))));
    const own = new Set(runs.map((run) => run.fingerprint));
    expect(copies.length).toBeGreaterThan(10);
    expect(copies.filter((run) => own.has(run.fingerprint))).toEqual([]);
    const names = new Set(copies.map((run) => run.fingerprint));
    for (const { recipe } of copies)
      if (recipe.kind === 'transfer')
        for (const { fingerprint } of recipe.sources) expect(names).toContain(fingerprint);
  });

  it('are refused where a source is another run than it says', async () => {
    const { store, sweep } = await stored();
    const file = JSON.parse(JSON.stringify(await exportBundle(store, sweep)));
    const at = file.runs.findIndex((run: { recipe: { kind: string } }) => run.recipe.kind === 'transfer');
    file.runs[at].recipe.sources[0].run = at;
    expect(() => sweepOfBundle(file)).toThrow(`runs[${at}].recipe.sources[0].run`);
  });

  it('keep the first, the best and the last of a long curve, and few of the rest', () => {
    const thin = thinCurve(curve);
    expect(thin.length).toBeLessThanOrEqual(18);
    expect(thin.map(([step]) => step)).toEqual(expect.arrayContaining([0, 290, 400]));
    expect(thinCurve(curve.slice(0, 3))).toHaveLength(3);
    expect(thinCurve([])).toEqual([]);
  });
});
