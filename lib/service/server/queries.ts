import type {
  BestSourceView,
  MatrixView,
  PairView,
  PolicyView,
  RunDetailView,
  RunListView,
  SweepView,
  TargetListItem,
  TaskView,
  WorkerView,
} from '../contracts';
import type { PolicyRequest, RankingOptions } from '../views';
import { theService } from './process';
import type { RunFilter } from './use-cases';

/**
 * The same answers as the HTTP API, for server components: typed, without HTTP. `ref` is a sweep's id, its number or
 * `latest`. All throw `TaskatlasError`: `not-found`, `conflict`, `infeasible`, `unavailable`, `invalid-input`.
 */
const ask = async () => (await theService()).useCases;

export const getSweeps = async (): Promise<SweepView[]> => (await ask()).sweeps();

export const getSweep = async (ref: string): Promise<SweepView> => (await ask()).sweep(ref);

export const getMatrix = async (ref: string): Promise<MatrixView> => (await ask()).matrix(ref);

export const getTargets = async (ref: string): Promise<TargetListItem[]> => (await ask()).targets(ref);

export const getBestSource = async (
  ref: string,
  target: string,
  options?: RankingOptions,
): Promise<BestSourceView> => (await ask()).bestSource(ref, target, options);

export const getPolicy = async (ref: string, request?: Partial<PolicyRequest>): Promise<PolicyView> =>
  (await ask()).policy(ref, request);

export const getPair = async (ref: string, source: string, target: string): Promise<PairView> =>
  (await ask()).pair(ref, source, target);

export const getRuns = async (ref: string, filter?: RunFilter): Promise<RunListView> =>
  (await ask()).runs(ref, filter);

export const getRun = async (fingerprint: string): Promise<RunDetailView> => (await ask()).run(fingerprint);

export const getWorkers = async (): Promise<WorkerView[]> => (await ask()).workers();

export const getTasks = async (): Promise<TaskView[]> => (await ask()).tasks();
