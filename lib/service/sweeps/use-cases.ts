import { randomUUID } from 'node:crypto';
import { type DatasetSpec, TaskatlasError, type TaskDeclaration } from '@/lib/science/core';
import type {
  ExternalSourceInput,
  NovelRequest,
  RunArchive,
  SweepBatch,
  SweepBundle,
  SweepSpec,
} from '../contracts';
import { sweepNamed } from '../contracts';
import { type ImportOptions, type ImportReport, importedSweep, type TransfersDocument } from '../imports';
import type { NewSweep, Store, StoredRun, StoredSweep, SweepNote, SweepState } from '../ports';
import { type PlannedFile, planFiles } from './batch';
import { exportBundle, sweepOfBundle } from './bundle';
import type { ExternalEncoders } from './external';
import { checkStored, novelSpec } from './novel';
import { planSweep, type SweepPlan } from './plan';
import { exportRuns, importRuns } from './run-archive';

/** What the data sets' room offers to planning. */
export interface DatasetCatalog {
  /**
   * Everything that determines the pixels; reads the manifest of an imported set. The notes say what was left out of a
   * folder and how its pictures are read.
   */
  resolve(input: SweepSpec['dataset']): Promise<{ dataset: DatasetSpec; notes: readonly string[] }>;
  /** The dictionary of such a data set. */
  tasks(dataset: DatasetSpec): readonly TaskDeclaration[];
  /** The files of external sources, hashed. @throws TaskatlasError `invalid-input` naming the entry. */
  external(sources: readonly ExternalSourceInput[]): Promise<ExternalEncoders>;
}

export interface SweepDependencies {
  store: Store;
  datasets: DatasetCatalog;
}

/** What a person can do with sweeps. Everything throws `TaskatlasError`. */
export interface Sweeps {
  /** Dry run: the plan, with nothing stored. */
  plan(spec: SweepSpec): Promise<SweepPlan>;
  submit(spec: SweepSpec): Promise<StoredSweep>;
  /** Dry run of several sweep files. Throws `invalid-input` with every issue of every file. */
  planBatch(files: SweepBatch['files']): Promise<PlannedFile[]>;
  /** Several sweep files in one transaction: all of them, or none. */
  submitBatch(files: SweepBatch['files']): Promise<readonly StoredSweep[]>;
  /** The sweep that ranks another's stored sources for a new target; submitting it trains no source. */
  novel(id: string, request: NovelRequest): Promise<SweepSpec>;
  /** No new runs; those at work go on to their end. */
  pause(id: string): Promise<void>;
  /** No new runs; those at work save a checkpoint and are given back. */
  stop(id: string): Promise<void>;
  /** After pause, stop or cancel. */
  resume(id: string): Promise<void>;
  /** Ends it; runs that no other sweep wants are cancelled. Results stay. */
  cancel(id: string): Promise<void>;
  /** Runs of the sweep that failed are tried again, with a fresh count of attempts. Answers how many. */
  retryFailed(id: string): Promise<number>;
  retryRun(fingerprint: string): Promise<StoredRun>;
  /** Transfers that were measured elsewhere, each document as a read-only sweep. */
  importTransfers(
    imports: readonly { document: TransfersDocument; options?: ImportOptions }[],
  ): Promise<readonly StoredSweep[]>;
  /** The figures of a sweep, by id, number or `latest`. */
  exportBundle(ref: string): Promise<SweepBundle>;
  /** Such figures as a read-only sweep; the same ones twice are one sweep. */
  importBundle(document: unknown): Promise<StoredSweep & { report: ImportReport }>;
  /** The finished runs of a sweep, by id, number or `latest`. */
  exportRuns(ref: string): Promise<RunArchive>;
  /** Such runs count as done from then on; answers how many the file has, and how many were not done here before. */
  importRuns(document: unknown): Promise<{ name: string; total: number; added: number }>;
}

const AFTER: Readonly<Record<'pause' | 'stop' | 'resume' | 'cancel', readonly SweepState[]>> = {
  pause: ['active'],
  stop: ['active', 'paused'],
  resume: ['paused', 'stopped', 'cancelled'],
  cancel: ['active', 'paused', 'stopped'],
};

/** A sentence on the data set's folder, as a note on the sweep. */
const dataNote = (text: string): SweepNote => ({
  level: 'note',
  code: 'data-set',
  text: `Data set: ${text}`,
  targets: [],
});

const newSweep = (spec: SweepSpec, { tasks, notes = [] }: Pick<SweepPlan, 'tasks' | 'notes'>): NewSweep => ({
  id: randomUUID(),
  name: spec.name,
  spec,
  tasks,
  origin: 'measured',
  source: null,
  notes,
});

/** What comes from elsewhere and what is passed on. */
function exchange(
  store: Store,
): Pick<Sweeps, 'importTransfers' | 'importBundle' | 'importRuns' | 'exportBundle' | 'exportRuns'> {
  const named = async (ref: string): Promise<StoredSweep> => {
    const found = sweepNamed(await store.listSweeps(), ref);
    if (!found) throw new TaskatlasError('not-found', `There is no sweep "${ref}".`);
    return found;
  };
  return {
    importTransfers: (imports) =>
      store.importSweeps(
        imports.map(({ document, options }) => ({ ...importedSweep(document, options), policies: [] })),
      ),
    exportBundle: async (ref) => exportBundle(store, await named(ref)),
    exportRuns: async (ref) => exportRuns(store, await named(ref)),
    importRuns: (document) => importRuns(store, document),
    async importBundle(document) {
      const whole = sweepOfBundle(document);
      const imported = whole.analyses.reduce((sum, { candidates }) => sum + candidates.length, 0);
      const [stored] = await store.importSweeps([whole]);
      if (!stored) throw new TaskatlasError('internal', 'The bundle was not stored.');
      return { ...stored, report: { imported, dropped: [], ignored: [] } };
    },
  };
}

export function createSweeps({ store, datasets }: SweepDependencies): Sweeps {
  const plan = async (spec: SweepSpec): Promise<SweepPlan> => {
    const { dataset, notes } = await datasets.resolve(spec.dataset);
    const external = await datasets.external(spec.externalSources ?? []);
    return {
      ...planSweep(spec, { dataset, external, tasks: datasets.tasks(dataset) }),
      notes: notes.map(dataNote),
    };
  };
  const find = async (id: string): Promise<StoredSweep> => {
    const sweep = await store.getSweep(id);
    if (!sweep) throw new TaskatlasError('not-found', `There is no sweep "${id}".`);
    return sweep;
  };
  const change = async (id: string, action: keyof typeof AFTER, state: SweepState): Promise<void> => {
    const sweep = await find(id);
    if (sweep.state === state) return;
    if (sweep.origin === 'imported' || !AFTER[action].includes(sweep.state)) {
      const what = sweep.origin === 'imported' ? 'imported and read-only' : sweep.state;
      throw new TaskatlasError(
        'conflict',
        `Cannot ${action} sweep ${sweep.number} (${sweep.name}): it is ${what}.`,
      );
    }
    await store.setSweepState(id, state);
  };

  const submit = async (
    planned: readonly Pick<PlannedFile, 'spec' | 'plan'>[],
  ): Promise<readonly StoredSweep[]> => {
    const stored = await store.createSweeps(
      planned.map(({ spec, plan: made }) => ({ sweep: newSweep(spec, made), runs: made.runs })),
    );
    for (const { id } of stored) await store.markPhase(id, 'submitted');
    return stored;
  };

  return {
    plan,
    async submit(spec) {
      const [stored] = await submit([{ spec, plan: await plan(spec) }]);
      if (!stored) throw new TaskatlasError('internal', 'The sweep was not stored.');
      return stored;
    },
    planBatch: (files) => planFiles(files, plan),
    submitBatch: async (files) => submit(await planFiles(files, plan)),
    async novel(id, request) {
      const sweep = await find(id);
      const spec = novelSpec(sweep, request);
      const planned = await plan(spec);
      checkStored(sweep, planned, await store.statesOf(planned.runs.map((run) => run.fingerprint)));
      return spec;
    },
    pause: (id) => change(id, 'pause', 'paused'),
    stop: (id) => change(id, 'stop', 'stopped'),
    resume: (id) => change(id, 'resume', 'active'),
    cancel: (id) => change(id, 'cancel', 'cancelled'),
    async retryFailed(id) {
      await find(id);
      return await store.retryFailed(id);
    },
    retryRun: (fingerprint) => store.retry(fingerprint),
    ...exchange(store),
  };
}
