import { createRng, type DomainShift, hash32 } from '../core';
import type { PictureRecord } from './labels/labeller';

/** The value in [0, 1] that one value of a picture turns into; `i` counts rows × columns × RGB. */
type Change = (value: number, i: number) => number;

/** A change of one picture of `size` × `size`; what is random is drawn from the picture's own `key`. */
type MakeChange = (size: number, strength: number, key: number) => Change;

const uniform = (...labels: (string | number)[]): number => hash32(...labels) / 4294967296;

/** Column and row of a value, both in [0, 1). */
const placeOf = (i: number, size: number): [number, number] => {
  const pixel = Math.floor(i / 3);
  return [(pixel % size) / size, Math.floor(pixel / size) / size];
};

const CHANGES: Readonly<Record<DomainShift['kind'], MakeChange>> = {
  /** (1 − s)·x + s·(1 − x): the negative at strength 1. */
  inverted: (_size, s) => (x) => (1 - s) * x + s * (1 - x),
  /** Less light, x·(1 − s·(0.6 + 0.4·a)) with a from −1 to 1 across the picture, in a direction of its own. */
  dim: (size, s, key) => {
    const angle = 2 * Math.PI * uniform(key, 'light');
    const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
    return (x, i) => {
      const [column, row] = placeOf(i, size);
      const across = Math.max(-1, Math.min(1, 2 * ((column - 0.5) * dx + (row - 0.5) * dy)));
      return x * (1 - s * (0.6 + 0.4 * across));
    };
  },
  /** Light of another colour: red × (1 + 0.4 s), green × (1 − 0.1 s), blue × (1 − 0.5 s). */
  tinted: (_size, s) => (x, i) => x * (1 + s * ([0.4, -0.1, -0.5][i % 3] as number)),
  /** Gaussian sensor noise, σ = s / 4. */
  noisy: (_size, s, key) => {
    const rng = createRng('domain-noise', key);
    return (x) => x + (s / 4) * rng.normal();
  },
  /** x + 0.3·s·sin(2π f·column + φ)·sin(2π g·row + φ): a woven pattern, f, g from 2 to 7 and φ of the picture's own. */
  textured: (size, s, key) => {
    const [f, g] = [2 + 5 * uniform(key, 'columns'), 2 + 5 * uniform(key, 'rows')];
    const phase = 2 * Math.PI * uniform(key, 'phase');
    return (x, i) => {
      const [column, row] = placeOf(i, size);
      const weave = Math.sin(2 * Math.PI * f * column + phase) * Math.sin(2 * Math.PI * g * row + phase);
      return x + 0.3 * s * weave;
    };
  },
};

/** A picture of 8-bit RGB as the target domain shows it; the same `key` always gives the same picture. */
export function shiftPicture(
  rgb: Uint8Array,
  size: number,
  { kind, strength }: DomainShift,
  key: number,
): Uint8Array {
  const change = CHANGES[kind](size, strength, key);
  // A clamped array rounds and keeps within 0 … 255.
  const out = new Uint8ClampedArray(rgb.length);
  for (let i = 0; i < rgb.length; i++) out[i] = 255 * change((rgb[i] as number) / 255, i);
  return new Uint8Array(out.buffer);
}

/** The record with its picture, and those of its further views, changed when they are first looked at. */
export function shiftedRecord<R extends PictureRecord>(record: R, shift: DomainShift, key: number): R {
  let rgb: Uint8Array | null = null;
  const { view } = record;
  // On top of the record, whose other maps are read lazily.
  return Object.create(record, {
    rgb: {
      get: (): Uint8Array => {
        rgb ??= shiftPicture(record.rgb, record.size, shift, key);
        return rgb;
      },
    },
    ...(view
      ? {
          view: {
            value: (name: Parameters<typeof view>[0]): PictureRecord =>
              shiftedRecord(view.call(record, name), shift, key),
          },
        }
      : {}),
  }) as R;
}
