import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { latestSweep, sweepNamed } from './sweep-ref';

const measured = { id: 'a', number: 2, origin: 'measured' } as const;
const older = { id: 'b', number: 1, origin: 'measured' } as const;
const imported = { id: '2', number: 3, origin: 'imported' } as const;

describe('references to sweeps', () => {
  it('`latest` is the newest that was measured here, in whatever order they are listed', () => {
    expect(latestSweep([imported, measured, older])).toBe(measured);
    expect(latestSweep([older, measured, imported])).toBe(measured);
    expect(latestSweep([imported, { ...imported, number: 4 }])?.number).toBe(4);
    expect(latestSweep([])).toBeUndefined();
  });

  it('an id goes before a number', () => {
    expect(sweepNamed([measured, imported], '2')).toBe(imported);
    expect(sweepNamed([measured, older], '2')).toBe(measured);
    expect(sweepNamed([measured, older], '7')).toBeUndefined();
  });

  it('an import never changes what `latest` means once something is measured', () => {
    const sweep = fc.record({ id: fc.uuid(), number: fc.nat(), origin: fc.constant('imported' as const) });
    fc.assert(
      fc.property(fc.array(sweep), (imports) => {
        expect(sweepNamed([older, ...imports, measured], 'latest')).toBe(measured);
      }),
    );
  });
});
