import { describe, expect, it } from 'vitest';
import { smallData } from '../views/testing/small-sweep';
import { sweepOfBundle } from './bundle';

const data = smallData();
/** As a file holds it: NaN is null. */
const document = (): Record<string, unknown> =>
  JSON.parse(
    JSON.stringify({
      format: 'taskatlas-bundle-1',
      name: data.sweep.name,
      spec: data.sweep.spec,
      tasks: data.sweep.tasks,
      analyses: data.analyses,
      policies: data.policies,
      notes: [],
      effort: { runs: 47, failed: 0, busySeconds: 600, elapsedSeconds: 360, backends: ['wasm'] },
    }),
  );

describe('a bundle of figures', () => {
  it('comes back as the analyses that it was written from, and is one sweep however often it is read', () => {
    const first = sweepOfBundle(document());
    expect(first.analyses).toEqual(JSON.parse(JSON.stringify(data.analyses)));
    expect(first.sweep).toMatchObject({ origin: 'imported', name: data.sweep.name });
    expect(first.sweep.notes?.[0]?.text).toContain('47 runs in 6 minutes (10 minutes of computing on wasm)');
    expect(sweepOfBundle(document()).sweep.id).toBe(first.sweep.id);
    expect(sweepOfBundle({ ...document(), name: 'other' }).sweep.id).not.toBe(first.sweep.id);
  });

  it('keeps what could not be computed as NaN', () => {
    const given = document();
    const [analysis] = given.analyses as { lambdaMax: number | null }[];
    if (analysis) analysis.lambdaMax = null;
    expect(sweepOfBundle(given).analyses[0]?.lambdaMax).toBeNaN();
  });

  it('is refused with the name of the field', () => {
    expect(() => sweepOfBundle({ ...document(), format: 'other' })).toThrow('format');
    expect(() => sweepOfBundle({ ...document(), analyses: [{}] })).toThrow('analyses[0].target');
    expect(() => sweepOfBundle('junk')).toThrow('not a bundle');
  });
});
