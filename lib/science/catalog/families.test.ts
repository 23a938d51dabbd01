import { describe, expect, it } from 'vitest';
import { familyOf } from './families';

describe('what the textbook rule calls a method', () => {
  it.each([
    ['readout', {}, 'head'],
    ['features', {}, 'head'],
    ['features', { layer: 'conv1' }, 'earlier'],
    ['fine-tune', { 'l2-sp': 0.1 }, 'whole'],
    ['partial', {}, 'earlier'],
    ['partial', { depth: 0 }, 'head'],
    ['partial', { depth: 3 }, 'earlier'],
    ['partial', { depth: 4 }, 'whole'],
    ['partial', { depth: 99 }, 'whole'],
    ['partial', { train: 'encoder', depth: 0 }, 'whole'],
    ['partial', { train: 'conv[12]', depth: 1 }, 'earlier'],
    ['partial', { train: 'conv[12]', depth: 2 }, 'whole'],
    ['partial', { restore: 'conv1', depth: 99 }, 'earlier'],
    ['ensemble', { members: 'readout' }, 'other'],
    ['dann', {}, 'other'],
  ] as const)('%s %o: %s', (method, options, family) => {
    // tiny: conv1, conv2, conv3, code
    expect(familyOf({ method, options }, 'tiny', 64)).toBe(family);
  });
});
