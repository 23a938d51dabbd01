import { TaskatlasError } from '../../core';

/** A material of an MTL file. */
export interface MtlMaterial {
  name: string;
  /** Diffuse colour as written, sRGB in [0, 1]. */
  diffuse: readonly [number, number, number];
  /** 1 = opaque. */
  opacity: number;
  /** File of the diffuse texture, relative to the MTL file. */
  texture: string | null;
}

const numbers = (words: readonly string[]): number[] => words.map(Number);

/** Materials of an MTL file: Kd, d or Tr, map_Kd; the rest is of no use here. */
export function parseMtl(text: string): MtlMaterial[] {
  const materials: { -readonly [K in keyof MtlMaterial]: MtlMaterial[K] }[] = [];
  for (const line of text.split(/\r?\n/)) {
    const [key = '', ...words] = line.trim().split(/\s+/);
    const last = materials.at(-1);
    if (key === 'newmtl')
      materials.push({ name: words.join(' '), diffuse: [0.8, 0.8, 0.8], opacity: 1, texture: null });
    else if (!last) continue;
    else if (key === 'Kd') {
      const [r = 0.8, g = r, b = r] = numbers(words);
      last.diffuse = [r, g, b];
    } else if (key === 'd') last.opacity = Number(words.at(-1));
    else if (key === 'Tr') last.opacity = 1 - Number(words.at(-1));
    else if (key === 'map_Kd') last.texture = words.at(-1) ?? null;
  }
  return materials;
}

/** Triangles of an OBJ file: per triangle three points, normals (0 where there is none), texture points, one material. */
export interface ObjTriangles {
  positions: Float32Array;
  normals: Float32Array;
  uvs: Float32Array;
  /** Index into `materials`. */
  material: Uint16Array;
  /** Names in order of first use. */
  materials: readonly string[];
  /** Names of MTL files. */
  libraries: readonly string[];
}

const MAX_TRIANGLES = 2_000_000;

/** Values of `v`, `vn` or `vt` lines, referenced from 1, or from the end by negative numbers. */
class Pool {
  readonly values: number[] = [];
  constructor(readonly width: number) {}

  add(words: readonly string[]): void {
    for (let i = 0; i < this.width; i++) this.values.push(Number(words[i] ?? 0));
  }

  /** Appends the referenced values; zeros for an absent reference. */
  copy(reference: string | undefined, out: number[], fail: () => never): void {
    if (reference === undefined || reference === '') {
      for (let i = 0; i < this.width; i++) out.push(0);
      return;
    }
    const n = Number(reference);
    const at = (n < 0 ? this.values.length / this.width + n : n - 1) * this.width;
    if (!Number.isInteger(at) || at < 0 || at + this.width > this.values.length) fail();
    for (let i = 0; i < this.width; i++) out.push(this.values[at + i] as number);
  }
}

/** What has been read of an OBJ file. */
class ObjReader {
  readonly points = new Pool(3);
  readonly textures = new Pool(2);
  readonly directions = new Pool(3);
  readonly positions: number[] = [];
  readonly uvs: number[] = [];
  readonly normals: number[] = [];
  readonly material: number[] = [];
  readonly materials: string[] = [];
  readonly libraries: string[] = [];
  #current = -1;

  use(material: string): void {
    const known = this.materials.indexOf(material);
    this.#current = known >= 0 ? known : this.materials.push(material) - 1;
  }

  /** A polygon as a fan of triangles; faces of two corners, which exporters write, have no area and give none. */
  face(words: readonly string[], fail: () => never): void {
    if (this.material.length > MAX_TRIANGLES) fail();
    if (this.#current < 0) this.use('');
    for (let corner = 2; corner < words.length; corner++) {
      for (const word of [words[0], words[corner - 1], words[corner]]) {
        const [v, t, n] = (word as string).split('/');
        if (v === '') fail();
        this.points.copy(v, this.positions, fail);
        this.textures.copy(t, this.uvs, fail);
        this.directions.copy(n, this.normals, fail);
      }
      this.material.push(this.#current);
    }
  }

  line(key: string, words: readonly string[], fail: () => never): void {
    if (key === 'v') this.points.add(words);
    else if (key === 'vt') this.textures.add(words);
    else if (key === 'vn') this.directions.add(words);
    else if (key === 'usemtl') this.use(words.join(' '));
    else if (key === 'mtllib') this.libraries.push(words.join(' '));
    else if (key === 'f') this.face(words, fail);
  }
}

/**
 * Reads an OBJ file: v, vn, vt, f (polygons as fans), usemtl, mtllib.
 * @throws TaskatlasError `data` naming the line.
 */
export function parseObj(text: string, name: string): ObjTriangles {
  const reader = new ObjReader();
  const lines = text.replace(/\\\r?\n/g, ' ').split(/\r?\n/);
  lines.forEach((line, i) => {
    const [key = '', ...words] = line.trim().split(/\s+/);
    reader.line(key, words, () => {
      throw new TaskatlasError(
        'data',
        `${name}, line ${i + 1}: "${line.trim().slice(0, 60)}" cannot be read.`,
      );
    });
  });
  if (!reader.positions.every(Number.isFinite))
    throw new TaskatlasError('data', `${name} has points that are no numbers.`);
  return {
    positions: Float32Array.from(reader.positions),
    normals: Float32Array.from(reader.normals),
    uvs: Float32Array.from(reader.uvs),
    material: Uint16Array.from(reader.material),
    materials: reader.materials,
    libraries: reader.libraries,
  };
}
