import { addMaterial, type Builder, beginObject, between, chance, type Maker, pick } from './builder';
import { anySurface, makeMaterial, PATTERN } from './materials';
import { clutter, type Footprint, type Furniture, lampShade } from './parts';
import type { Place } from './solids';

interface Compartment {
  x: number;
  w: number;
  z: number;
  h: number;
}

function books(m: Maker, cell: Compartment, depth: number, covers: readonly number[]): void {
  m.casts = false;
  let x = cell.x - cell.w / 2 + 0.01;
  const end = cell.x + cell.w / 2 - between(m.rng, 0.01, 0.35) * cell.w;
  while (x < end) {
    // one solid stands for one thick volume or a few thin ones
    const thick = between(m.rng, 0.035, 0.09);
    const tall = Math.min(cell.h - 0.03, between(m.rng, 0.55, 0.95) * cell.h);
    const lean = chance(m.rng, 0.08) ? 0.2 : 0;
    const material = covers[m.rng.int(covers.length)] ?? 0;
    m.box(
      [x + thick / 2, between(m.rng, -0.02, 0.02), cell.z + tall / 2],
      [thick * 0.94, depth * 0.75, tall],
      material,
      { ry: lean },
    );
    x += thick + (lean > 0 ? 0.05 : 0);
  }
  m.casts = true;
}

function buildShelf(b: Builder, place: Place, size: Footprint): void {
  const m = beginObject(b, place, 'storage');
  const { w, d, h } = size;
  const wood = addMaterial(b, anySurface(b.palette));
  const back = chance(b.rng, 0.5) ? wood : addMaterial(b, anySurface(b.palette));
  const covers = [0, 1, 2, 3, 4].map(() => addMaterial(b, makeMaterial(b.palette, PATTERN.plain, 0.3)));
  const t = 0.03;
  m.box([0, -d / 2 + 0.01, h / 2], [w, 0.02, h], back);
  for (const s of [-1, 1]) m.box([s * (w / 2 - t / 2), 0, h / 2], [t, d, h], wood);
  const rows = Math.max(2, Math.round(h / between(b.rng, 0.32, 0.42)));
  const columns = w > 1.1 && chance(b.rng, 0.5) ? 2 : 1;
  for (let r = 0; r <= rows; r++) m.box([0, 0, t / 2 + ((h - t) * r) / rows], [w - 0.01, d, t], wood);
  if (columns === 2) m.box([0, 0, h / 2], [t, d * 0.98, h], wood);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const cw = w / columns - 2 * t;
      const cell = {
        x: (c + 0.5 - columns / 2) * (w / columns),
        w: cw,
        z: t + ((h - t) * r) / rows,
        h: h / rows - t,
      };
      const content = b.rng.next();
      if (content < 0.62) books(m, cell, d, covers);
      else if (content < 0.75) {
        m.box([cell.x, 0, cell.z + cell.h * 0.35], [cw * 0.7, d * 0.8, cell.h * 0.7], covers[0] ?? 0);
      } else if (content < 0.85) {
        m.cylinder([cell.x, 0, cell.z + cell.h * 0.3], cell.h * 0.22, cell.h * 0.6, covers[1] ?? 0, {
          bottom: 0.6,
        });
      }
    }
  }
}

export const shelf: Furniture = {
  name: 'shelf',
  size: (rng) => ({
    w: between(rng, 0.7, 1.6),
    d: between(rng, 0.28, 0.4),
    h: pick(rng, [0.8, 1.2, 1.7, 2]) * between(rng, 0.93, 1.07),
  }),
  build: buildShelf,
};

function fronts(m: Maker, size: Footprint, base: number, door: number, knob: number): void {
  const { w, d, h } = size;
  const columns = Math.max(1, Math.round(w / between(m.rng, 0.38, 0.6)));
  const rows = h > 1.3 ? 1 : 1 + m.rng.int(3);
  m.casts = false;
  for (let c = 0; c < columns; c++) {
    for (let r = 0; r < rows; r++) {
      const x = (c + 0.5 - columns / 2) * (w / columns);
      const z = base + ((h - base) * (r + 0.5)) / rows;
      const fw = w / columns - 0.03;
      const fh = (h - base) / rows - 0.03;
      m.box([x, d / 2 + 0.008, z], [fw, 0.02, fh], door);
      const kx = rows === 1 ? x + (c % 2 === 0 ? 1 : -1) * fw * 0.38 : x;
      if (rows === 1) m.cylinder([kx, d / 2 + 0.035, z], 0.014, 0.16, knob);
      else m.ball([kx, d / 2 + 0.03, z], [0.045, 0.045, 0.045], knob);
    }
  }
  m.casts = true;
}

function buildCabinet(b: Builder, place: Place, size: Footprint): void {
  const m = beginObject(b, place, 'storage');
  const body = addMaterial(b, anySurface(b.palette));
  const door = chance(b.rng, 0.5) ? body : addMaterial(b, anySurface(b.palette));
  const knob = addMaterial(b, anySurface(b.palette));
  const { w, d, h } = size;
  const base = chance(b.rng, 0.5) ? 0.06 : between(b.rng, 0.1, 0.18);
  m.box([0, 0, (h + base) / 2], [w, d, h - base], body);
  if (base < 0.08) m.box([0, -0.02, base / 2], [w * 0.96, d * 0.92, base], body);
  else
    for (const sx of [-1, 1])
      for (const sy of [-1, 1])
        m.cylinder([sx * w * 0.45, sy * d * 0.4, base / 2], 0.025, base, knob, { bottom: 0.6 });
  if (chance(b.rng, 0.4)) m.box([0, 0.01, h + 0.015], [w + 0.05, d + 0.06, 0.03], door);
  fronts(m, size, base, door, knob);
  if (h < 1.3) clutter(b, place, w, d, h + 0.03, 3);
}

export const cabinet: Furniture = {
  name: 'cabinet',
  size: (rng) => ({ w: between(rng, 0.8, 1.7), d: between(rng, 0.38, 0.5), h: between(rng, 0.55, 1.05) }),
  build: buildCabinet,
};

export const wardrobe: Furniture = {
  name: 'wardrobe',
  size: (rng) => ({ w: between(rng, 0.9, 1.9), d: between(rng, 0.5, 0.62), h: between(rng, 1.85, 2.2) }),
  build: buildCabinet,
};

function buildNightstand(b: Builder, place: Place, size: Footprint): void {
  buildCabinet(b, place, size);
  if (!chance(b.rng, 0.7)) return;
  const m = beginObject(b, { ...place, z: place.z + size.h + 0.03 }, 'lamp');
  const foot = addMaterial(b, anySurface(b.palette));
  if (chance(b.rng, 0.5)) m.ball([0, 0, 0.1], [0.18, 0.18, 0.2], foot);
  else m.cylinder([0, 0, 0.1], 0.07, 0.2, foot, { top: 0.4 });
  m.cylinder([0, 0, 0.2], 0.015, 0.2, foot);
  lampShade(m, 0.36, between(b.rng, 0.12, 0.17));
}

export const nightstand: Furniture = {
  name: 'nightstand',
  size: (rng) => ({ w: between(rng, 0.38, 0.55), d: between(rng, 0.36, 0.45), h: between(rng, 0.42, 0.62) }),
  build: buildNightstand,
};

function buildCounter(b: Builder, place: Place, size: Footprint): void {
  const m = beginObject(b, place, 'storage');
  const body = addMaterial(b, anySurface(b.palette));
  const slab = addMaterial(b, anySurface(b.palette));
  const knob = addMaterial(b, anySurface(b.palette));
  const { w, d, h } = size;
  m.box([0, -0.01, h / 2], [w, d - 0.02, h - 0.06], body);
  m.box([0, 0.01, h - 0.02], [w + 0.02, d + 0.04, 0.04], slab);
  fronts(m, { w, d: d - 0.03, h: h - 0.05 }, 0.1, body, knob);
  const tall = between(b.rng, 0.5, 0.75);
  if (chance(b.rng, 0.8)) {
    m.box([0, -d / 2 + 0.17, 1.45 + tall / 2], [w, 0.34, tall], body);
    const columns = Math.max(1, Math.round(w / 0.5));
    m.casts = false;
    for (let c = 0; c < columns; c++) {
      const x = (c + 0.5 - columns / 2) * (w / columns);
      m.box([x, -d / 2 + 0.35, 1.45 + tall / 2], [w / columns - 0.025, 0.02, tall - 0.03], body);
      m.cylinder([x + 0.15, -d / 2 + 0.37, 1.52], 0.012, 0.12, knob);
    }
  }
  clutter(b, place, w, d * 0.7, h, 5);
}

export const counter: Furniture = {
  name: 'counter',
  size: (rng) => ({ w: between(rng, 1.5, 2.9), d: between(rng, 0.56, 0.64), h: between(rng, 0.84, 0.94) }),
  build: buildCounter,
};

function buildFridge(b: Builder, place: Place, size: Footprint): void {
  const m = beginObject(b, place, 'storage');
  const body = addMaterial(b, makeMaterial(b.palette, PATTERN.plain, 0.8));
  const knob = addMaterial(b, anySurface(b.palette));
  const { w, d, h } = size;
  m.box([0, -0.02, h / 2], [w, d - 0.06, h], body);
  const split = between(b.rng, 0.3, 0.65) * h;
  m.box([0, d / 2 - 0.03, split / 2 + 0.02], [w, 0.05, split - 0.04], body);
  m.box([0, d / 2 - 0.03, (split + h) / 2], [w, 0.05, h - split - 0.02], body);
  for (const z of [split - 0.2, split + 0.2]) m.cylinder([w * 0.4, d / 2 + 0.02, z], 0.015, 0.28, knob);
}

export const fridge: Furniture = {
  name: 'fridge',
  size: (rng) => ({ w: between(rng, 0.58, 0.75), d: between(rng, 0.58, 0.68), h: between(rng, 1.4, 1.95) }),
  build: buildFridge,
};
