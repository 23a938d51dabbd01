import type { PairView } from '@/lib/service/contracts';
import { groupCurves, passes } from './curves';
import { percent } from './format';

/** "Transfer beats scratch on 87 % of test images and passes scratch’s best loss in a tenth of its steps." */
export function pairFinding(pair: PairView): string {
  const { gain, quality, state } = pair.cell;
  if (gain === null)
    return state === 'predicted'
      ? 'Not measured yet; the ridge probe gives a first guess.'
      : `This transfer is ${state}.`;
  const groups = groupCurves(pair.curves);
  const of = (label: string) => groups.find((g) => g.label === label)?.mean ?? [];
  const at = passes(of('transfer'), of('scratch'));
  const last = of('scratch').at(-1)?.step ?? 0;
  const verb = gain.value > 0.5 ? 'beats' : 'loses to';
  const part = percent(gain.value > 0.5 ? gain.value : 1 - gain.value);
  const speed =
    at !== null && last > 0 && at.step < last
      ? ` and passes scratch’s best selection loss after ${percent(at.step / last)} of its steps`
      : '';
  const own =
    quality === null
      ? ''
      : ` The task’s own network ${quality.value < 0.5 ? 'still wins' : 'wins only'} on ${percent(1 - quality.value)}.`;
  return `Transfer ${verb} scratch on ${part} of test images${speed}.${own}`;
}
