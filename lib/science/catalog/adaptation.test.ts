import { describe, expect, it } from 'vitest';
import { translationFlops } from './adaptation';
import { forwardFlops, trainingFlops } from './flops';
import { sourcePlan } from './presets-layers';
import { generatorPlan } from './translators';

describe('work of a translation', () => {
  const network = {
    preset: 'tiny',
    size: 32,
    task: { head: { kind: 'classes', classes: 10 }, input: 'rgb' },
  } as const;
  const none = { cycle: 0, semantic: 0, identity: 0 };
  const more = (weights: Partial<typeof none>): number =>
    translationFlops(network, { ...none, ...weights }) - translationFlops(network, none);

  it('counts what a step does: each term by what it asks, and nothing for a term that weighs nothing', () => {
    const generator = trainingFlops(generatorPlan('to-target', 32));
    expect(more({ cycle: 0.1 })).toBe(2 * generator);
    expect(more({ identity: 10 })).toBe(2 * generator);
    expect(more({ cycle: 1, identity: 1 })).toBe(4 * generator);
    expect(more({ semantic: 1 })).toBe(4 * forwardFlops(sourcePlan('tiny', 32, network.task)));
    expect(translationFlops(network, none)).toBeGreaterThan(2 * generator);
  });
});
