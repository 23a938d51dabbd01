import { transferSizesOf } from '../contracts';
import type { StoredRun } from '../ports';
import type { SweepData } from './model';

/** Whether a run was trained on a smaller transfer set than the sweep's main one. */
const isSmaller = ({ recipe }: StoredRun, images: number): boolean =>
  (recipe.kind === 'transfer' || recipe.kind === 'scratch') && recipe.images < images;

/** The sweep without its smaller transfer sets: what matrix, tournaments and policy speak of. */
export function atMainSize<T extends Pick<SweepData, 'sweep' | 'runs'>>(data: T): T {
  if (!data.sweep.spec.transferSizes) return data;
  const images = transferSizesOf(data.sweep.spec).at(-1) ?? 0;
  return { ...data, runs: data.runs.filter((run) => !isSmaller(run, images)) };
}
