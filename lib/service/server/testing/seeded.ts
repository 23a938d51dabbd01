import type { Recipe, RunResult, TaskId } from '@/lib/science/core';
import { declareTasks } from '@/lib/science/datasets';
import type { PlannedRun, StoredRun, StoredSweep } from '../../ports';
import type { Store } from '../../ports/records';
import { createSweeps } from '../../sweeps';
import {
  fingerprintOf,
  imageLosses,
  smallAnalyses,
  smallRuns,
  smallSpec,
  smallTasks,
} from '../../views/testing/small-sweep';
import { type Api, createApi } from '../app';
import { sweepCommands } from '../compose';
import { datasetCatalog } from '../dataset-catalog';
import type { ApiDeps } from '../deps';
import { createService, type Service } from '../service';

/** A 1×1 PNG. */
export const PNG = Uint8Array.from(
  Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
    'base64',
  ),
);

/** The API over a store, with the real sweep use cases. */
export function apiOver(store: Store, change: Partial<ApiDeps> = {}): { app: Api; service: Service } {
  const sweeps = createSweeps({ store, datasets: datasetCatalog });
  const service = createService({
    store,
    sweeps: sweepCommands(sweeps, store),
    tasks: declareTasks,
    clock: { now: () => Date.now() },
    version: '0.0.0-test',
    events: { pollMs: 20, heartbeatMs: 50 },
    ...change,
  });
  return { app: createApi(service), service };
}

const candidateOf = (recipe: Recipe): string =>
  recipe.kind === 'transfer'
    ? recipe.sources.map((s) => s.task).join('+')
    : recipe.kind === 'source'
      ? 'self'
      : recipe.kind;

/** What a worker would hand over for a run of the small sweep. */
function resultOf({ recipe }: StoredRun): RunResult {
  const seed = 'seed' in recipe ? recipe.seed : 0;
  const target = 'task' in recipe ? recipe.task : '';
  const base: RunResult = {
    testLosses: null,
    metric: null,
    curve: [],
    samples: [],
    artifacts: [],
    cost: { steps: 10, images: 80, seconds: 1, flops: 1e9 },
  };
  if (recipe.kind === 'probe') {
    // Relative to the constant predictor, whose mean loss is 1.6 on every target of the fixture.
    const losses = (task: TaskId) => imageLosses(task, recipe.source.task, seed).map((loss) => loss / 1.6);
    return { ...base, probeLosses: Object.fromEntries(recipe.targets.map((task) => [task, losses(task)])) };
  }
  const roles = recipe.kind === 'mean' ? [] : (['input', 'truth', 'prediction'] as const);
  return {
    ...base,
    testLosses: imageLosses(target, candidateOf(recipe), seed),
    metric: 0.5,
    curve: [{ step: 10, epoch: 1, trainLoss: 1, selectionLoss: 1.1 }],
    samples: roles.map((role) => ({ index: 0, role, png: PNG })),
  };
}

const planned = (run: StoredRun): PlannedRun => ({
  fingerprint: run.fingerprint,
  recipe: run.recipe,
  dependsOn: [],
  priority: run.priority,
  estimatedFlops: 1e9,
});

/** The small sweep, stored; runs named in `leave` stay queued, the one in `fail` fails. */
export async function seedSmallSweep(
  store: Store,
  options: { leave?: (label: string) => boolean; fail?: string; analyses?: boolean } = {},
): Promise<StoredSweep> {
  const labels = new Map<string, string>();
  const runs = smallRuns(1, (label) => {
    labels.set(fingerprintOf(label), label);
    return 'done';
  });
  const sweep = await store.createSweep(
    { id: 'sweep-1', name: 'small', spec: smallSpec, tasks: smallTasks, origin: 'measured', source: null },
    runs.map(planned),
  );
  for (const run of runs) {
    const label = labels.get(run.fingerprint) ?? '';
    if (options.leave?.(label)) continue;
    await store.claim(run.fingerprint, 'worker-1', 60);
    if (label === options.fail) {
      await store.fail(run.fingerprint, 'worker-1', {
        class: 'diverged',
        message: 'the loss became NaN at step 3',
      });
    } else await store.complete(run.fingerprint, 'worker-1', resultOf(run), 'wasm');
  }
  if (options.analyses !== false) {
    for (const analysis of smallAnalyses) await store.saveAnalysis(sweep.id, analysis);
  }
  return sweep;
}
