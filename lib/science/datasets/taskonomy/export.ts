import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TaskatlasError } from '../../core';
import { writeNpy } from '../folders/npy';
import { encodePng } from '../folders/png';
import { OBJECT_CLASSES, PIXEL_CLASSES, ROOM_KINDS, UNCERTAIN } from '../rooms/classes';
import { ROOM_LABELS } from '../rooms/labels';
import { DEPTH_UNITS, META, openRecord, packFrame, type RoomRecord } from '../rooms/record';
import { renderRoom } from '../rooms/render';
import { DISTANCE_UNITS, domainOf, NO_DISTANCE } from './domains';

/** Values of `segment_semantic` for our pixel classes; what COCO's list lacks is background. */
const SEMANTIC: Readonly<Record<string, number>> = { chair: 3, sofa: 4, plant: 5, bed: 6, table: 7 };

/** ImageNet classes (of 1,000) that stand for our object classes. */
const IMAGENET: Readonly<Record<(typeof OBJECT_CLASSES)[number], number>> = {
  opening: 905, // window shade
  table: 532, // dining table
  chair: 765, // rocking chair
  sofa: 831, // studio couch
  bed: 564, // four-poster
  storage: 894, // wardrobe
  plant: 738, // pot
};

/** Places365 classes that stand for our kinds of room. */
const PLACES: Readonly<Record<(typeof ROOM_KINDS)[number], number>> = {
  living: 215,
  bedroom: 52,
  dining: 121,
  study: 176,
  kitchen: 203,
};

/** The value of `segment_semantic` for a pixel class of rooms. */
export const exportedSemantic = (pixelClass: number): number =>
  pixelClass === UNCERTAIN ? 0 : (SEMANTIC[PIXEL_CLASSES[pixelClass] ?? ''] ?? 1);

/** Responses are written as the square of (label + 1.5) / 6, clipped to [0, 1]. */
export const exportedResponse = (label: number): number => Math.max(0, Math.min(1, (label + 1.5) / 6)) ** 2;

const label = (record: RoomRecord, task: string): Float32Array => {
  const labeller = ROOM_LABELS[task];
  if (!labeller) throw new TaskatlasError('internal', `Rooms have no labels for "${task}".`);
  const count = labeller.shape(record.size).reduce((a, b) => a * b, 1);
  const out = new Float32Array(count);
  labeller.fill(record, out, 0, 0, labeller.mask === 'image' ? new Uint8Array(1) : null, 0);
  return out;
};

const clampByte = (value: number): number => Math.max(0, Math.min(255, Math.round(value)));
const metres = (z: number): number => Math.min(NO_DISTANCE - 1, Math.max(1, Math.round(z * DISTANCE_UNITS)));

/** Vanishing points in the camera frame: the room's axes x, y and up. */
function vanishingPoints({ meta }: RoomRecord): Record<'x' | 'y' | 'z', number[]> {
  const axis = (i: number): number[] => [
    meta[META.right + i] as number,
    meta[META.up + i] as number,
    -(meta[META.forward + i] as number),
  ];
  return { x: axis(0), y: axis(1), z: axis(2) };
}

const classVector = (length: number, entries: readonly (readonly [number, number])[]): Uint8Array => {
  const out = new Float32Array(length);
  for (const [index, value] of entries) out[index] = value;
  return writeNpy(out);
};

/** The files of one image by domain. */
function filesOf(record: RoomRecord): Record<string, Uint8Array> {
  const { size, rgb, depth, normals, pixelClass, meta } = record;
  const png = (channels: number, data: Uint8Array | Uint16Array): Uint8Array =>
    encodePng({ width: size, height: size, channels, data });
  const response = (task: string): Uint8Array =>
    png(
      1,
      Uint16Array.from(label(record, task), (v) => Math.round(65535 * exportedResponse(v))),
    );
  const curvature = label(record, 'curvature');
  const shares = label(record, 'object-class');
  return {
    rgb: png(3, rgb),
    mask_valid: png(1, new Uint8Array(size * size).fill(255)),
    depth_zbuffer: png(
      1,
      Uint16Array.from(depth, (u) => metres(u / DEPTH_UNITS)),
    ),
    depth_euclidean: png(
      1,
      Uint16Array.from(label(record, 'distance'), (v) => metres(Math.exp(0.5 * v + 0.9))),
    ),
    normal: png(
      3,
      Uint8Array.from(normals, (v) => 127 + v),
    ),
    reshading: png(
      1,
      Uint8Array.from(label(record, 'reshading'), (v) => clampByte(255 * (0.19 * v + 0.36))),
    ),
    principal_curvature: png(
      3,
      Uint8Array.from({ length: 3 * size * size }, (_, i) =>
        i % 3 === 2 ? 127 : clampByte(127 + 32 * (curvature[2 * Math.floor(i / 3) + (i % 3)] as number)),
      ),
    ),
    edge_occlusion: response('edges-occlusion'),
    edge_texture: response('edges-2d'),
    keypoints2d: response('keypoints-2d'),
    keypoints3d: response('keypoints-3d'),
    segment_semantic: png(1, Uint8Array.from(pixelClass, exportedSemantic)),
    class_object: classVector(
      1000,
      OBJECT_CLASSES.map((name, i) => [IMAGENET[name], shares[i] as number] as const),
    ),
    class_scene: classVector(365, [[PLACES[ROOM_KINDS[meta[META.kind] as number] ?? 'living'], 1]]),
    point_info: Buffer.from(
      JSON.stringify({
        camera_location: [...meta.subarray(META.eye, META.eye + 3)],
        field_of_view_rads: 2 * Math.atan(meta[META.tangent] as number),
        vanishing_points_gaussian_sphere: vanishingPoints(record),
      }),
    ),
  };
}

/** Suffix of a file name where it differs from the folder's name (the release's own names). */
const SUFFIX: Readonly<Record<string, string>> = {
  mask_valid: 'depth_zbuffer',
  segment_semantic: 'segmentsemantic',
  class_scene: 'class_places',
};

export interface ExportOptions {
  seed: number;
  size: number;
  images: number;
  onProgress?: (done: number, total: number) => void;
}

/** Name of the building that stands for a room. */
export const exportedBuilding = (seed: number, scene: number): string => `rooms-${seed}-${scene}`;

/**
 * Writes rendered rooms in the Taskonomy layout, `<domain>/<building>/point_0_view_0_domain_<domain>.<ext>`: one
 * building per room, scenes 0 … images − 1 of the seed. What our dictionary has and the layout has not (layout of the
 * room) is left out; object and scene classes become their nearest ImageNet and Places365 classes.
 * @throws TaskatlasError `invalid-input` for sizes that the formats cannot hold.
 */
export function exportRooms(directory: string, { seed, size, images, onProgress }: ExportOptions): number {
  if (!Number.isInteger(images) || images < 1 || images > 1_000_000)
    throw new TaskatlasError(
      'invalid-input',
      `Between 1 and 1,000,000 images can be exported, not ${images}.`,
    );
  let files = 0;
  for (let scene = 0; scene < images; scene++) {
    const sections = packFrame(renderRoom(seed, scene, 0, size));
    const building = exportedBuilding(seed, scene);
    for (const [domain, bytes] of Object.entries(filesOf(openRecord(size, (name) => sections[name])))) {
      const name = `point_0_view_0_domain_${SUFFIX[domain] ?? domain}.${domainOf(domain)?.extension}`;
      const path = join(directory, domain, building, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes);
      files++;
    }
    onProgress?.(scene + 1, images);
  }
  return files;
}
