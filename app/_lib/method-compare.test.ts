import { describe, expect, it } from 'vitest';
import { type MethodsView, methodsView } from '@/lib/service/contracts';
import {
  computeUnit,
  costPoints,
  placeOf,
  regimeLines,
  regimeSummary,
  sameAtEverySize,
  sideOf,
  type Way,
  wayTable,
  worth,
} from './method-compare';

const near = (value: number, by = 0.05) => ({ value, low: value - by, high: value + by });
const cost = (gigaflops: number) => ({ flops: gigaflops * 1e9, seconds: gigaflops });

function way(method: string, sources: string[], images: number, gain: number | null, patch = {}): Way {
  return {
    key: `${method}:${sources.join('+')}`,
    method,
    sources,
    images,
    everySize: false,
    state: 'done',
    seeds: 3,
    ownLabels: sources.includes('depth'),
    loss: 1,
    gain: gain === null ? null : near(gain),
    quality: null,
    metric: null,
    metricGain: null,
    effect: null,
    skill: 0.3,
    helps: 'unsure',
    cost: cost(2),
    wholeCost: cost(100),
    ...patch,
  };
}

const method = (id: string, family: MethodsView['methods'][number]['family']) => ({
  id,
  label: id,
  name: id,
  summary: '',
  family,
});

const view: MethodsView = methodsView.parse({
  sweepId: 's',
  target: 'depth',
  metric: null,
  goldMetric: null,
  methods: [
    method('readout', 'head'),
    method('fine-tune', 'whole'),
    method('ensemble', 'other'),
    method('distill', 'other'),
  ],
  sources: [
    { id: 'far', similarity: 'distant' },
    { id: 'near', similarity: 'similar' },
    { id: 'twin', similarity: 'similar' },
    { id: 'depth', similarity: null },
    { id: 'unused', similarity: 'distant' },
  ],
  sizes: [30, 300].map((images) => ({
    images,
    scratch: { loss: 1, skill: 0.1, metric: null, cost: cost(4) },
    frontier: ['readout:near', 'fine-tune:near'],
    wholeFrontier: ['scratch', 'fine-tune:near'],
    words: '',
  })),
  ways: [
    way('readout', ['far'], 30, 0.55),
    way('readout', ['near'], 30, 0.7, { cost: cost(1) }),
    way('readout', ['twin'], 30, 0.6),
    way('readout', ['near'], 300, 0.5),
    way('readout', ['far'], 300, 0.4),
    way('fine-tune', ['near'], 30, 0.8, { cost: cost(8) }),
    way('fine-tune', ['near'], 300, null, { state: 'running', cost: null }),
    way('ensemble', ['far', 'near'], 30, 0.65),
    way('distill', ['depth'], 30, 0.9),
  ],
});

describe('the table of ways', () => {
  const { columns, rows } = wayTable(view, 30);

  it('has similar sources first, then distant ones, then what has no single source', () => {
    expect(columns.map((c) => c.key)).toEqual(['near', 'twin', 'far', 'together', 'itself']);
    expect(columns.map((c) => c.similarity)).toEqual(['similar', 'similar', 'distant', null, null]);
  });

  it('puts every way where it belongs, and leaves out methods without one', () => {
    expect(rows.map((r) => r.cells.map((c) => c?.gain?.value ?? null))).toEqual([
      [0.7, 0.6, 0.55, null, null],
      [0.8, null, null, null, null],
      [null, null, null, 0.65, null],
      [null, null, null, null, 0.9],
    ]);
    expect(wayTable(view, 300).rows.map((r) => r.method.id)).toEqual(['readout', 'fine-tune']);
  });

  it('names the methods that read no label, where there is more than one number of them', () => {
    const ways = view.ways.map((w) => ({ ...w, everySize: w.method === 'distill' }));
    expect(sameAtEverySize({ ...view, ways })).toEqual(['distill']);
    expect(sameAtEverySize({ ...view, ways, sizes: view.sizes.slice(1) })).toEqual([]);
  });

  it('knows the better side of every unit', () => {
    expect(sideOf(near(0.56), 'gain')).toBe('better');
    expect(sideOf(near(0.54), 'gain')).toBe('unsure');
    expect(sideOf(near(0.4), 'quality')).toBe('worse');
    expect(sideOf(near(-0.3), 'effect')).toBe('better');
    expect(sideOf({ value: 0.1, low: null, high: null }, 'effect')).toBe('worse');
    expect(placeOf(-Math.log(4), 'effect')).toBeCloseTo(1);
  });
});

describe('ways by their cost', () => {
  const [size] = view.sizes;
  if (size === undefined) throw new Error('no size');
  const points = costPoints(view, size, 'given');

  it('are ordered from cheap to dear, with scratch among them and none that saw more labels', () => {
    expect(points.map((p) => p.key)).toEqual([
      'readout:near',
      'ensemble:far+near',
      'readout:twin',
      'readout:far',
      'scratch',
      'fine-tune:near',
    ]);
    expect(points.filter((p) => p.front).map((p) => p.key)).toEqual(['readout:near', 'fine-tune:near']);
    expect(points.map((p) => p.times)).toEqual([0.25, 0.5, 0.5, 0.5, 1, 2]);
  });

  it('count what stands behind them when asked', () => {
    const whole = costPoints(view, size, 'whole');
    expect(whole[0]).toMatchObject({ key: 'scratch', front: true });
    expect(whole.at(-1)?.flops).toBe(100e9);
  });

  it('give points of gain for a unit of compute', () => {
    const unit = computeUnit(points);
    expect(unit.name).toBe('GFLOP');
    expect(points[0] && worth(points[0], unit.flops)).toBeCloseTo(20);
    expect(worth({ gain: near(0.7), flops: 0 }, 1)).toBeNull();
    expect(computeUnit(points.map((p) => ({ ...p, flops: 2e13 }))).name).toBe('TFLOP');
  });
});

describe('curves by labels and likeness', () => {
  it('are means over the sources that every size has', () => {
    const similar = regimeLines(view, 'similar');
    expect(similar.map((l) => l.method.id)).toEqual(['readout']);
    // twin is measured with 30 labels only: it takes no part.
    expect(similar[0]?.points).toEqual([
      { images: 30, gain: 0.7, sources: 1 },
      { images: 300, gain: 0.5, sources: 1 },
    ]);
    expect(regimeLines(view, 'distant')[0]?.points.map((p) => p.gain)).toEqual([0.55, 0.4]);
    expect(regimeSummary(similar)).toContain('70\u00a0% at 30, 50\u00a0% at 300 labels');
  });
});
