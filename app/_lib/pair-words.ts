import type { PairView } from '@/lib/service/contracts';
import { metricGainWithInterval, metricNumber } from '@/lib/service/views/metric-words';
import { groupCurves, passes } from './curves';
import { percent } from './format';

/** ` Its accuracy is 61.2 %, scratch’s 52.1 %: +9.1 points (95 % interval …).`; empty where it is not known. */
function metricSentence({ cell, targetRow: { metric, metrics } }: PairView): string {
  if (metric === null || cell.metric === null) return '';
  const scratch = metrics.scratch ? `, scratch’s ${metricNumber(metrics.scratch.value, metric)}` : '';
  const gain = cell.metricGain ? `: ${metricGainWithInterval(cell.metricGain, metric)}` : '';
  return ` Its ${metric.name} is ${metricNumber(cell.metric.value, metric)}${scratch}${gain}.`;
}

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
  return `Transfer ${verb} scratch on ${part} of test images${speed}.${metricSentence(pair)}${own}`;
}
