import {
  type Labeller,
  type Labellers,
  mapLabel,
  PICTURE_LABELS,
  type PictureRecord,
} from '../labels/labeller';
import { DISTANCE_UNITS, NO_DISTANCE, SEMANTIC_CLASSES } from './domains';

/** One stored image: its domains, as bytes. */
export interface TaskonomyRecord extends PictureRecord {
  has(domain: string): boolean;
  read(domain: string): Uint8Array;
}

/** The same standardisation as rooms: (ln d − 0.9) / 0.5, d in metres. */
const logDistance = Float32Array.from(
  { length: 65536 },
  (_, u) => (Math.log(Math.max(1, u) / DISTANCE_UNITS) - 0.9) / 0.5,
);

const words = (bytes: Uint8Array): Uint16Array =>
  new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
const floats = (bytes: Uint8Array): Float32Array =>
  new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);

/** Pixels of which the scan saw anything: `mask_valid`, else those that have a distance. */
function validPixels(record: TaskonomyRecord, mask: Uint8Array, at: number): void {
  const pixels = record.size * record.size;
  const marked = record.has('mask_valid') ? record.read('mask_valid') : null;
  const depth = record.has('depth_zbuffer') ? words(record.read('depth_zbuffer')) : null;
  for (let k = 0; k < pixels; k++) {
    const seen = !depth || (depth[k] !== NO_DISTANCE && depth[k] !== 0);
    mask[at + k] = (marked ? (marked[k] as number) > 127 : seen) ? 1 : 0;
  }
}

/** A map of which invalid pixels do not count. */
const masked = (
  channels: number,
  value: (record: TaskonomyRecord) => (i: number) => number,
): Labeller<TaskonomyRecord> => ({
  shape: (size) => [size, size, channels],
  mask: 'pixel',
  fill: (record, out, at, _key, mask, maskAt) => {
    const of = value(record);
    for (let i = 0; i < record.size * record.size * channels; i++) out[at + i] = of(i);
    if (mask) validPixels(record, mask, maskAt);
  },
});

const distance = (domain: string): Labeller<TaskonomyRecord> => {
  const plain = masked(1, (record) => {
    const map = words(record.read(domain));
    return (i) => logDistance[map[i] as number] as number;
  });
  return {
    ...plain,
    fill: (record, out, at, key, mask, maskAt) => {
      plain.fill(record, out, at, key, mask, maskAt);
      const map = words(record.read(domain));
      for (let k = 0; mask && k < map.length; k++)
        if (map[k] === NO_DISTANCE || map[k] === 0) mask[maskAt + k] = 0;
    },
  };
};

/** √ of a response relative to the data set's own 99th percentile, in [−1, 1]. */
const response = (domain: string, scale: number): Labeller<TaskonomyRecord> =>
  masked(1, (record) => {
    const map = words(record.read(domain));
    return (i) => 2 * Math.sqrt(Math.min(1, (map[i] as number) / scale)) - 1;
  });

/** Without a mask: what the picture itself gives is known everywhere. */
const pictureResponse = (domain: string, scale: number): Labeller<TaskonomyRecord> =>
  mapLabel(1, (record, out, at) => {
    const map = words(record.read(domain));
    for (let k = 0; k < map.length; k++)
      out[at + k] = 2 * Math.sqrt(Math.min(1, (map[k] as number) / scale)) - 1;
  });

const bytes = (domain: string, channels: number, of: (value: number) => number): Labeller<TaskonomyRecord> =>
  masked(channels, (record) => {
    const map = record.read(domain);
    return (i) => of(map[i] as number);
  });

/** Class shares of a teacher network, made to sum to 1; an image without any is masked. */
const shares = (domain: string, length: number): Labeller<TaskonomyRecord> => ({
  shape: () => [length],
  mask: 'image',
  fill: (record, out, at, _key, mask, maskAt) => {
    const values = floats(record.read(domain));
    const sum = values.reduce((a, v) => a + Math.max(0, v), 0);
    for (let i = 0; i < length; i++) out[at + i] = sum > 0 ? Math.max(0, values[i] as number) / sum : 0;
    if (mask) mask[maskAt] = sum > 0 ? 1 : 0;
  },
});

const semantic: Labeller<TaskonomyRecord> = {
  shape: (size) => [size, size],
  mask: 'pixel',
  fill: (record, out, at, _key, mask, maskAt) => {
    const map = record.read('segment_semantic');
    for (let k = 0; k < map.length; k++) {
      const value = map[k] as number;
      const known = value > 0 && value <= SEMANTIC_CLASSES;
      out[at + k] = known ? value - 1 : 0;
      if (mask) mask[maskAt + k] = known ? 1 : 0;
    }
  },
};

const vanishing: Labeller<TaskonomyRecord> = {
  shape: () => [9],
  mask: 'image',
  fill: (record, out, at, _key, mask, maskAt) => {
    const values = floats(record.read('point_info'));
    out.set(values, at);
    if (mask) mask[maskAt] = values.some((v) => v !== 0) ? 1 : 0;
  },
};

/** Domains whose unit is not documented: their labels are relative to a percentile of the data set. */
export const SCALED_DOMAINS = ['edge_occlusion', 'edge_texture', 'keypoints2d', 'keypoints3d'] as const;

/**
 * Labels by task, in the units of rooms where both have the task: distances (ln d − 0.9) / 0.5, normals in [−1, 1] by
 * the file's own axes, reshading (s − 0.36) / 0.19, curvature (value − 127) / 32. `scales`: 99th percentiles of the
 * domains without a unit.
 */
export function taskonomyLabels(
  domains: readonly string[],
  scales: Readonly<Record<string, number>>,
): Labellers<TaskonomyRecord> {
  const scale = (domain: string): number => scales[domain] ?? 65535;
  const byDomain: Readonly<Record<string, Labellers<TaskonomyRecord>>> = {
    depth_zbuffer: { 'z-depth': distance('depth_zbuffer') },
    depth_euclidean: { distance: distance('depth_euclidean') },
    normal: { 'surface-normals': bytes('normal', 3, (v) => Math.min(1, (v - 127) / 127)) },
    reshading: { reshading: bytes('reshading', 1, (v) => (v / 255 - 0.36) / 0.19) },
    principal_curvature: { curvature: bytes('principal_curvature', 2, (v) => (v - 127) / 32) },
    edge_occlusion: { 'edges-occlusion': response('edge_occlusion', scale('edge_occlusion')) },
    keypoints3d: { 'keypoints-3d': response('keypoints3d', scale('keypoints3d')) },
    edge_texture: { 'edges-2d': pictureResponse('edge_texture', scale('edge_texture')) },
    keypoints2d: { 'keypoints-2d': pictureResponse('keypoints2d', scale('keypoints2d')) },
    segment_semantic: { 'semantic-segmentation': semantic },
    class_object: { 'object-class': shares('class_object', 1000) },
    class_scene: { 'scene-class': shares('class_scene', 365) },
    point_info: { 'vanishing-points': vanishing },
  };
  return Object.assign({}, PICTURE_LABELS, ...domains.map((domain) => byDomain[domain] ?? {}));
}
