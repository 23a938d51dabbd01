import { TaskatlasError } from '@/lib/science/core';

/** A name that stands for itself; it is never called. */
export class Callable {
  constructor(readonly what: 'scalar' | 'dtype' | 'encode') {}
}

/** A NumPy type, of which the byte order may still come. */
export class Scalar {
  littleEndian = true;

  constructor(readonly type: string) {}
}

/**
 * What a pickle may hold here. A dict becomes a Map, so that no key can reach an object's prototype; a byte string
 * that is ASCII becomes text, as Python 2 wrote its text, any other stays bytes.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | Scalar
  | Callable;

export const refusal = (what: string, at: number): TaskatlasError =>
  new TaskatlasError(
    'invalid-input',
    `The pickle is refused: it uses ${what} at byte ${at}, which can run code. Only dicts, lists, tuples, text, ` +
      'numbers and NumPy scalars are read; save the data as plain Python values or as JSON.',
  );

export const damaged = (why: string, at: number): TaskatlasError =>
  new TaskatlasError('invalid-input', `The pickle is damaged: ${why} at byte ${at}.`);
