import type { Rng } from '../../core';
import { addMaterial, type Builder, beginObject, between, chance, type Maker, pick } from './builder';
import { anySurface, type Colour, makeMaterial, PATTERN } from './materials';
import type { Place } from './solids';

/** Full extents in metres; local +y is the front, the back is at y = −d/2. */
export interface Footprint {
  w: number;
  d: number;
  h: number;
}

export interface Furniture {
  name: string;
  size(rng: Rng): Footprint;
  build(b: Builder, place: Place, size: Footprint): void;
}

/** Four straight, round or splayed legs under a w × d top. */
export function fourLegs(m: Maker, w: number, d: number, height: number, material: number): void {
  const round = chance(m.rng, 0.5);
  const thick = between(m.rng, 0.04, 0.07);
  const splay = chance(m.rng, 0.3) ? 0.15 : 0;
  for (const sx of [-1, 1]) {
    for (const sy of [-1, 1]) {
      const at = [sx * (w / 2 - thick), sy * (d / 2 - thick), height / 2] as const;
      const turn = { rx: -sy * splay, ry: sx * splay };
      if (round) m.cylinder(at, thick / 2, height, material, { bottom: 0.6, top: 1, turn });
      else m.box(at, [thick, thick, height], material, turn);
    }
  }
}

/** A few small things on a surface: masked in the segmentation, visible to every other task. */
export function clutter(b: Builder, place: Place, w: number, d: number, z: number, most: number): void {
  const count = b.rng.int(most + 1);
  for (let i = 0; i < count; i++) {
    const m = beginObject(b, place, 'clutter');
    const material = addMaterial(b, anySurface(b.palette));
    const x = between(b.rng, -0.4, 0.4) * w;
    const y = between(b.rng, -0.4, 0.4) * d;
    const size = between(b.rng, 0.1, 0.22);
    const kind = b.rng.int(5);
    if (kind === 0)
      m.cylinder([x, y, z + size * 0.7], size * 0.4, size * 1.4, material, { bottom: 0.6, top: 1 });
    else if (kind === 1) m.ball([x, y, z + size * 0.5], [size, size, size], material);
    else if (kind === 2) m.cylinder([x, y, z + 0.015], size * 0.8, 0.03, material, { bottom: 0.6 });
    else if (kind === 3) {
      m.box([x, y, z + 0.03], [size * 1.2, size * 1.6, 0.06], material, { rz: between(b.rng, -1, 1) });
    } else {
      m.cylinder([x, y, z + size * 0.45], size * 0.5, size * 0.9, material, { top: 0.6 });
      m.cylinder([x, y, z + size * 1.2], size * 0.18, size * 0.7, material);
    }
  }
}

/** A glowing shade and its light (warm, weaker than a window). */
export function lampShade(m: Maker, z: number, radius: number): void {
  const { b } = m;
  const warm = pick<Colour>(b.rng, [
    [1, 0.78, 0.5],
    [1, 0.88, 0.7],
    [1, 0.95, 0.88],
  ]);
  const on = chance(b.rng, 0.75);
  const base = makeMaterial(b.palette, PATTERN.plain, 0.4, 0.8);
  const glow = on ? between(b.rng, 1, 2) : 0;
  const shade = addMaterial(b, on ? { ...base, a: warm, b: warm, glow } : base);
  const height = radius * between(b.rng, 1, 1.6);
  m.casts = false;
  if (chance(b.rng, 0.75)) {
    m.cylinder([0, 0, z], radius, height, shade, { top: between(b.rng, 0.45, 0.95) });
  } else m.ball([0, 0, z], [radius * 1.6, radius * 1.6, radius * 1.6], shade);
  m.casts = true;
  if (!on) return;
  const power = between(b.rng, 0.5, 1.5);
  b.lights.push({
    centre: m.toWorld([0, 0, z]),
    u: [radius, 0, 0],
    v: [0, radius, 0],
    facing: null,
    colour: [warm[0] * power, warm[1] * power, warm[2] * power],
  });
}
