import { TaskatlasError } from '@/lib/science/core';
import { type ComparableUnit, methodsOf } from '../contracts';
import {
  type AgreementRequest,
  adviceView,
  agreementView,
  domainsView,
  measuringRuns,
  methodsView,
  ordersView,
  type SweepData,
  similarityView,
  sizesView,
  targetsOf,
  tournamentView,
  validityView,
} from '../views';
import type { ApiDeps } from './deps';
import type { Loader } from './loader';

export const missing = (message: string): TaskatlasError => new TaskatlasError('not-found', message);

/** A target that this sweep has, or an error that lists those it has. */
export function checkTarget(data: SweepData, target: string): void {
  const known = targetsOf(data.sweep).map((t) => t.id);
  if (known.includes(target)) return;
  throw missing(
    `"${target}" is not a target of sweep ${data.sweep.number}. Its targets are ${known.join(', ')}.`,
  );
}

/** A method of the sweep, named by its id. */
export function checkMethod(data: SweepData, method: string | undefined): void {
  const known = methodsOf(data.sweep.spec).map(({ id }) => id);
  if (method === undefined || known.includes(method)) return;
  throw missing(
    `"${method}" is not a method of sweep ${data.sweep.number}. Its methods are ${known.join(', ')}.`,
  );
}

/** What stands behind a sweep's answers: tournaments, orders, sizes, validity, likeness, agreement. */
export function evidence({ store }: ApiDeps, loader: Loader) {
  return {
    async advice(ref: string, target: string) {
      const data = await loader.data(ref);
      checkTarget(data, target);
      return adviceView(data, target);
    },
    async methods(ref: string, target: string) {
      const data = await loader.data(ref);
      checkTarget(data, target);
      return methodsView(data, target);
    },
    async domains(ref: string, target: string) {
      const data = await loader.data(ref);
      checkTarget(data, target);
      const runs = measuringRuns(data, target).map((run) => run.fingerprint);
      return domainsView(data, target, await store.tables(runs));
    },
    async tournament(ref: string, target: string) {
      const data = await loader.data(ref);
      checkTarget(data, target);
      return tournamentView(data, target);
    },
    validity: async (ref: string) => validityView(await loader.data(ref)),
    similarity: async (ref: string, unit?: ComparableUnit) => similarityView(await loader.data(ref), unit),
    agreement: async (ref: string, other: string, request?: AgreementRequest) =>
      agreementView(await loader.data(ref), await loader.data(other), request),
    orders: async (ref: string) => ordersView(await loader.data(ref)),
    async sizes(ref: string, target: string) {
      const data = await loader.data(ref);
      checkTarget(data, target);
      return sizesView(data, target);
    },
  };
}
