import { describe, expect, it } from 'vitest';
import type { DomainsView } from '@/lib/service/contracts';
import { courseOf, distanceDomain, shownMethods } from './domain-distances';

type Method = DomainsView['methods'][number];

const method = (id: string, images: number, places: Record<string, number>): Method => ({
  method: id,
  label: id,
  images,
  seeds: 1,
  lost: 0,
  gain: null,
  helps: 'unknown',
  distances: Object.entries(places).map(([place, mean]) => ({
    measure: 'CORAL',
    place,
    mean,
    low: mean - 0.1,
    high: mean + 0.1,
  })),
});
const view = (methods: Method[]): DomainsView => ({
  sweepId: '1',
  target: 'z',
  shift: 'dim pictures (strength 1)',
  meaning: null,
  measures: ['CORAL'],
  methods,
  words: '',
});

describe('distances between domains on the page', () => {
  const near = method('dann', 30, { pictures: 0.5, 'codes before': 1, 'codes after': 0.2 });
  const far = method('cycada', 30, {
    pictures: 0.5,
    'pictures translated': 0.3,
    'codes before': 1,
    'codes after': 1.5,
  });
  it('takes the ends of the table, whatever a method compared between them', () => {
    const course = courseOf(far, 'CORAL');
    expect([course?.pictures.mean, course?.before.mean, course?.after.mean]).toEqual([0.5, 1, 1.5]);
    expect(course?.between.map((d) => d.place)).toEqual(['pictures translated']);
    expect(courseOf(near, 'CORAL')?.between).toEqual([]);
    expect(courseOf(near, 'MMD²')).toBeNull();
    expect(courseOf(method('x', 1, { pictures: 1, 'codes after': 1 }), 'CORAL')).toBeNull();
  });
  it('takes places by name: without codes after there is no course, whatever else was compared', () => {
    const diverged = method('cycada', 30, { pictures: 0.5, 'pictures translated': 0.3, 'codes before': 1 });
    expect(courseOf(diverged, 'CORAL')).toBeNull();
    expect(shownMethods(view([diverged, far])).map(({ distances }) => distances.length)).toEqual([4, 3]);
    const mixed = { 'codes after': 2, 'codes before': 1, pictures: 0.5 };
    expect(courseOf(method('x', 1, mixed), 'CORAL')).toMatchObject({
      pictures: { mean: 0.5 },
      before: { mean: 1 },
      after: { mean: 2 },
    });
  });
  it('shows the most labels, nearest codes first, on one scale', () => {
    const fewer = method('dann', 8, { pictures: 9, 'codes before': 9, 'codes after': 9 });
    const shown = shownMethods(view([far, fewer, near]));
    expect(shown.map((m) => m.method)).toEqual(['dann', 'cycada']);
    expect(shown[0]?.images).toBe(30);
    expect(distanceDomain(shown, 'CORAL')).toEqual([0, 1.6]);
    expect(distanceDomain([method('x', 1, { pictures: -0.3 })], 'CORAL')[0]).toBeCloseTo(-0.4);
  });
});
