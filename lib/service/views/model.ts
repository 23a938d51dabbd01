import { candidateKey, labelOf, PLAIN_METHOD } from '@/lib/science/catalog/methods';
import type { CandidateResult, TargetAnalysis, TaskDeclaration, TaskId } from '@/lib/science/core';
import { methodsOf, type PolicyRecord, plainMethodOf, transferSizesOf } from '../contracts';
import type { StoredRun, StoredSweep, StoredWorker } from '../ports';
import type { Trouble } from '../ports/records';
import { listWords } from './numbers';

/** Of a finished run's result, what the views need; a few numbers instead of arrays and pictures. */
export interface RunSummary {
  /** Mean over the test images that have a valid pixel; null for dataset and probe runs. */
  meanLoss: number | null;
  /** The task's metric over the test images; null where it has none. */
  metric?: number | null;
  /** Probe runs: mean test loss by target. */
  probe: Readonly<Record<TaskId, number>> | null;
  /** What the run itself trained, as measured; absent where nobody wrote it down. */
  cost?: { flops: number; seconds: number };
}

/** Everything the views of one sweep are computed from. Plain records; no view reaches behind it. */
export interface SweepData {
  sweep: StoredSweep;
  /** Of the results: rises with each change of what the views show. */
  version?: number;
  runs: readonly StoredRun[];
  analyses: readonly TargetAnalysis[];
  policies: readonly PolicyRecord[];
  /** Of finished runs, by fingerprint. */
  summaries: ReadonlyMap<string, RunSummary>;
  workers: readonly StoredWorker[];
  /** Analyses and policies that could not be computed. */
  troubles?: readonly Trouble[];
  /** First time, ms since the epoch, at which the sweep reached each milestone. */
  phases?: Readonly<Record<string, number>>;
  /** Milliseconds since the epoch. */
  now: number;
}

const chosen = (sweep: StoredSweep, role: 'source' | 'target'): TaskDeclaration[] => {
  const narrowed = role === 'source' ? sweep.spec.sources : sweep.spec.targets;
  return sweep.tasks.filter(
    (task) =>
      task.roles.includes(role) &&
      (narrowed === undefined ||
        narrowed.includes(task.id) ||
        // encoders of the sweep's own are sources beside the list
        (role === 'source' && (task.taught !== undefined || task.external === true))),
  );
};

/** Tasks that serve as sources in this sweep, in the order of its dictionary. */
export const sourcesOf = (sweep: StoredSweep): TaskDeclaration[] => chosen(sweep, 'source');

/** Tasks that are targets in this sweep, in the order of its dictionary. */
export const targetsOf = (sweep: StoredSweep): TaskDeclaration[] => chosen(sweep, 'target');

/** Names for people by task id; an id that the dictionary lacks names itself. */
export function namesOf(sweep: StoredSweep): (id: TaskId) => string {
  const names = new Map(sweep.tasks.map((task) => [task.id, task.name]));
  return (id) => names.get(id) ?? id;
}

/** `source → target` of one cell as a map key. */
export const cellKey = (source: TaskId, target: TaskId): string => `${source}\u001f${target}`;

/** The method whose transfers a view is about; by default the sweep's plain one. */
export const methodIn = (sweep: StoredSweep, method?: string): string => method ?? plainMethodOf(sweep.spec);

/** Sizes of a sweep's transfer sets, ascending; imported sweeps have no pools to speak of. */
export const sizesIn = ({ origin, spec }: StoredSweep): readonly number[] =>
  origin === 'measured' ? transferSizesOf(spec) : [];

/** Transfer runs of one method by cell, every seed of it. Joined sources (higher orders) are named `a+b`. */
export function runsByCell(runs: readonly StoredRun[], method: string): ReadonlyMap<string, StoredRun[]> {
  const cells = new Map<string, StoredRun[]>();
  for (const run of runs) {
    if (run.recipe.kind !== 'transfer' || labelOf(run.recipe) !== method) continue;
    const key = cellKey(joined(run.recipe.sources.map((s) => s.task)), run.recipe.task);
    const cell = cells.get(key);
    if (cell) cell.push(run);
    else cells.set(key, [run]);
  }
  return cells;
}

/** Name of a set of sources in a path or key. */
export const joined = (sources: readonly TaskId[]): string => sources.join('+');

/** The candidate of a cell; on the diagonal the re-transfer from the task's own frozen encoder. */
export function candidateOf(
  analysis: TargetAnalysis | undefined,
  source: string,
  method: string,
): CandidateResult | undefined {
  const key = candidateKey(method, [source]);
  return analysis?.candidates.find(
    (c) => (c.kind === 'transfer' || c.kind === 'retransfer') && c.key === key,
  );
}

/** A reference of a target: `self` (gold), `scratch` or `mean`. */
export const reference = (
  analysis: TargetAnalysis | undefined,
  kind: 'self' | 'scratch' | 'mean',
): CandidateResult | undefined => analysis?.candidates.find((c) => c.kind === kind);

/** Method with options of a transfer candidate. */
export const methodOfCandidate = (c: Pick<CandidateResult, 'method'>): string => c.method ?? PLAIN_METHOD;

/** Names one way to serve a target: `Normals`, `fine-tune from Normals`, `born-again`; methods by the sweep's labels. */
export function wayNames({
  spec,
  tasks,
}: StoredSweep): (method: string, sources: readonly TaskId[]) => string {
  const labels = new Map(methodsOf(spec).map(({ id, label }) => [id, label]));
  const names = new Map(tasks.map((task) => [task.id, task.name]));
  return (method, sources) => {
    const from = listWords(sources.map((id) => names.get(id) ?? id));
    if (method === PLAIN_METHOD) return from;
    const label = labels.get(method) ?? method;
    return from === '' ? label : `${label} from ${from}`;
  };
}
