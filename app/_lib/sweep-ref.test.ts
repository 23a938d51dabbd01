import { describe, expect, it } from 'vitest';
import type { SweepView } from '@/lib/service/contracts';
import { currentSweep } from './sweep-ref';

const sweeps = [
  { id: 'b7', number: 2, origin: 'measured' },
  { id: 'a3', number: 10, origin: 'measured' },
  { id: '2x', number: 11, origin: 'imported' },
] as SweepView[];

describe('the sweep of an address', () => {
  it('is named by id, by number or as the latest, and links keep that name', () => {
    expect(currentSweep('/sweeps/b7/policy', sweeps)).toEqual({ sweep: sweeps[0], ref: 'b7' });
    expect(currentSweep('/sweeps/2/policy', sweeps)).toEqual({ sweep: sweeps[0], ref: '2' });
    expect(currentSweep('/sweeps/latest', sweeps)).toEqual({ sweep: sweeps[1], ref: 'latest' });
  });

  it('is nobody when the name is unknown, and the latest where none is named', () => {
    expect(currentSweep('/sweeps/77', sweeps).sweep).toBeNull();
    expect(currentSweep('/workers', sweeps).sweep?.id).toBe('a3');
    expect(currentSweep('/sweeps/new', sweeps).ref).toBe('a3');
    expect(currentSweep('/', []).sweep).toBeNull();
  });
});
