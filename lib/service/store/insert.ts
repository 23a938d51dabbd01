import { needsOf, taskOf } from '@/lib/service/sweeps/needs';
import type { PlannedRun } from '../ports';
import type { Transaction } from './connection';
import { toJson } from './rows';
import type { Now } from './time';

type NewRun = Pick<PlannedRun, 'fingerprint' | 'recipe' | 'priority' | 'estimatedFlops'>;

/** Stores runs that are new, waiting; in the order of their fingerprints, so that two that store the same ones never block each other. */
export async function insertRuns(tx: Transaction, runs: readonly NewRun[], now: Now): Promise<void> {
  const rows = runs.map(({ fingerprint, recipe, priority, estimatedFlops }) => ({
    ...{
      fingerprint,
      recipe: toJson(recipe),
      kind: recipe.kind,
      task: taskOf(recipe),
      needs: needsOf(recipe),
    },
    ...{ priority, flops: estimatedFlops },
  }));
  await tx.$executeRaw`
    insert into runs (fingerprint, kind, recipe, task, needs, state, priority, estimated_flops, not_before, created_at)
    select n.fingerprint, n.kind, n.recipe, n.task, array(select jsonb_array_elements_text(n.needs)), 'waiting',
           n.priority, n.flops, ${now()}, ${now()}
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as n (fingerprint text, kind text, recipe jsonb, task text, needs jsonb, priority int, flops float8)
     order by n.fingerprint on conflict (fingerprint) do nothing`;
}

/** Which runs a sweep wants, and where their results go in it. */
export async function insertWishes(
  tx: Transaction,
  sweepId: string,
  runs: readonly PlannedRun[],
): Promise<void> {
  const rows = runs.map(({ fingerprint, priority, target = null, layer = 0 }) => ({
    ...{ fingerprint, priority, target, layer },
  }));
  await tx.$executeRaw`
    insert into sweep_runs (sweep_id, fingerprint, priority, target, layer)
    select ${sweepId}, n.fingerprint, n.priority, n.target, n.layer
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as n (fingerprint text, priority int, target text, layer int)
     order by n.fingerprint on conflict do nothing`;
}
