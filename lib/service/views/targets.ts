import type { TargetListItem } from '../contracts';
import { bestSourceView } from './best-source';
import { namesOf, type SweepData, targetsOf } from './model';

/** Every target with its validity, how many of its single sources, by whatever method, help, the best and what to do. */
export function targetList(data: SweepData): TargetListItem[] {
  const name = namesOf(data.sweep);
  return targetsOf(data.sweep).map(({ id }) => {
    const { targetRow, set, sources, advice } = bestSourceView(data, id);
    const best = sources.find(({ source }) => source === set.best) ?? sources[0] ?? null;
    return { ...targetRow, name: name(id), verdicts: set.verdicts, best, advice };
  });
}
