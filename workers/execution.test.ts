import { describe, expect, it } from 'vitest';
import { methodVersion } from '@/lib/science/catalog/methods';
import type { ScratchRecipe } from '@/lib/science/core';
import { checkVersions } from './execution';

const tasks = new Map([
  ['curvature', { version: 3 }],
  ['z-depth', { version: 1 }],
]);
const recipe = (versions: Record<string, number>, version = methodVersion('scratch')): ScratchRecipe => ({
  kind: 'scratch',
  dataset: {
    kind: 'rooms',
    version: 3,
    seed: 1,
    size: 16,
    pools: { source: 1, transfer: 1, selection: 1, test: 1 },
  },
  version,
  taskVersions: versions,
  task: 'curvature',
  preset: 'micro',
  training: { epochs: 1, batchSize: 1, learningRate: 1, weightDecay: 0 },
  images: 1,
  seed: 1,
});

describe('a run that another version planned', () => {
  it('is refused with what differs: its result would bear the wrong name', () => {
    expect(() => checkVersions(recipe({ curvature: 3, 'z-depth': 1 }), tasks)).not.toThrow();
    expect(() => checkVersions(recipe({ curvature: 2 }), tasks)).toThrow(
      'task curvature is 3 here and 2 in the plan',
    );
    expect(() => checkVersions(recipe({ curvature: 3 }, 99), tasks)).toThrow('method scratch');
  });

  it('may read labels that this data set does not declare, as a taught source does', () => {
    expect(() => checkVersions(recipe({ 'normals-then-depth': 1 }), tasks)).not.toThrow();
  });
});
