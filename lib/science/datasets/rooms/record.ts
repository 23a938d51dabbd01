import { TaskatlasError } from '../../core';
import { ROOM_KINDS } from './classes';
import type { RoomFrame } from './render';
import type { RoomView } from './views';

/** Bytes per pixel of each stored map (NHWC). */
export const ROOM_MAPS = {
  /** u8 × 3 */
  rgb: 3,
  /** little-endian u16, 1 / 2048 m */
  depth: 2,
  /** i8 × 3, 1 / 127, camera frame */
  normals: 3,
  object: 1,
  pixelClass: 1,
  albedo: 3,
  shading: 1,
} as const;
export type RoomMap = keyof typeof ROOM_MAPS;

/** Depth units per metre. */
export const DEPTH_UNITS = 2048;

/** Numbers stored per image beside the maps. */
export const META = {
  eye: 0,
  right: 3,
  up: 6,
  forward: 9,
  tangent: 12,
  yaw: 13,
  pitch: 14,
  roll: 15,
  box: 16,
  kind: 19,
} as const;
const META_FLOATS = 20;

/** Name and bytes per image of each section of a cache file; of further views only picture and camera are kept. */
export function roomSections(
  size: number,
  view: RoomView | null = null,
): readonly { name: RoomMap | 'meta'; bytes: number }[] {
  const maps = (Object.entries(ROOM_MAPS) as [RoomMap, number][]).filter(([name]) => !view || name === 'rgb');
  return [
    ...maps.map(([name, bytes]) => ({ name, bytes: bytes * size * size })),
    { name: 'meta' as const, bytes: META_FLOATS * 4 },
  ];
}

function packDepth(depth: Float32Array): Uint8Array {
  const out = new Uint8Array(depth.length * 2);
  const view = new DataView(out.buffer);
  for (let k = 0; k < depth.length; k++) {
    const units = Math.round((depth[k] as number) * DEPTH_UNITS);
    view.setUint16(2 * k, Math.min(65535, Math.max(1, units)), true);
  }
  return out;
}

function packNormals(normals: Float32Array): Uint8Array {
  const out = new Int8Array(normals.length);
  for (let k = 0; k < normals.length; k++) out[k] = Math.round((normals[k] as number) * 127);
  return new Uint8Array(out.buffer);
}

function packMeta(frame: RoomFrame): Uint8Array {
  const { camera, room } = frame;
  const values = [
    ...camera.eye,
    ...camera.right,
    ...camera.up,
    ...camera.forward,
    camera.tangent,
    camera.yaw,
    camera.pitch,
    camera.roll,
    room.box.width,
    room.box.depth,
    room.box.height,
    ROOM_KINDS.indexOf(room.kind),
  ];
  const out = new Uint8Array(META_FLOATS * 4);
  const view = new DataView(out.buffer);
  values.forEach((v, i) => {
    view.setFloat32(4 * i, v, true);
  });
  return out;
}

/** The stored form of a rendered view, section by section. */
export function packFrame(frame: RoomFrame): Record<RoomMap | 'meta', Uint8Array> {
  return {
    rgb: frame.rgb,
    depth: packDepth(frame.depth),
    normals: packNormals(frame.normals),
    object: frame.object,
    pixelClass: frame.pixelClass,
    albedo: frame.albedo,
    shading: frame.shading,
    meta: packMeta(frame),
  };
}

/** One stored image, read lazily map by map. */
export interface RoomRecord {
  readonly size: number;
  readonly rgb: Uint8Array;
  /** 1 / 2048 m. */
  readonly depth: Uint16Array;
  /** 1 / 127. */
  readonly normals: Int8Array;
  readonly object: Uint8Array;
  readonly pixelClass: Uint8Array;
  readonly meta: Float32Array;
  /** A further view of the same scene. */
  view(name: RoomView): RoomViewRecord;
}

/** What is kept of a further view. */
export type RoomViewRecord = Pick<RoomRecord, 'size' | 'rgb' | 'meta'>;

/** Bytes of a section of one image; they must be aligned to 4. */
export type SectionReader = (name: RoomMap | 'meta') => Uint8Array;

const noViews = (name: RoomView): never => {
  throw new TaskatlasError('internal', `This record was opened without its view ${name}.`);
};

/** View the sections of one image as numbers (the machine must be little-endian, as all that run Node are). */
export function openRecord(
  size: number,
  read: SectionReader,
  view: (name: RoomView) => RoomViewRecord = noViews,
): RoomRecord {
  return {
    size,
    view,
    get rgb() {
      return read('rgb');
    },
    get depth() {
      const b = read('depth');
      return new Uint16Array(b.buffer, b.byteOffset, b.length / 2);
    },
    get normals() {
      const b = read('normals');
      return new Int8Array(b.buffer, b.byteOffset, b.length);
    },
    get object() {
      return read('object');
    },
    get pixelClass() {
      return read('pixelClass');
    },
    get meta() {
      const b = read('meta');
      return new Float32Array(b.buffer, b.byteOffset, b.length / 4);
    },
  };
}
