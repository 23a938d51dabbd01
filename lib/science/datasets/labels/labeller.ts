import type { TaskId, ViewKind } from '../../core';
import { orderOf, turnOf } from '../inputs';
import { colourBins, edges2d, holeMask, keypoints2d } from './picture';

/** What every stored image has. */
export interface PictureRecord {
  readonly size: number;
  readonly rgb: Uint8Array;
  /** A further view of the same scene, where the data set has such. */
  view?(name: Exclude<ViewKind, 'candidate'>): PictureRecord;
}

/** How the label of one task is made from a stored image of type R. */
export interface Labeller<R> {
  shape(size: number): readonly number[];
  /** Which validity mask the task has: one value per pixel, per image, or none. */
  mask: 'pixel' | 'image' | null;
  /** Write the label at `out[at…]`, its mask at `mask[maskAt…]`; `key` fixes what is random per image. */
  fill(record: R, out: Float32Array, at: number, key: number, mask: Uint8Array | null, maskAt: number): void;
}

export type Labellers<R> = Readonly<Record<TaskId, Labeller<R>>>;

export type MapFill<R> = (record: R, out: Float32Array, at: number) => void;

export const mapLabel = <R>(channels: number, fill: MapFill<R>): Labeller<R> => ({
  shape: (size) => [size, size, channels],
  mask: null,
  fill,
});

export const vectorLabel = <R>(length: number, fill: MapFill<R>): Labeller<R> => ({
  shape: () => [length],
  mask: null,
  fill,
});

export const classLabel = <R>(of: (record: R, key: number) => number): Labeller<R> => ({
  shape: () => [],
  mask: null,
  fill: (record, out, at, key) => {
    out[at] = of(record, key);
  },
});

const picture: MapFill<PictureRecord> = ({ rgb }, out, at) => {
  for (let i = 0; i < rgb.length; i++) out[at + i] = ((rgb[i] as number) * 2) / 255 - 1;
};

/** Tasks whose labels come from the picture alone: any data set can have them. */
export const PICTURE_LABELS: Labellers<PictureRecord> = {
  autoencoding: mapLabel(3, picture),
  denoising: mapLabel(3, picture),
  inpainting: {
    shape: (size) => [size, size, 3],
    mask: 'pixel',
    fill: (record, out, at, key, mask, maskAt) => {
      picture(record, out, at);
      if (mask) holeMask(record.size, key, mask, maskAt);
    },
  },
  colorization: {
    shape: (size) => [size, size],
    mask: null,
    fill: ({ rgb }, out, at) => colourBins(rgb, out, at),
  },
  jigsaw: classLabel((_record, key) => orderOf(key)),
  rotation: classLabel((_record, key) => turnOf(key)),
  'edges-2d': mapLabel(1, ({ rgb, size }, out, at) => edges2d(rgb, size, out, at)),
  'keypoints-2d': mapLabel(1, ({ rgb, size }, out, at) => keypoints2d(rgb, size, out, at)),
};
