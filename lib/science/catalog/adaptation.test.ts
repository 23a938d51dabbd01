import { describe, expect, it } from 'vitest';
import { translationFlops } from './adaptation';
import { forwardFlops, trainingFlops } from './flops';
import { methodsOfKind, optionsOf } from './methods';
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

describe('a network that adaptations start from', () => {
  const adaptations = methodsOfKind('transfer').filter((method) => method.leastImages !== undefined);
  const membersOf = (id: string) => adaptations.find((m) => m.id === id)?.runs?.(optionsOf(id)).members;

  it('may be that of every adaptation without a start of its own, and each of those is named', () => {
    const own = adaptations.filter(({ id }) => membersOf(id) === null).map(({ id }) => id);
    const later = adaptations.filter(({ id }) => !own.includes(id));
    expect(own.length).toBeGreaterThan(1);
    expect(later.map(({ id }) => id)).toEqual(['adda', 'cycada']);
    for (const { id, options, refuses } of later) {
      expect(options?.start?.doc.match(/one of (.*)\.$/)?.[1]?.split(', ')).toEqual(own);
      for (const start of adaptations) {
        const refused = refuses?.(optionsOf(id), { id: start.id, options: optionsOf(start.id) });
        expect(refused === null, `${id} from ${start.id}`).toBe(own.includes(start.id));
      }
      expect(refuses?.(optionsOf(id), { id: 'fine-tune', options: optionsOf('fine-tune') })).toContain(
        `one of ${own.join(', ')}`,
      );
    }
  });
});
