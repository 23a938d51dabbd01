import { createRng } from '@/lib/science/core';

/** A document in the open transfers format with one transfer for every ordered pair, and each task's own network. */
export function syntheticTransfers(tasks: number): string {
  const rng = createRng('load', tasks);
  const names = Array.from({ length: tasks }, (_, i) => `task-${String(i + 1).padStart(3, '0')}`);
  // A source has a strength of its own, a pair something of its own: some sources are good for many targets.
  const strength = names.map(() => rng.next());
  const transfers = names.flatMap((target) => {
    const weights = names.map((_, i) => (strength[i] ?? 0) + rng.next());
    const total = weights.reduce((a, b) => a + b, 0);
    return names.map((source, i) => {
      const quality = Math.min(1, (weights[i] ?? 0) / 2);
      return {
        target,
        sources: [source === target ? 'self' : source],
        affinity: (weights[i] ?? 0) / total,
        gain: Math.min(1, quality * 0.9 + 0.05),
        quality: source === target ? 0.5 : quality * 0.6,
      };
    });
  });
  // Every target's training from scratch: the published files have it as `pixels`.
  const scratch = names.map((target) => ({ target, sources: ['pixels'], affinity: 0.1 / tasks, gain: 0.5 }));
  return JSON.stringify({ regime: `${tasks} tasks`, transfers: [...transfers, ...scratch] });
}
