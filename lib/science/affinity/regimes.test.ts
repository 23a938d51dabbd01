import { describe, expect, it } from 'vitest';
import { adviseRegimes, labelRegimes, type MethodPoint, splitBySimilarity } from './regimes';

const FAMILIES: Record<string, MethodPoint['family']> = { readout: 'head', 'fine-tune': 'whole' };
const point = (method: string, source: string, images: number, ...logRatios: number[]): MethodPoint => ({
  method,
  family: FAMILIES[method] ?? 'earlier',
  sources: [source],
  images,
  moreLabels: false,
  logRatios,
  skill: 0.2,
  flops: 1,
});
const near = new Map([
  ['twin', 'similar'],
  ['stranger', 'distant'],
] as const);

describe('adviseRegimes', () => {
  const { regimes, negative, ranking } = adviseRegimes(
    [
      point('readout', 'twin', 50, -0.5, -0.52, -0.51),
      point('fine-tune', 'twin', 50, -0.1, -0.12, -0.11),
      point('readout', 'stranger', 50, -0.3, -0.32, -0.31),
      point('features(layer=conv1)', 'stranger', 50, -0.1, -0.11, -0.12),
      point('readout', 'twin', 1000, -0.2, -0.3, -0.1),
      point('fine-tune', 'twin', 1000, -0.15, -0.25, -0.1),
      point('fine-tune', 'stranger', 1000, 0.2, 0.21, 0.22),
    ],
    near,
  );
  const at = (labels: string, similarity: string) =>
    regimes.find((r) => r.labels === labels && r.similarity === similarity);

  it('agrees with the rule where its family is best', () => {
    expect(at('few', 'similar')).toMatchObject({
      rule: 'head',
      verdict: 'agrees',
      best: { method: 'readout' },
    });
  });

  it('says where the measurement contradicts the rule beyond the seeds’ noise', () => {
    expect(at('few', 'distant')).toMatchObject({
      rule: 'earlier',
      verdict: 'disagrees',
      best: { method: 'readout' },
      ruled: { method: 'features(layer=conv1)' },
    });
  });

  it('leaves it open where the seeds do not tell them apart', () => {
    expect(at('many', 'similar')?.verdict).toBe('unsettled');
  });

  it('flags transfers that are worse than scratch', () => {
    expect(negative.map(({ method, sources }) => [method, ...sources])).toEqual([['fine-tune', 'stranger']]);
  });

  it('does not compare what saw more labels, and shows it', () => {
    const taught = { ...point('readout', 'twin', 50, -2, -2.1), moreLabels: true };
    const worse = { ...point('readout', 'stranger', 50, 2, 2.1), moreLabels: true };
    const found = adviseRegimes([taught, worse, point('fine-tune', 'twin', 50, -0.1, -0.11)], near);
    expect(found.regimes[0]?.best).toMatchObject({ method: 'fine-tune' });
    expect(found.negative).toEqual([]);
    expect(found.ranking.map((way) => way.moreLabels)).toEqual([true, false, true]);
  });

  it('ranks within equal labels', () => {
    expect(ranking.map(({ images }) => images)).toEqual([50, 50, 50, 50, 1000, 1000, 1000]);
    expect(ranking[0]?.mean).toBeCloseTo(-0.51);
  });

  it('settles nothing with one seed', () => {
    const one = adviseRegimes(
      [point('readout', 'twin', 50, -0.1), point('fine-tune', 'twin', 50, -0.9)],
      near,
    );
    expect(one.regimes[0]?.verdict).toBe('unsettled');
  });
});

it('tells few labels from many by the sizes measured, or by a thousand', () => {
  expect(labelRegimes([30, 300, 100])).toEqual({ few: [30], many: [100, 300] });
  expect(labelRegimes([300])).toEqual({ few: [300], many: [] });
  expect(labelRegimes([2000])).toEqual({ few: [], many: [2000] });
});

it('calls the better fitting half of the sources similar', () => {
  const split = splitBySimilarity(
    new Map([
      ['a', 0.1],
      ['b', 0.5],
      ['c', 0.3],
    ]),
  );
  expect(Object.fromEntries(split)).toEqual({ b: 'similar', c: 'similar', a: 'distant' });
});
