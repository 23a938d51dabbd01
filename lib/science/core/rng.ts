/**
 * Seeded random numbers. xoshiro128** (Blackman & Vigna 2018) with a state that can be
 * saved in a checkpoint and restored, so that an interrupted run goes on bit for bit.
 */
export type RngState = readonly [number, number, number, number];

export interface Rng {
  /** Uniform in [0, 1) with 32 bits. */
  next(): number;
  /** Uniform integer in [0, n). */
  int(n: number): number;
  /** Standard normal (Box–Muller, one of the pair; no hidden state). */
  normal(): number;
  /** A new permutation of 0 … n−1 (Fisher–Yates). */
  permutation(n: number): Int32Array;
  /** An independent generator; the same labels always give the same child. Does not advance this one. */
  child(...labels: (string | number)[]): Rng;
  state(): RngState;
}

const rotl = (x: number, k: number): number => (x << k) | (x >>> (32 - k));

/** FNV-1a over the labels, finished by murmur3's mixer: a 32-bit hash for deriving seeds. */
export function hash32(...labels: (string | number)[]): number {
  let h = 0x811c9dc5;
  for (const char of labels.join('\u001f')) {
    h = Math.imul(h ^ (char.codePointAt(0) ?? 0), 0x01000193);
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function seedState(...labels: (string | number)[]): RngState {
  const word = (i: number): number => hash32(i, ...labels) | 0;
  const state: RngState = [word(1), word(2), word(3), word(4)];
  return state.every((w) => w === 0) ? [1, 2, 3, 4] : state;
}

function fromState(start: RngState): Rng {
  let [a, b, c, d] = start;
  const next = (): number => {
    const result = Math.imul(rotl(Math.imul(b, 5), 7), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotl(d, 11);
    return result / 4294967296;
  };
  const int = (n: number): number => Math.floor(next() * n);
  return {
    next,
    int,
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    permutation: (n) => {
      const order = Int32Array.from({ length: n }, (_, i) => i);
      for (let i = n - 1; i > 0; i--) {
        const j = int(i + 1);
        const held = order[i] as number;
        order[i] = order[j] as number;
        order[j] = held;
      }
      return order;
    },
    child: (...labels) => fromState(seedState(a, b, c, d, ...labels)),
    state: () => [a, b, c, d],
  };
}

/** A generator from a seed and any labels: `createRng(7, 'shuffle', 'epoch', 3)`. */
export const createRng = (...labels: (string | number)[]): Rng => fromState(seedState(...labels));
