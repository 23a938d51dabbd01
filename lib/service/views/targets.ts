import type { TargetListItem } from '../contracts';
import { bestSourceView } from './best-source';
import { namesOf, type SweepData, targetsOf } from './model';

/** Every target with its validity, how many sources, by whatever method, help, the best of them and what to do. */
export function targetList(data: SweepData): TargetListItem[] {
  const name = namesOf(data.sweep);
  return targetsOf(data.sweep).map(({ id }) => {
    const { targetRow, sources, advice } = bestSourceView(data, id);
    const verdicts = { helps: 0, unsure: 0, hurts: 0, unknown: 0 };
    for (const { helps } of sources) verdicts[helps] += 1;
    return { ...targetRow, name: name(id), verdicts, best: sources[0] ?? null, advice };
  });
}
