import { samePointOf } from '../inputs';
import { euclidean, occlusionEdges, reshading, surfaceNormals, zDepth } from '../labels/geometry';
import {
  classLabel,
  type Labeller,
  type Labellers,
  type MapFill,
  mapLabel,
  PICTURE_LABELS,
  vectorLabel,
} from '../labels/labeller';
import { egomotion, fixatedPose, freePose } from '../labels/pose';
import { objectShares, roomLayout, vanishingPoints } from '../labels/scene';
import { segments2d, segments25d } from '../labels/segments';
import { curvature, keypoints3d } from '../labels/surface';
import { OBJECT_CLASSES, UNCERTAIN } from './classes';
import { META, type RoomRecord } from './record';

const segmentation: Labeller<RoomRecord> = {
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

const objectClass: Labeller<RoomRecord> = {
  shape: () => [OBJECT_CLASSES.length],
  mask: 'image',
  fill: (record, out, at, _key, mask, maskAt) => {
    const known = objectShares(record, out, at);
    if (mask) mask[maskAt] = known ? 1 : 0;
  },
};

const segmentLabel = (fill: MapFill<RoomRecord>): Labeller<RoomRecord> => ({
  shape: (size) => [size, size],
  mask: null,
  fill,
});

/** Labels of every task of the rooms dictionary that has labels. */
export const ROOM_LABELS: Labellers<RoomRecord> = {
  ...PICTURE_LABELS,
  'edges-occlusion': mapLabel(1, occlusionEdges),
  'z-depth': mapLabel(1, zDepth),
  distance: mapLabel(1, euclidean),
  'surface-normals': mapLabel(3, surfaceNormals),
  reshading: mapLabel(1, reshading),
  curvature: mapLabel(2, curvature),
  'keypoints-3d': mapLabel(1, keypoints3d),
  'semantic-segmentation': segmentation,
  'object-class': objectClass,
  'scene-class': classLabel(({ meta }) => meta[META.kind] as number),
  'room-layout': vectorLabel(4, roomLayout),
  'vanishing-points': vectorLabel(9, vanishingPoints),
  'segmentation-2d': segmentLabel(segments2d),
  'segmentation-25d': segmentLabel(segments25d),
  'pose-fixated': vectorLabel(6, fixatedPose),
  'pose-nonfixated': vectorLabel(6, freePose),
  egomotion: vectorLabel(12, egomotion),
  'point-matching': classLabel((_record, key) => (samePointOf(key) ? 1 : 0)),
};
