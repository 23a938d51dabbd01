import { TaskatlasError, type TaskId } from '@/lib/science/core';
import type { NovelRequest, SweepSpec } from '../contracts';
import type { StoredRun, StoredSweep } from '../ports';
import type { SweepPlan } from './plan';

const MAX_NAME = 80;

const refuse = (code: 'conflict' | 'invalid-input', message: string, path: string): TaskatlasError =>
  new TaskatlasError(code, message, { issues: [{ path, message }] });

/**
 * The sweep that ranks the stored sources of another for a target which that sweep did not have: the same data set,
 * networks, methods and seeds, so that its sources have the fingerprints of those that are there. The novel task gets
 * no network of its own on the source pool (it has few labels), and so no quality: its policy goes by gain.
 * @throws TaskatlasError `conflict` when the sweep was imported or has the target already
 */
export function novelSpec(sweep: StoredSweep, { task, images, sources }: NovelRequest): SweepSpec {
  const { spec, tasks, number, name } = sweep;
  const which = `Sweep ${number} (${name})`;
  if (sweep.origin === 'imported') {
    throw refuse('conflict', `${which} was imported: its networks are not here, only figures.`, 'id');
  }
  const listed = tasks.filter(({ id }) => spec.tasks.includes(id));
  const targets = spec.targets ?? listed.filter(({ roles }) => roles.includes('target')).map(({ id }) => id);
  if (targets.includes(task)) {
    const ask = `taskatlas best ${task} --sweep ${number}`;
    throw refuse('conflict', `"${task}" is a target of sweep ${number} already. Ask it: ${ask}`, 'task');
  }
  const own = spec.sources ?? listed.filter(({ roles }) => roles.includes('source')).map(({ id }) => id);
  const unknown = (sources ?? []).filter((id) => !own.includes(id));
  if (unknown.length > 0) {
    const message = `${unknown.join(', ')}: no source of sweep ${number}. Its sources are ${own.join(', ')}.`;
    throw refuse('invalid-input', message, 'sources');
  }
  const pool = spec.dataset.pools.transfer;
  if (images !== undefined && images > pool) {
    throw refuse('invalid-input', `the transfer pool of sweep ${number} has ${pool} images`, 'images');
  }
  const ranked = own.filter((id) => id !== task && (sources?.includes(id) ?? true));
  if (ranked.length === 0) throw refuse('conflict', `${which} has no other source to rank.`, 'sources');
  const { objective } = spec.policy;
  return {
    ...spec,
    name: `${name.slice(0, MAX_NAME - task.length - 3)} + ${task}`,
    description: `The stored sources of sweep ${number} (${name}), ranked for ${task}.`,
    tasks: [...new Set([...spec.tasks, task])],
    sources: ranked,
    targets: [task],
    gold: false,
    policy: { ...spec.policy, objective: objective === 'quality' ? 'gain' : objective },
    ...(images === undefined ? {} : { transferSizes: [images] }),
  };
}

/**
 * Every encoder that the plan's transfers start from must be there: ranking trains none.
 * @throws TaskatlasError `conflict` naming those that are missing and what to do
 */
export function checkStored(
  sweep: StoredSweep,
  plan: SweepPlan,
  states: ReadonlyMap<string, StoredRun['state']>,
): void {
  const planned = new Set(
    plan.runs
      .filter(({ recipe }) => 'task' in recipe && plan.targets.includes(recipe.task))
      .map((r) => r.fingerprint),
  );
  const [open, other] = [new Set<TaskId>(), new Set<TaskId>()];
  for (const { recipe } of plan.runs) {
    if (recipe.kind !== 'transfer') continue;
    for (const { task, fingerprint } of recipe.sources) {
      if (planned.has(fingerprint)) continue;
      const state = states.get(fingerprint);
      if (state === undefined) other.add(task);
      else if (state !== 'done') open.add(task);
    }
  }
  const named = `sweep ${sweep.number} (${sweep.name})`;
  if (other.size > 0) {
    throw new TaskatlasError(
      'conflict',
      `Other networks than those of ${named} would be trained for ${[...other].join(', ')}: the data set or a version of ` +
        'task or method has changed since. Submit that sweep anew first: what has not changed is not trained again.',
    );
  }
  if (open.size > 0) {
    throw new TaskatlasError(
      'conflict',
      `These sources of ${named} are not finished: ${[...open].join(', ')}. Wait for them, retry them, or name the ` +
        'sources to rank.',
    );
  }
}
