import type { CurvePoint } from '@/lib/science/core';
import type { Weights } from '../networks';
import { packFile, type StoredArray, unpackFile } from './container';

/**
 * Everything that a training needs to go on bit for bit. The generator's state and the position in the
 * shuffled data are functions of (seed, step): permutations come from createRng(seed, …, epoch), so the
 * step is their whole state.
 */
export interface TrainingState {
  step: number;
  weights: Weights;
  moments: Weights;
  curve: readonly CurvePoint[];
  best: { loss: number; step: number; weights: Weights } | null;
  /** Sum and count of batch losses since the last point of the curve. */
  lossSum: number;
  lossCount: number;
  seconds: number;
}

const prefixed = (prefix: string, weights: Weights): [string, StoredArray][] =>
  [...weights].map(([name, values]) => [`${prefix}${name}`, values]);

function withPrefix(arrays: ReadonlyMap<string, StoredArray>, prefix: string): Weights {
  const found = new Map<string, Float32Array>();
  for (const [name, values] of arrays) {
    if (name.startsWith(prefix) && values instanceof Float32Array)
      found.set(name.slice(prefix.length), values);
  }
  return found;
}

export function packState(fingerprint: string, state: TrainingState): Uint8Array {
  const { step, curve, lossSum, lossCount, seconds, best } = state;
  // JSON keeps doubles exactly, but not NaN or infinities; a diverged run is never checkpointed.
  const meta = {
    format: 'training-1',
    fingerprint,
    step,
    curve,
    lossSum,
    lossCount,
    seconds,
    best: best ? { loss: best.loss, step: best.step } : null,
  };
  const arrays = new Map([
    ...prefixed('w:', state.weights),
    ...prefixed('o:', state.moments),
    ...prefixed('b:', best?.weights ?? new Map()),
  ]);
  return packFile({ meta, arrays });
}

/** The stored state, or null if the bytes are of another run, another format or damaged: then it starts anew. */
export function unpackState(fingerprint: string, bytes: Uint8Array): TrainingState | null {
  try {
    const { meta, arrays } = unpackFile(bytes);
    if (meta.format !== 'training-1' || meta.fingerprint !== fingerprint) return null;
    const { step, curve, lossSum, lossCount, seconds, best } = meta as unknown as Omit<
      TrainingState,
      'best' | 'weights' | 'moments'
    > & { best: { loss: number; step: number } | null };
    return {
      step,
      curve,
      lossSum,
      lossCount,
      seconds,
      weights: withPrefix(arrays, 'w:'),
      moments: withPrefix(arrays, 'o:'),
      best: best ? { ...best, weights: withPrefix(arrays, 'b:') } : null,
    };
  } catch {
    return null;
  }
}
