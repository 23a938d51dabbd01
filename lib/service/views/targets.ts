import type { TargetListItem } from '../contracts';
import { bestSourceView } from './best-source';
import { cellContext } from './cells';
import { firstOrder } from './first-order';
import { namesOf, rivalsOf, type SweepData, targetsOf } from './model';
import { sound, verdict } from './numbers';

/** Every target with its validity, how many sources help, the best of them and what to do. */
export function targetList(data: SweepData): TargetListItem[] {
  const context = cellContext(firstOrder(data));
  const name = namesOf(data.sweep);
  return targetsOf(data.sweep).map(({ id }) => {
    const { targetRow, sources, advice } = bestSourceView(data, id, { k: 1 });
    const verdicts = { helps: 0, unsure: 0, hurts: 0, unknown: 0 };
    for (const rival of rivalsOf(context.analysis(id), context.method))
      verdicts[verdict(sound(rival.gain))] += 1;
    return { ...targetRow, name: name(id), verdicts, best: sources[0] ?? null, advice };
  });
}
