import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { TaskatlasError } from '../../core';
import { readWhole } from '../cache';
import { decodePicture } from '../folders/picture';
import type { Raster } from '../folders/png';
import { createMesh, type Mesh, type MeshMaterial } from './mesh';
import { type MtlMaterial, parseMtl, parseObj } from './obj';
import { type Archive, readZip } from './zip';

/** One entry of a Sweet Home 3D furniture catalogue. */
export interface Piece {
  id: string;
  name: string;
  category: string;
  tags: readonly string[];
  /** Full extents in metres: width, depth, height. */
  size: readonly [number, number, number];
  model: string;
  /** Size of the OBJ file. */
  bytes: number;
  /** Row by row; turns the model before it is scaled to its size. */
  rotation: readonly number[] | null;
  creator: string;
  /** Stands on the floor and is no door or window. */
  standing: boolean;
}

/** A furniture library (`.sh3f`): its catalogue, and meshes that are read when they are asked for. */
export interface FurnitureLibrary {
  name: string;
  licence: string;
  /** SHA-256 of the file. */
  hash: string;
  pieces: readonly Piece[];
  /** Reads the meshes of pieces and their textures, once. @throws TaskatlasError `data` naming a damaged file */
  load(pieces: readonly Piece[]): Promise<void>;
  /** A mesh that was loaded. */
  mesh(piece: Piece): Mesh;
}

/** Longer sides of textures are made this small: a piece covers few pixels. */
const TEXTURE_SIDE = 64;
/** Fainter surfaces (glass) are left out: they would hide what is behind them. */
const SEEN_OPACITY = 0.4;

const linear = (srgb: number): number => Math.min(0.92, Math.max(0.02, Math.max(0, srgb) ** 2.2));

const LINEAR = Float32Array.from({ length: 256 }, (_, byte) => linear(byte / 255));

/** A line of properties at its first `=` or `:`; null for comments and lines without one. Linear, unlike a pattern. */
function keyAndValue(line: string): [key: string, value: string] | null {
  const text = line.trim();
  const at = [text.indexOf('='), text.indexOf(':')].filter((i) => i > 0);
  if (text[0] === '#' || text[0] === '!' || at.length === 0) return null;
  const end = Math.min(...at);
  return [text.slice(0, end).trim(), text.slice(end + 1).trim()];
}

/** Java properties: `key=value`, comments with #, \ at the end of a line goes on, \uXXXX. */
function readProperties(text: string): Map<string, string> {
  const properties = new Map<string, string>();
  for (const line of text.replace(/\\\r?\n[^\S\r\n]*/g, '').split(/\r?\n/)) {
    const pair = keyAndValue(line);
    if (!pair) continue;
    const value = pair[1].replace(/\\u([0-9a-fA-F]{4})/g, (_, code) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    );
    properties.set(pair[0].replace(/^(\w+)#(\d+)$/, '$1@$2'), value);
  }
  return properties;
}

function piecesOf(properties: ReadonlyMap<string, string>, archive: Archive): Piece[] {
  const pieces: Piece[] = [];
  for (let i = 1; properties.has(`id@${i}`) || properties.has(`name@${i}`); i++) {
    const of = (key: string): string => properties.get(`${key}@${i}`) ?? '';
    const size = [of('width'), of('depth'), of('height')].map((cm) => Number(cm) / 100);
    const model = of('model').replace(/^\//, '');
    if (!archive.has(model) || !size.every((metres) => metres > 0 && metres < 50)) continue;
    const rotation = of('modelRotation').split(/\s+/).map(Number);
    pieces.push({
      id: of('id') || of('name'),
      name: of('name'),
      category: of('category'),
      tags: of('tags')
        .split(',')
        .map((tag) => tag.trim().toLowerCase()),
      size: size as [number, number, number],
      model,
      bytes: archive.get(model)?.size ?? 0,
      rotation: rotation.length === 9 && rotation.every(Number.isFinite) ? rotation : null,
      creator: of('creator'),
      standing: of('doorOrWindow') !== 'true' && Number(of('elevation') || 0) === 0,
    });
  }
  return pieces;
}

const fileOf = (archive: Archive, name: string, library: string): Uint8Array => {
  const entry = archive.get(name);
  if (!entry) throw new TaskatlasError('data', `The furniture library ${library} has no ${name}.`);
  return entry.read();
};

/** A whole picture made small by the mean over areas, as linear RGB. */
function smallTexture({ width, height, data }: Raster): MeshMaterial['texture'] {
  const w = Math.min(TEXTURE_SIDE, width);
  const h = Math.min(TEXTURE_SIDE, height);
  const out = new Float32Array(w * h * 3);
  for (let y = 0; y < h; y++) {
    const [v0, v1] = [Math.floor((y * height) / h), Math.floor(((y + 1) * height) / h)];
    for (let x = 0; x < w; x++) {
      const [u0, u1] = [Math.floor((x * width) / w), Math.floor(((x + 1) * width) / w)];
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let v = v0; v < v1; v++)
          for (let u = u0; u < u1; u++) sum += LINEAR[data[3 * (v * width + u) + c] as number] as number;
        out[3 * (y * w + x) + c] = sum / ((v1 - v0) * (u1 - u0));
      }
    }
  }
  return { width: w, height: h, data: out };
}

async function materialOf(
  mtl: MtlMaterial | undefined,
  folder: string,
  archive: Archive,
): Promise<MeshMaterial> {
  const colour = (mtl?.diffuse ?? [0.8, 0.8, 0.8]).map(linear) as [number, number, number];
  const file = mtl?.texture ? archive.get(posix.join(folder, mtl.texture.replaceAll('\\', '/'))) : undefined;
  if (!file) return { colour, texture: null };
  try {
    return { colour, texture: smallTexture(await decodePicture(file.read())) };
  } catch {
    // a damaged picture, or one of a kind that is not read: the material's colour stands for it
    return { colour, texture: null };
  }
}

/**
 * Turns a model as the catalogue says, from OBJ axes (y up, z to the viewer) to ours (z up, y to the front), and scales
 * it to its size, standing on z = 0 around the z axis. In place; normals become unit length.
 */
export function fitModel(
  positions: Float32Array,
  normals: Float32Array,
  rotation: readonly number[] | null,
  size: readonly [number, number, number],
): void {
  const r = rotation ?? [1, 0, 0, 0, 1, 0, 0, 0, 1];
  const turn = (values: Float32Array, i: number): void => {
    const [x, y, z] = [values[i] as number, values[i + 1] as number, values[i + 2] as number];
    const row = (k: number): number =>
      (r[k] as number) * x + (r[k + 1] as number) * y + (r[k + 2] as number) * z;
    values.set([-row(0), row(6), row(3)], i);
  };
  for (let i = 0; i < positions.length; i += 3) {
    turn(positions, i);
    turn(normals, i);
  }
  const low = [1e30, 1e30, 1e30];
  const high = [-1e30, -1e30, -1e30];
  positions.forEach((v, i) => {
    low[i % 3] = Math.min(low[i % 3] as number, v);
    high[i % 3] = Math.max(high[i % 3] as number, v);
  });
  const scale = size.map(
    (metres, axis) => metres / Math.max(1e-9, (high[axis] as number) - (low[axis] as number)),
  );
  const middle = low.map((v, axis) => (axis === 2 ? v : (v + (high[axis] as number)) / 2));
  for (let i = 0; i < positions.length; i++) {
    const axis = i % 3;
    positions[i] = ((positions[i] as number) - (middle[axis] as number)) * (scale[axis] as number);
    // normals transform by the inverse of the scale
    normals[i] = (normals[i] as number) / (scale[axis] as number);
  }
  for (let i = 0; i < normals.length; i += 3) {
    const length = Math.hypot(normals[i] as number, normals[i + 1] as number, normals[i + 2] as number);
    for (let c = 0; c < 3; c++) normals[i + c] = length > 0 ? (normals[i + c] as number) / length : 0;
  }
}

/** The values of the triangles that are kept, `width` numbers each. */
const keep = <T extends Float32Array | Uint16Array>(values: T, width: number, kept: readonly number[]): T => {
  const out = values.slice(0, kept.length * width) as T;
  kept.forEach((triangle, i) => {
    out.set(values.subarray(triangle * width, (triangle + 1) * width), i * width);
  });
  return out;
};

async function readMesh(piece: Piece, archive: Archive, library: string): Promise<Mesh> {
  const folder = posix.dirname(piece.model);
  const text = (name: string): string => Buffer.from(fileOf(archive, name, library)).toString('utf8');
  const obj = parseObj(text(piece.model), `${library}: ${piece.model}`);
  const mtl = new Map(
    obj.libraries.flatMap((name) => {
      const entry = archive.get(posix.join(folder, name));
      return entry
        ? parseMtl(Buffer.from(entry.read()).toString('utf8')).map((m) => [m.name, m] as const)
        : [];
    }),
  );
  const used = obj.materials.map((name) => mtl.get(name));
  const kept = [...obj.material.keys()].filter(
    (t) => (used[obj.material[t] as number]?.opacity ?? 1) >= SEEN_OPACITY,
  );
  if (kept.length === 0)
    throw new TaskatlasError('data', `${library}: ${piece.model} has no visible triangle.`);
  const positions = keep(obj.positions, 9, kept);
  const normals = keep(obj.normals, 9, kept);
  fitModel(positions, normals, piece.rotation, piece.size);
  return createMesh({
    name: piece.id,
    positions,
    normals,
    uvs: keep(obj.uvs, 6, kept),
    material: keep(obj.material, 1, kept),
    materials: await Promise.all(used.map((m) => materialOf(m, folder, archive))),
  });
}

const opened = new Map<string, FurnitureLibrary>();

/** SHA-256 of a library file: goes into the data set's spec. */
export const libraryHash = (path: string): string =>
  createHash('sha256').update(readWhole(path, 'The furniture library')).digest('hex');

/**
 * Opens a Sweet Home 3D furniture library (`.sh3f`: a zip of a catalogue, OBJ and MTL files and textures); kept open
 * in the process, with the meshes that were used.
 * @throws TaskatlasError `not-found`, `data` when the file is not the one that is expected or cannot be read.
 */
export function openLibrary(path: string, hash: string): FurnitureLibrary {
  const known = opened.get(hash);
  if (known) return known;
  const bytes = readWhole(path, 'The furniture library');
  const actual = createHash('sha256').update(bytes).digest('hex');
  if (actual !== hash) {
    throw new TaskatlasError(
      'data',
      `The furniture library ${path} is not the one that was planned with (SHA-256 ${actual.slice(0, 12)}…, expected ${hash.slice(0, 12)}…).`,
    );
  }
  const archive = readZip(bytes, path);
  const catalogue = fileOf(archive, 'PluginFurnitureCatalog.properties', path);
  const properties = readProperties(Buffer.from(catalogue).toString('latin1'));
  const meshes = new Map<string, Mesh>();
  const library: FurnitureLibrary = {
    name: properties.get('name') ?? path,
    licence: properties.get('license') ?? 'not stated',
    hash,
    pieces: piecesOf(properties, archive),
    load: async (pieces) => {
      for (const piece of pieces) {
        if (!meshes.has(piece.model)) meshes.set(piece.model, await readMesh(piece, archive, path));
      }
    },
    mesh: ({ model }) => {
      const mesh = meshes.get(model);
      if (!mesh) throw new TaskatlasError('internal', `The mesh ${model} of ${path} was not loaded.`);
      return mesh;
    },
  };
  opened.set(hash, library);
  return library;
}
