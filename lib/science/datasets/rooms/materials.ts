import type { Rng } from '../../core';

/** Linear RGB in [0, 1]. */
export type Colour = readonly [number, number, number];

/** Patterns mix colour `a` into colour `b`; every pattern may appear on any class of object. */
export const PATTERN = {
  plain: 0,
  stripes: 1,
  brick: 2,
  tiles: 3,
  planks: 4,
  checker: 5,
  grain: 6,
  weave: 7,
  dots: 8,
  damask: 9,
  panel: 10,
  plaid: 11,
  carpet: 12,
  art: 13,
  sky: 14,
} as const;
export type Pattern = (typeof PATTERN)[keyof typeof PATTERN];

export interface Material {
  pattern: Pattern;
  a: Colour;
  b: Colour;
  /** Length of one period in metres. */
  scale: number;
  /** Offset so that equal patterns do not line up. */
  shift: number;
  /** Radiance of the surface itself (lamp shades, sky), 0 for everything else. */
  glow: number;
}

function hash(x: number, y: number): number {
  let h = Math.imul(x, 0x27d4eb2d) ^ Math.imul(y, 0x165667b1);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  h ^= h >>> 13;
  return (h >>> 0) / 4294967296;
}

const smooth = (t: number): number => t * t * (3 - 2 * t);

/** Value noise in [0, 1] with period-1 lattice cells. */
function noise(x: number, y: number): number {
  const ix = Math.floor(x);
  const iy = Math.floor(y);
  const fx = smooth(x - ix);
  const fy = smooth(y - iy);
  const top = hash(ix, iy) * (1 - fx) + hash(ix + 1, iy) * fx;
  const bottom = hash(ix, iy + 1) * (1 - fx) + hash(ix + 1, iy + 1) * fx;
  return top * (1 - fy) + bottom * fy;
}

const frac = (x: number): number => x - Math.floor(x);

function brick(u: number, v: number): number {
  const row = Math.floor(v * 3);
  const x = u + (row & 1) * 0.5;
  const joint = frac(x) < 0.05 || frac(v * 3) < 0.14;
  return joint ? 1 : 0.45 * hash(Math.floor(x), row);
}

function planks(u: number, v: number): number {
  const row = Math.floor(v * 1);
  const x = u * 0.14 + hash(row, 7);
  const seam = frac(v) < 0.05 || frac(x) < 0.008;
  return seam ? 1 : 0.5 * hash(Math.floor(x), row) + 0.2 * noise(u * 0.6, v * 7);
}

function plaid(u: number, v: number): number {
  return (frac(u) < 0.45 ? 0.45 : 0) + (frac(v) < 0.45 ? 0.45 : 0) + (frac(u * 2 + 0.2) < 0.12 ? 0.1 : 0);
}

function dots(u: number, v: number): number {
  const row = Math.floor(v);
  const x = frac(u + (row & 1) * 0.5) - 0.5;
  const y = frac(v) - 0.5;
  return x * x + y * y < 0.07 ? 1 : 0;
}

function damask(u: number, v: number): number {
  const x = frac(u + (Math.floor(v) & 1) * 0.5) - 0.5;
  const y = frac(v) - 0.5;
  return Math.abs(Math.abs(x) + Math.abs(y) - 0.3) < 0.1 || Math.abs(x) + Math.abs(y) < 0.08 ? 1 : 0;
}

/** Share of colour b at the point (u, v), in periods of the pattern. */
function share(pattern: Pattern, u: number, v: number): number {
  switch (pattern) {
    case PATTERN.stripes:
      return frac(u) < 0.5 ? 1 : 0;
    case PATTERN.brick:
      return brick(u, v);
    case PATTERN.tiles:
      return frac(u) < 0.06 || frac(v) < 0.06 ? 1 : 0.25 * hash(Math.floor(u), Math.floor(v));
    case PATTERN.planks:
      return planks(u, v);
    case PATTERN.checker:
      return (Math.floor(u) + Math.floor(v)) & 1;
    case PATTERN.grain:
      return noise(u * 0.5, v * 5) * 0.8;
    case PATTERN.weave:
      return 0.5 * noise(u * 2, v * 2) + 0.5 * noise(u * 5, v * 5);
    case PATTERN.dots:
      return dots(u, v);
    case PATTERN.damask:
      return damask(u, v);
    case PATTERN.panel:
      return frac(u) < 0.08 ? 1 : 0;
    case PATTERN.plaid:
      return plaid(u, v);
    case PATTERN.carpet:
      return noise(u * 3, v * 3);
    case PATTERN.art:
      return Math.min(1, Math.max(0, 2.2 * noise(u, v) - 0.6 + 0.5 * (noise(u * 3, v * 3) - 0.5)));
    default:
      return 0.25 * noise(u, v);
  }
}

/** Mean of `share` over the plane: what a distant pattern fades to. */
const MEAN_SHARE = [0.12, 0.5, 0.35, 0.22, 0.37, 0.5, 0.4, 0.5, 0.22, 0.3, 0.08, 0.42, 0.5, 0.5, 0.3];

/**
 * Albedo (or radiance of glowing materials) at texture point (u, v) metres. Patterns finer
 * than the footprint fade to their mean, so that distant floors do not alias.
 */
export function albedoAt(m: Material, u: number, v: number, footprint: number, out: Float64Array): void {
  const period = m.pattern === PATTERN.weave || m.pattern === PATTERN.carpet ? m.scale * 0.3 : m.scale * 0.5;
  const sharp = Math.min(1, Math.max(0, 1.6 - footprint / period));
  const mean = MEAN_SHARE[m.pattern] ?? 0.5;
  const x = (u + m.shift) / m.scale;
  const y = (v + m.shift * 0.7) / m.scale;
  const w = sharp > 0 ? mean + (share(m.pattern, x, y) - mean) * sharp : mean;
  out[0] = m.a[0] + (m.b[0] - m.a[0]) * w;
  out[1] = m.a[1] + (m.b[1] - m.a[1]) * w;
  out[2] = m.a[2] + (m.b[2] - m.a[2]) * w;
}

function fromHsl(h: number, s: number, l: number): Colour {
  const channel = (n: number): number => {
    const k = (n + h * 12) % 12;
    return l - s * Math.min(l, 1 - l) * Math.max(-1, Math.min(k - 3, 9 - k, 1));
  };
  // a gamma of 2 stands in for sRGB → linear
  return [channel(0) ** 2, channel(8) ** 2, channel(4) ** 2];
}

/** One palette for everything in a room: no class has colours of its own. */
export interface Palette {
  rng: Rng;
  hues: readonly number[];
}

export const makePalette = (rng: Rng): Palette => ({
  rng,
  // most rooms have something of wood and plaster; the rest may be any colour
  hues: [0.03 + 0.12 * rng.next(), rng.next(), rng.next()],
});

/** A colour near one of the room's hues; lightness covers the whole range. */
export function pickColour({ rng, hues }: Palette, lightness?: number): Colour {
  const hue = ((hues[rng.int(hues.length)] ?? 0) + 0.06 * rng.normal() + 1) % 1;
  const kind = rng.next();
  const saturation =
    kind < 0.5 ? 0.03 + 0.15 * rng.next() : kind < 0.88 ? 0.15 + 0.3 * rng.next() : 0.45 + 0.3 * rng.next();
  return fromHsl((hue + 1) % 1, saturation, lightness ?? 0.22 + 0.66 * rng.next());
}

/** A second colour that stands off the first: the same hue lighter or darker, or another one. */
function contrast(palette: Palette, a: Colour): Colour {
  const { rng } = palette;
  if (rng.next() < 0.2) return pickColour(palette);
  const luminance = 0.3 * a[0] + 0.6 * a[1] + 0.1 * a[2];
  const factor = luminance > 0.2 ? 0.4 + 0.45 * rng.next() : 1.3 + 1.2 * rng.next();
  const c = (x: number): number => Math.min(0.95, x * factor + (factor > 1 ? 0.03 : 0));
  return [c(a[0]), c(a[1]), c(a[2])];
}

export function makeMaterial(
  palette: Palette,
  pattern: Pattern,
  scale: number,
  lightness?: number,
): Material {
  const a = pickColour(palette, lightness);
  return { pattern, a, b: contrast(palette, a), scale, shift: palette.rng.next() * 3, glow: 0 };
}

const SURFACES: readonly (readonly [Pattern, number])[] = [
  [PATTERN.plain, 0.5],
  [PATTERN.plain, 0.8],
  [PATTERN.grain, 0.18],
  [PATTERN.grain, 0.3],
  [PATTERN.weave, 0.2],
  [PATTERN.stripes, 0.12],
  [PATTERN.plaid, 0.2],
  [PATTERN.carpet, 0.15],
  [PATTERN.dots, 0.12],
  [PATTERN.checker, 0.15],
];

/** Any furniture surface; patterns are not tied to classes either. */
export function anySurface(palette: Palette): Material {
  const [pattern, scale] = SURFACES[palette.rng.int(SURFACES.length)] ?? [PATTERN.plain, 0.5];
  return makeMaterial(palette, pattern, scale * (0.7 + 0.8 * palette.rng.next()));
}

const WALLS: readonly (readonly [Pattern, number])[] = [
  [PATTERN.plain, 0.7],
  [PATTERN.plain, 1.1],
  [PATTERN.stripes, 0.24],
  [PATTERN.brick, 0.3],
  [PATTERN.panel, 0.35],
  [PATTERN.damask, 0.4],
  [PATTERN.dots, 0.3],
  [PATTERN.tiles, 0.3],
];

export function wallSurface(palette: Palette): Material {
  const [pattern, scale] = WALLS[palette.rng.int(WALLS.length)] ?? [PATTERN.plain, 0.7];
  return makeMaterial(palette, pattern, scale * (0.8 + 0.5 * palette.rng.next()));
}

const FLOORS: readonly (readonly [Pattern, number])[] = [
  [PATTERN.planks, 0.16],
  [PATTERN.planks, 0.22],
  [PATTERN.tiles, 0.45],
  [PATTERN.carpet, 0.25],
  [PATTERN.checker, 0.4],
  [PATTERN.grain, 0.5],
];

export function floorSurface(palette: Palette): Material {
  const [pattern, scale] = FLOORS[palette.rng.int(FLOORS.length)] ?? [PATTERN.planks, 0.2];
  return makeMaterial(palette, pattern, scale * (0.8 + 0.5 * palette.rng.next()));
}
