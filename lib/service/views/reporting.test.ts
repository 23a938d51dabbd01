import { describe, expect, it } from 'vitest';
import type { Estimate, TargetAnalysis } from '@/lib/science/core';
import { adviceView } from './advice';
import { bestSourceView } from './best-source';
import { matrixCsv } from './csv';
import { answerFor, atLabels } from './labels';
import { matrixView } from './matrix';
import { metricGainWithInterval, metricVerdict, metricWithInterval } from './metric-words';
import type { RunSummary, SweepData } from './model';
import { fingerprintOf, smallData, smallSweep } from './testing/small-sweep';

const accuracy = { name: 'accuracy', unit: '%', higherIsBetter: true };
const error = { name: 'error', unit: 'm', higherIsBetter: false };
const about = (value: number, by = 4): Estimate => ({ value, low: value - by, high: value + by });

/** Normals have the lowest mean loss and no better accuracy than scratch (60 %); segmentation has a better one. */
const ACCURACY: Readonly<Record<string, number>> = {
  normals: 59,
  segmentation: 70,
  layout: 61,
  edges: 50,
  colour: 40,
  self: 80,
  scratch: 60,
  mean: 25,
};

function reported(sign: 1 | -1 = 1, values = ACCURACY): readonly TargetAnalysis[] {
  return smallData().analyses.map((analysis) => ({
    ...analysis,
    candidates: analysis.candidates.map((c) => {
      const value = values[c.key] ?? 50;
      return { ...c, metric: about(value), metricGain: about(sign * (value - (values.scratch ?? 0))) };
    }),
  }));
}

const LOSSES: readonly [string, number][] = [
  ['transfer normals depth 1', 0.4],
  ['transfer segmentation depth 1', 0.5],
  ['transfer layout depth 1', 0.8],
  ['transfer edges depth 1', 1.3],
  ['transfer colour depth 1', 1.3],
  ['scratch depth 1', 1],
  ['mean depth', 1.6],
];
const summaries = new Map<string, RunSummary>(
  LOSSES.map(([label, meanLoss]) => [fingerprintOf(label), { meanLoss, probe: null }]),
);

const data = (metric = accuracy, analyses = reported()): SweepData =>
  smallData({
    sweep: { ...smallSweep, tasks: smallSweep.tasks.map((task) => ({ ...task, metric })) },
    summaries,
    analyses,
  });

describe('advice by what people report', () => {
  it('leads by accuracy, and says where a lower mean loss is no better accuracy', () => {
    const { advice, metric, scratchMetric, ranking } = adviceView(data(), 'depth');
    expect(advice).toContain(
      'With 32 labelled images, take a readout from Segmentation: accuracy 70.0 % (95 % interval 66.0–74.0 %), scratch’s 60.0 % (95 % interval 56.0–64.0 %), difference +10.0 points (95 % interval +6.0 to +14.0).',
    );
    expect(advice).toContain(
      'By mean loss a readout from Normals leads, but its accuracy of 59.0 % (95 % interval 55.0–63.0 %) is not shown to be better than scratch’s 60.0 % (95 % interval 56.0–64.0 %): difference −1.0 points',
    );
    expect(advice).toContain(
      'Of the 3 ways whose mean loss is below scratch’s, 1 has no better accuracy than scratch.',
    );
    expect(metric).toEqual(accuracy);
    expect(scratchMetric).toEqual(about(60));
    expect(ranking.find((way) => way.sources[0] === 'normals')?.metricGain).toEqual(about(-1));
  });

  it('recommends scratch where no way has a better metric, and says nothing of a disagreement where there is none', () => {
    const worse = { ...ACCURACY, segmentation: 55, layout: 58 };
    expect(adviceView(data(accuracy, reported(1, worse)), 'depth').advice).toContain(
      'train Z-depth from scratch: no way has a better accuracy. The nearest, a readout from Normals: accuracy 59.0 %',
    );
    const agreed = { ...ACCURACY, normals: 75 };
    const { advice } = adviceView(data(accuracy, reported(1, agreed)), 'depth');
    expect(advice).toContain('take a readout from Normals: accuracy 75.0 %');
    expect(advice).not.toMatch(/mean loss/);
  });

  it('takes the lowest value of a metric where lower is better', () => {
    const { advice } = adviceView(
      data(error, reported(-1, { ...ACCURACY, mean: 95, normals: 40, segmentation: 30 })),
      'depth',
    );
    expect(advice).toContain('take a readout from Segmentation: error 30 m');
    expect(advice).toContain('difference +30 m (95 % interval +26 to +34; positive = better)');
  });

  it('goes by mean loss where no metric is known', () => {
    const { advice } = adviceView(smallData({ summaries }), 'depth');
    expect(advice).toContain('take a readout from Normals: mean loss 60 % below scratch’s');
  });
});

describe('views of the metric', () => {
  it('put it and those of scratch and the own network beside the ranking and the matrix', () => {
    const view = bestSourceView(data(), 'depth');
    expect(view.targetRow.metrics).toEqual({ mean: about(25), scratch: about(60), gold: about(80) });
    expect(view.sources.find((s) => s.source === 'segmentation')?.metric).toEqual(about(70));
    expect(view.advice).toMatch(/By accuracy Segmentation leads|Segmentation has accuracy 70\.0 %/);
    expect(view.targetRow.metricNote).toBeNull();
    const byMetric = bestSourceView(data(), 'depth', { unit: 'metric' }).sources;
    expect(byMetric.map((s) => s.source)).toEqual(['segmentation', 'layout', 'normals', 'edges', 'colour']);
    const [head = '', ...lines] = matrixCsv(matrixView(data())).split('\r\n');
    const at = (name: string): number => head.split(',').indexOf(name);
    const line = lines.find((text) => text.startsWith('normals,depth,'))?.split(',') ?? [];
    expect(
      ['metric', 'metric_low', 'metric_gain', 'scratch_metric', 'metric_name'].map((n) => line[at(n)]),
    ).toEqual(['59', '55', '-1', '60', 'accuracy']);
  });

  it('say that an import has none', () => {
    const imported = smallData({ sweep: { ...smallSweep, origin: 'imported' } });
    const { targetRow, advice } = bestSourceView(imported, 'depth');
    expect(targetRow.metric).toBeNull();
    expect(targetRow.metricNote).toBe(
      'this import does not say what people report of the target, such as accuracy',
    );
    expect(advice).not.toContain('error');
  });
});

describe('a number of labels', () => {
  it('is answered by itself, by the lower of two around it, by the nearest outside', () => {
    const measured = [30, 300, 3000];
    const ask = (asked: number) => answerFor(measured, asked);
    expect(ask(300)).toMatchObject({ answered: 300, match: 'exact' });
    expect(ask(299)).toMatchObject({ answered: 30, match: 'between' });
    expect(ask(301).words).toBe(
      '301 labels were not measured; 300 and 3000 were. This is the answer for 300.',
    );
    expect(ask(5)).toMatchObject({ answered: 30, match: 'below' });
    expect(ask(9000)).toMatchObject({ answered: 3000, match: 'above' });
    expect(ask(9000).words).toContain('9000 labels are more than any that were measured (30, 300 and 3000)');
  });

  it('gives the candidates, references and runs of that size', () => {
    const [depth] = smallData().analyses.filter(({ target }) => target === 'depth');
    if (!depth) throw new Error('no depth');
    const small = depth.candidates.map((c) => ({ ...c, gain: about(c.key === 'layout' ? 0.9 : 0.4, 0.05) }));
    const sizes = {
      points: [
        { images: 8, candidates: small },
        { images: 32, candidates: depth.candidates },
      ],
      crossovers: [],
    };
    const sized = smallData({
      sweep: { ...smallSweep, spec: { ...smallSweep.spec, transferSizes: [8, 32] } },
      analyses: [{ ...depth, sizes }],
    });
    const few = bestSourceView(sized, 'depth', { labels: 10 });
    expect(few.labels).toMatchObject({ asked: 10, answered: 8, measured: [8, 32], match: 'between' });
    expect(few.advice.startsWith('10 labels were not measured; 8 and 32 were.')).toBe(true);
    expect(few.sources[0]?.source).toBe('layout');
    const all = bestSourceView(sized, 'depth', { labels: 32 });
    expect(all.sources).toEqual(bestSourceView(sized, 'depth').sources);
    expect(all.labels?.match).toBe('exact');
    expect(atLabels(sized, 'depth', 8).runs.some(({ recipe }) => recipe.kind === 'transfer')).toBe(false);
    expect(bestSourceView(sized, 'depth').labels).toBeNull();
  });

  it('is refused of an import that does not name its labels', () => {
    const { spec } = smallSweep;
    const nameless = { ...spec, dataset: { ...spec.dataset, pools: { ...spec.dataset.pools, transfer: 0 } } };
    const imported = smallData({ sweep: { ...smallSweep, origin: 'imported', spec: nameless } });
    expect(() => bestSourceView(imported, 'depth', { labels: 100 })).toThrow(
      /does not say with how many labels/,
    );
  });
});

describe('words of a metric', () => {
  it('has units, signs and no interval where none is known', () => {
    const alone = { value: 61.24, low: null, high: null };
    expect(metricWithInterval(alone, accuracy)).toBe('61.2 %');
    expect(metricGainWithInterval(alone, accuracy)).toBe('+61.2 points');
    expect(metricWithInterval({ value: 0.12345, low: 0.1, high: 0.2 }, error)).toBe(
      '0.123 m (95 % interval 0.1–0.2 m)',
    );
    expect(metricVerdict(alone)).toBe('unsure');
    expect(metricVerdict({ value: -1, low: null, high: null })).toBe('worse');
    expect(metricVerdict(about(5))).toBe('better');
    expect(metricVerdict(about(1))).toBe('unsure');
  });
});
