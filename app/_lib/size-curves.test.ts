import { describe, expect, it } from 'vitest';
import { sizesView as contract, type SizesView } from '@/lib/service/contracts';
import {
  crossoverRows,
  leadCrossing,
  leadOf,
  namedTransfers,
  sizeDomain,
  sizeLines,
  sizesMissing,
  sizesSummary,
} from './size-curves';

type Candidate = SizesView['points'][number]['candidates'][number];
const near = (value: number) => ({ value, low: value - 0.05, high: value + 0.05 });
const name = ({ sources }: { sources: readonly string[] }): string => sources.join('+').toUpperCase();

function candidate(key: string, gain: number, loss: number, kind: Candidate['kind'] = 'transfer'): Candidate {
  const sources = kind === 'transfer' || kind === 'retransfer' ? [key] : [];
  return {
    key,
    kind,
    method: 'readout',
    sources,
    seeds: 1,
    loss,
    skill: null,
    gain: near(gain),
    quality: near(gain / 2),
    effect: null,
    metric: null,
    metricGain: null,
  };
}

const GAINS: Record<string, [number, number, number]> = {
  early: [0.8, 0.6, 0.3],
  late: [0.6, 0.65, 0.7],
  weak: [0.3, 0.2, 0.1],
  third: [0.55, 0.5, 0.45],
  fourth: [0.5, 0.5, 0.4],
};

const point = (images: number, at: 0 | 1 | 2): SizesView['points'][number] => ({
  images,
  candidates: [
    ...Object.entries(GAINS).map(([key, gains]) => candidate(key, gains[at], 1 - gains[at])),
    candidate('depth', 0.5, 0.5, 'retransfer'),
    candidate('mean', 0.1, 2, 'mean'),
    candidate('scratch', 0.5, 0.9 - at / 5, 'scratch'),
    candidate('self', 0.9, 0.2, 'self'),
  ],
});

const sides = (low: 'below' | 'above' | null, high: 'below' | 'above' | null) => ({ low, high });

const view: SizesView = contract.parse({
  sweepId: 's',
  target: 'depth',
  sizes: [8, 16, 32].map((images) => ({ images, share: images / 32, planned: 6, done: 6 })),
  points: [point(8, 0), point(16, 1), point(32, 2)],
  crossovers: [
    {
      key: 'early',
      sources: ['early'],
      state: 'crosses',
      images: 20.4,
      low: 14.2,
      high: null,
      beyond: sides(null, 'above'),
    },
    {
      key: 'late',
      sources: ['late'],
      state: 'always',
      images: null,
      low: null,
      high: null,
      beyond: sides('above', 'above'),
    },
    {
      key: 'weak',
      sources: ['weak'],
      state: 'never',
      images: null,
      low: null,
      high: null,
      beyond: sides('below', 'below'),
    },
    {
      key: 'third',
      sources: ['third'],
      state: 'never',
      images: null,
      low: null,
      high: 18,
      beyond: sides('below', null),
    },
  ],
  advice: '',
});

describe('transfers that are named on the chart', () => {
  it('are the best at the smallest size and those that gain most at the largest', () => {
    expect(leadOf(view)).toBe('early');
    expect(namedTransfers(view)).toEqual(['early', 'late', 'third', 'fourth']);
  });

  it('includes the re-transfer only after every source', () => {
    const few = {
      ...view,
      points: view.points.map((p) => ({
        ...p,
        candidates: p.candidates.filter((c) => c.kind !== 'transfer' || c.key === 'weak'),
      })),
    };
    expect(namedTransfers(few)).toEqual(['weak', 'depth']);
    expect(leadOf(few)).toBe('weak');
  });
});

describe('curves over sizes', () => {
  const of = (unit: 'gain' | 'quality' | 'loss', key: string) =>
    sizeLines(view, unit, name).find((line) => line.key === key);

  it('draws scratch at one half of gain and the own network at one half of quality, whatever was measured', () => {
    expect(of('gain', 'scratch')?.points.map((p) => [p.value, p.low])).toEqual(Array(3).fill([0.5, null]));
    expect(of('gain', 'self')?.points[0]?.value).toBe(0.9);
    expect(of('quality', 'self')?.points.map((p) => p.value)).toEqual([0.5, 0.5, 0.5]);
    expect(of('quality', 'scratch')?.points[0]?.value).toBe(0.25);
  });

  it('draws the mean predictor among losses only, where nothing has an interval', () => {
    expect(of('gain', 'mean')).toBeUndefined();
    expect(of('loss', 'mean')?.points[0]).toEqual({ images: 8, value: 2, low: null, high: null });
    expect(of('loss', 'scratch')?.points.map((p) => p.value)).toEqual([0.9, 0.7, 0.5]);
  });

  it('puts the lead on top and those without a name at the bottom', () => {
    const roles = sizeLines(view, 'gain', name).map((line) => line.role);
    expect(roles).toEqual(['rest', 'rest', 'own', 'scratch', 'named', 'named', 'named', 'lead']);
    expect(of('gain', 'early')?.label).toBe('EARLY');
    expect(of('gain', 'self')?.label).toBe('own network');
  });

  it('leaves out points that were not measured', () => {
    const holed = structuredClone(view);
    const lost = holed.points[1]?.candidates.find((c) => c.key === 'early');
    if (lost) lost.gain = null;
    const line = sizeLines(holed, 'gain', name).find((l) => l.key === 'early');
    expect(line?.points.map((p) => p.images)).toEqual([8, 32]);
  });

  it('gives the axis room for the intervals of named lines, in whole tens of percent', () => {
    expect(sizeDomain(sizeLines(view, 'gain', name), 'gain')).toEqual([0.1, 1]);
    const [low, high] = sizeDomain(sizeLines(view, 'loss', name), 'loss');
    expect(low).toBeCloseTo(0.2 * 0.92);
    expect(high).toBeCloseTo(2 * 1.08);
  });

  it('reads first and last value of named lines aloud', () => {
    const text = sizesSummary(sizeLines(view, 'gain', name), 'gain');
    expect(text).toContain('EARLY 80\u00a0% at 8, 30\u00a0% at 32 images');
    expect(text).not.toContain('WEAK');
  });
});

describe('where scratch catches up', () => {
  it('says so with the interval, latest first, naming ends beyond the sizes', () => {
    expect(crossoverRows(view, name)).toEqual([
      { key: 'late', label: 'LATE', words: 'still ahead at 32', named: true },
      { key: 'early', label: 'EARLY', words: '20 images (14 to above 32)', named: true },
      { key: 'third', label: 'THIRD', words: 'not ahead even at 8 (below 8 to 18)', named: true },
      { key: 'weak', label: 'WEAK', words: 'not ahead even at 8', named: false },
    ]);
  });

  it('tells a firm "still ahead" from one whose interval reaches below the sizes', () => {
    const unsure = structuredClone(view);
    const late = unsure.crossovers.find((c) => c.key === 'late');
    if (late) late.beyond = sides('below', 'above');
    expect(crossoverRows(unsure, name)[0]?.words).toBe('still ahead at 32 (below 8 to above 32)');
  });

  it('is drawn for the lead, cut to the sizes measured', () => {
    expect(leadCrossing(view)).toEqual({ images: 20.4, low: 14.2, high: 32 });
    const ahead = { ...view, crossovers: view.crossovers.filter((c) => c.key !== 'early') };
    expect(leadCrossing(ahead)).toBeNull();
  });
});

describe('before there is a curve', () => {
  it('counts the runs that are done, and is silent otherwise', () => {
    expect(sizesMissing(view)).toBeNull();
    expect(sizesMissing({ ...view, points: [] })).toContain('6 of 6 at 8, 6 of 6 at 16');
    expect(sizesMissing({ ...view, points: [], sizes: view.sizes.slice(0, 1) })).toBeNull();
  });
});
