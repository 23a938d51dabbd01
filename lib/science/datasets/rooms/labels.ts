import type { TaskId } from '../../core';
import { orderOf, turnOf } from '../inputs';
import { euclidean, occlusionEdges, reshading, surfaceNormals, zDepth } from '../labels/geometry';
import { colourBins, edges2d, holeMask, keypoints2d } from '../labels/picture';
import { objectShares, roomLayout, vanishingPoints } from '../labels/scene';
import { OBJECT_CLASSES, UNCERTAIN } from './classes';
import { META, type RoomRecord } from './record';

/** How the label of one task is made from a stored image. */
export interface Labeller {
  shape(size: number): readonly number[];
  mask: 'pixel' | 'image' | null;
  fill(
    record: RoomRecord,
    out: Float32Array,
    at: number,
    key: number,
    mask: Uint8Array | null,
    maskAt: number,
  ): void;
}

type MapFill = (record: RoomRecord, out: Float32Array, at: number) => void;

const map = (channels: number, fill: MapFill): Labeller => ({
  shape: (size) => [size, size, channels],
  mask: null,
  fill,
});

const vector = (length: number, fill: MapFill): Labeller => ({ shape: () => [length], mask: null, fill });

const picture: MapFill = ({ rgb }, out, at) => {
  for (let i = 0; i < rgb.length; i++) out[at + i] = ((rgb[i] as number) * 2) / 255 - 1;
};

const inpainting: Labeller = {
  shape: (size) => [size, size, 3],
  mask: 'pixel',
  fill: (record, out, at, key, mask, maskAt) => {
    picture(record, out, at);
    if (mask) holeMask(record.size, key, mask, maskAt);
  },
};

const segmentation: Labeller = {
  shape: (size) => [size, size],
  mask: 'pixel',
  fill: ({ pixelClass }, out, at, _key, mask, maskAt) => {
    for (let k = 0; k < pixelClass.length; k++) {
      const known = pixelClass[k] !== UNCERTAIN;
      out[at + k] = known ? (pixelClass[k] as number) : 0;
      if (mask) mask[maskAt + k] = known ? 1 : 0;
    }
  },
};

const objectClass: Labeller = {
  shape: () => [OBJECT_CLASSES.length],
  mask: 'image',
  fill: (record, out, at, _key, mask, maskAt) => {
    const known = objectShares(record, out, at);
    if (mask) mask[maskAt] = known ? 1 : 0;
  },
};

const oneClass = (fill: (record: RoomRecord, key: number) => number): Labeller => ({
  shape: () => [],
  mask: null,
  fill: (record, out, at, key) => {
    out[at] = fill(record, key);
  },
});

/** Labels of every task of the rooms dictionary that has labels. */
export const ROOM_LABELS: Readonly<Record<TaskId, Labeller>> = {
  autoencoding: map(3, picture),
  denoising: map(3, picture),
  inpainting,
  colorization: {
    shape: (size) => [size, size],
    mask: null,
    fill: ({ rgb }, out, at) => colourBins(rgb, out, at),
  },
  jigsaw: oneClass((_record, key) => orderOf(key)),
  rotation: oneClass((_record, key) => turnOf(key)),
  'edges-2d': map(1, ({ rgb, size }, out, at) => edges2d(rgb, size, out, at)),
  'keypoints-2d': map(1, ({ rgb, size }, out, at) => keypoints2d(rgb, size, out, at)),
  'edges-occlusion': map(1, occlusionEdges),
  'z-depth': map(1, zDepth),
  distance: map(1, euclidean),
  'surface-normals': map(3, surfaceNormals),
  reshading: map(1, reshading),
  'semantic-segmentation': segmentation,
  'object-class': objectClass,
  'scene-class': oneClass(({ meta }) => meta[META.kind] as number),
  'room-layout': vector(5, roomLayout),
  'vanishing-points': vector(9, vanishingPoints),
};
