import { type DatasetSpec, type RunResult, TaskatlasError } from '@/lib/science/core';
import type {
  AdviceView,
  AgreementView,
  BatchPlanView,
  BestSourceView,
  ComparableUnit,
  DomainsView,
  GalleryView,
  MatrixView,
  MethodsView,
  NovelRequest,
  OrdersView,
  PairView,
  PlanView,
  PolicyCurvePoint,
  PolicyView,
  RunDetailView,
  RunListView,
  RunningView,
  RunView,
  SimilarityView,
  SizesView,
  SweepBatch,
  SweepSpec,
  SweepView,
  TargetListItem,
  TaskView,
  TournamentView,
  ValidityView,
  WorkerView,
} from '../contracts';
import { answerCurve, answerPolicy } from '../policies';
import type { StoredRun, StoredWorker } from '../ports';
import {
  type AgreementRequest,
  bestSourceView,
  cleanPoints,
  defaultBudget,
  finiteMean,
  galleryRuns,
  galleryView,
  joined,
  matrixView,
  namesOf,
  objectiveOf,
  type PolicyRequest,
  pairRuns,
  pairView,
  type RankingOptions,
  runningView,
  runView,
  type SweepData,
  seedOf,
  sourcesOf,
  tablesView,
  targetList,
  taskView,
  workerViews,
} from '../views';
import type { ApiDeps } from './deps';
import { checkMethod, checkTarget, evidence, missing } from './evidence';
import type { Live } from './live';
import type { Loader } from './loader';

export const SWEEP_ACTIONS = ['pause', 'resume', 'stop', 'cancel', 'retry-failed'] as const;
type SweepAction = (typeof SWEEP_ACTIONS)[number];

interface RunFilter {
  kind?: string | undefined;
  state?: string | undefined;
  target?: string | undefined;
  offset?: number | undefined;
  limit?: number | undefined;
}

const RUNS_PER_PAGE = 500;

/** Where a sample can be fetched. */
const sampleUrl = (fingerprint: string, index: number, role: string): string =>
  `/api/v1/runs/${fingerprint}/samples/${index}/${role}.png`;

/** What the service answers, without HTTP: the API and the pages both call these. */
export interface UseCases {
  sweeps(): Promise<SweepView[]>;
  sweep(ref: string): Promise<SweepView>;
  /** Text of a sweep file to its spec. Throws `invalid-input` with the path of every wrong field. */
  parse(text: string, format: 'yaml' | 'json'): Promise<SweepSpec>;
  submit(spec: SweepSpec): Promise<SweepView>;
  plan(spec: SweepSpec): Promise<PlanView>;
  submitBatch(batch: SweepBatch): Promise<SweepView[]>;
  planBatch(batch: SweepBatch): Promise<BatchPlanView>;
  /** Ranks a sweep's stored sources for a target that it did not have, as a sweep of its own. */
  submitNovel(ref: string, request: NovelRequest): Promise<SweepView>;
  planNovel(ref: string, request: NovelRequest): Promise<PlanView>;
  act(ref: string, action: SweepAction): Promise<SweepView>;
  matrix(ref: string, method?: string): Promise<MatrixView>;
  /** Runs at work: what changes each second is apart from the matrix. */
  running(ref: string): Promise<RunningView>;
  targets(ref: string): Promise<{ targets: TargetListItem[] }>;
  bestSource(ref: string, target: string, options?: RankingOptions): Promise<BestSourceView>;
  policy(ref: string, request?: Partial<PolicyRequest>): Promise<PolicyView>;
  /** The optimum at every budget of the same question, ascending, each as soon as it is solved. */
  policyCurve(ref: string, request?: Partial<PolicyRequest>): AsyncGenerator<PolicyCurvePoint>;
  advice(ref: string, target: string): Promise<AdviceView>;
  methods(ref: string, target: string): Promise<MethodsView>;
  /** How far the two domains of a sweep lie apart, before and after each adaptation to a target. */
  domains(ref: string, target: string): Promise<DomainsView>;
  tournament(ref: string, target: string): Promise<TournamentView>;
  orders(ref: string): Promise<OrdersView>;
  sizes(ref: string, target: string): Promise<SizesView>;
  gallery(ref: string): Promise<GalleryView>;
  validity(ref: string): Promise<ValidityView>;
  similarity(ref: string, unit?: ComparableUnit): Promise<SimilarityView>;
  agreement(ref: string, other: string, request?: AgreementRequest): Promise<AgreementView>;
  pair(ref: string, source: string, target: string, method?: string): Promise<PairView>;
  runs(ref: string, filter?: RunFilter): Promise<RunListView>;
  run(fingerprint: string): Promise<RunDetailView>;
  retryRun(fingerprint: string): Promise<RunView>;
  sample(fingerprint: string, index: number, role: string): Promise<Uint8Array>;
  workers(): Promise<WorkerView[]>;
  tasks(dataset?: DatasetSpec['kind']): TaskView[];
}

function checkSource(data: SweepData, source: string): void {
  const known = sourcesOf(data.sweep).map((t) => t.id);
  const measured = data.analyses.some((a) => a.candidates.some((c) => joined(c.sources) === source));
  if (measured || source.split('+').every((part) => known.includes(part))) return;
  throw missing(
    `"${source}" is not a source of sweep ${data.sweep.number}. Its sources are ${known.join(', ')}.`,
  );
}

function runDetail(
  run: StoredRun,
  result: RunResult | null,
  name: (id: string) => string,
  now: number,
): RunDetailView {
  return {
    ...runView(run, name, now),
    recipe: { ...run.recipe },
    seed: seedOf(run.recipe),
    meanLoss: result?.testLosses ? finiteMean(result.testLosses) : null,
    metric: Number.isFinite(result?.metric) ? (result?.metric ?? null) : null,
    testImages: result?.testLosses?.length ?? 0,
    curve: cleanPoints(result?.curve ?? []),
    tables: tablesView(result?.tables),
    cost: result ? { ...result.cost } : null,
    samples: (result?.samples ?? []).map(({ index, role }) => ({
      index,
      role,
      url: sampleUrl(run.fingerprint, index, role),
    })),
  };
}

/** Names of tasks for runs that are shown outside of a sweep. */
function dictionaryNames(deps: ApiDeps): (id: string) => string {
  const names = new Map([...deps.tasks('idx'), ...deps.tasks('rooms')].map((task) => [task.id, task.name]));
  return (id) => names.get(id) ?? id;
}

/** What was left out of a request is taken from the sweep. */
function wholeRequest(data: SweepData, request: Partial<PolicyRequest>): PolicyRequest {
  return {
    budget: defaultBudget(data, request.unit ?? 'tasks', request.labelCosts ?? {}),
    maxOrder: data.sweep.spec.policy.maxOrder,
    force: [],
    forbid: [],
    weights: {},
    ...request,
    objective: objectiveOf(data, request.objective),
  };
}

/** Queries: they read and compute, and change nothing. */
function queries(deps: ApiDeps, loader: Loader, live: Live) {
  const { store } = deps;
  const dictionary = dictionaryNames(deps);
  const known = async (fingerprint: string): Promise<StoredRun> => {
    const run = await store.getRun(fingerprint);
    if (!run) throw missing(`There is no run ${fingerprint.slice(0, 12)}….`);
    return run;
  };
  const sweep = async (ref: string): Promise<SweepView> => {
    const [view] = await live.views([await loader.sweep(ref)]);
    if (!view) throw missing(`There is no sweep "${ref}".`);
    return view;
  };
  return {
    async sweeps() {
      return live.views([...(await store.listSweeps())].sort((a, b) => b.number - a.number));
    },
    sweep,
    parse: async (text: string, format: 'yaml' | 'json') => deps.sweeps.parse(text, format),
    plan: (spec: SweepSpec) => deps.sweeps.plan(spec),
    planBatch: ({ files }: SweepBatch) => deps.sweeps.planBatch(files),
    planNovel: async (ref: string, request: NovelRequest) =>
      deps.sweeps.plan(await deps.sweeps.novel((await loader.sweep(ref)).id, request)),
    async matrix(ref: string, method?: string) {
      const data = await loader.data(ref);
      checkMethod(data, method);
      return matrixView(data, method);
    },
    running: async (ref: string) =>
      runningView(await store.runningOf((await loader.sweep(ref)).id), await store.now()),
    targets: async (ref: string) => ({ targets: targetList(await loader.data(ref)) }),
    async bestSource(ref: string, target: string, options?: RankingOptions) {
      const data = await loader.data(ref);
      checkTarget(data, target);
      checkMethod(data, options?.method);
      return bestSourceView(data, target, options);
    },
    async policy(ref: string, request: Partial<PolicyRequest> = {}) {
      const data = await loader.data(ref);
      return answerPolicy(data, wholeRequest(data, request));
    },
    async *policyCurve(ref: string, request: Partial<PolicyRequest> = {}) {
      const data = await loader.data(ref);
      yield* answerCurve(data, wholeRequest(data, request));
    },
    ...evidence(deps, loader),
    async gallery(ref: string) {
      const data = await loader.data(ref);
      const runs = galleryRuns(data);
      const samples = await Promise.all(runs.map((run) => store.sampleList(run.fingerprint)));
      return galleryView(
        data,
        runs.map((run, i) => ({ ...run, samples: samples[i] ?? [] })),
        sampleUrl,
      );
    },
    async pair(ref: string, source: string, target: string, method?: string) {
      const data = await loader.data(ref);
      checkTarget(data, target);
      checkSource(data, source);
      checkMethod(data, method);
      const { transfer, scratch, gold } = pairRuns(data, source, target, method);
      const results = new Map<string, RunResult>();
      for (const run of [...transfer, ...scratch, ...gold]) {
        const result = run.state === 'done' ? await loader.result(run.fingerprint) : null;
        if (result) results.set(run.fingerprint, result);
      }
      return pairView(data, source, target, results, sampleUrl, method);
    },
    async runs(ref: string, { offset = 0, limit = RUNS_PER_PAGE, ...filter }: RunFilter = {}) {
      const found = await loader.sweep(ref);
      const [{ runs, total }, now] = await Promise.all([
        store.runPage({ sweepId: found.id, ...filter, offset, limit }),
        store.now(),
      ]);
      const name = namesOf(found);
      return { runs: runs.map((run) => runView(run, name, now)), total, offset, limit };
    },
    async run(fingerprint: string) {
      const run = await known(fingerprint);
      const result = run.state === 'done' ? await loader.result(fingerprint) : null;
      return runDetail(run, result, dictionary, await store.now());
    },
    async sample(fingerprint: string, index: number, role: string) {
      await known(fingerprint);
      const png = await store.sample(fingerprint, index, role);
      if (!png) throw missing(`Run ${fingerprint.slice(0, 12)}… kept no ${role} of test image ${index}.`);
      return png;
    },
    async workers() {
      const [held, workers, now] = await Promise.all([store.heldRuns(), store.workers.list(), store.now()]);
      return workerViews(withHolders(workers, held), held, dictionary, now);
    },
    tasks: (dataset: DatasetSpec['kind'] = 'rooms') => deps.tasks(dataset).map(taskView),
  };
}

/** Workers that hold a run but did not announce themselves are shown all the same. */
function withHolders(workers: readonly StoredWorker[], held: readonly StoredRun[]): StoredWorker[] {
  const ids = new Set(workers.map((w) => w.id));
  const silent = held.filter((run) => run.claimedBy !== null && !ids.has(run.claimedBy));
  return [
    ...workers,
    ...silent.map((run) => ({
      id: run.claimedBy ?? '',
      host: 'unknown',
      pid: 0,
      backend: run.backend ?? 'unknown',
      device: 'unknown',
      startedAt: 0,
      seenAt: 0,
    })),
  ];
}

/** Everything the service answers. Commands make the next reading fresh. */
export function createUseCases(deps: ApiDeps, loader: Loader, live: Live): UseCases {
  const read = queries(deps, loader, live);
  const { sweeps, store } = deps;
  const actions: Record<SweepAction, (id: string) => Promise<void>> = {
    pause: sweeps.pause,
    resume: sweeps.resume,
    stop: sweeps.stop,
    cancel: sweeps.cancel,
    'retry-failed': sweeps.retryFailed,
  };
  const submit = async (spec: SweepSpec): Promise<SweepView> => {
    const made = await sweeps.submit(spec);
    loader.forget();
    return read.sweep(made.id);
  };
  return {
    ...read,
    submit,
    async submitBatch({ files }) {
      const made = await sweeps.submitBatch(files);
      loader.forget();
      return Promise.all(made.map(({ id }) => read.sweep(id)));
    },
    submitNovel: async (ref, request) => submit(await sweeps.novel((await loader.sweep(ref)).id, request)),
    async act(ref, action) {
      const found = await loader.sweep(ref);
      if (found.origin === 'imported') {
        throw new TaskatlasError(
          'conflict',
          `Sweep ${found.number} was imported: it has no runs to ${action}.`,
        );
      }
      await actions[action](found.id);
      loader.forget();
      return read.sweep(found.id);
    },
    async retryRun(fingerprint) {
      if (!(await store.getRun(fingerprint))) throw missing(`There is no run ${fingerprint.slice(0, 12)}….`);
      const run = await sweeps.retryRun(fingerprint);
      loader.forget();
      return runView(run, dictionaryNames(deps), await store.now());
    },
  };
}
