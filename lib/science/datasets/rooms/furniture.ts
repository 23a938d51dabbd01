import { addMaterial, type Builder, beginObject, between, chance, type Maker, pick } from './builder';
import { anySurface, type Colour, makeMaterial, PATTERN, pickColour } from './materials';
import { clutter, type Footprint, type Furniture, fourLegs, lampShade } from './parts';
import type { Place } from './solids';

function tableLegs(m: Maker, size: Footprint, height: number, material: number): void {
  const style = m.rng.int(3);
  if (style === 0 && size.w < 1.5) {
    m.cylinder([0, 0, height / 2], 0.06, height, material);
    m.cylinder([0, 0, 0.03], Math.min(size.w, size.d) * 0.32, 0.06, material, { top: 0.6 });
  } else if (style === 1) {
    for (const s of [-1, 1]) {
      m.box([s * size.w * 0.38, 0, height / 2], [0.06, size.d * 0.7, height], material);
    }
    m.box([0, 0, height * 0.35], [size.w * 0.76, 0.05, 0.1], material);
  } else fourLegs(m, size.w * 0.96, size.d * 0.96, height, material);
}

function buildTable(b: Builder, place: Place, size: Footprint): void {
  const m = beginObject(b, place, 'table');
  const top = addMaterial(b, anySurface(b.palette));
  const legs = chance(b.rng, 0.6) ? top : addMaterial(b, anySurface(b.palette));
  const thick = between(b.rng, 0.03, 0.06);
  const round = Math.abs(size.w - size.d) < 0.12 && chance(b.rng, 0.7);
  if (round) m.cylinder([0, 0, size.h - thick / 2], size.w / 2, thick, top);
  else m.box([0, 0, size.h - thick / 2], [size.w, size.d, thick], top);
  if (!round && chance(b.rng, 0.4)) {
    m.box([0, 0, size.h - thick - 0.05], [size.w * 0.9, size.d * 0.86, 0.1], legs);
  }
  tableLegs(m, round ? { w: size.w * 0.75, d: size.d * 0.75, h: size.h } : size, size.h - thick, legs);
  clutter(b, place, size.w, size.d, size.h, 4);
}

export const diningTable: Furniture = {
  name: 'dining table',
  size: (rng) => {
    const w = between(rng, 0.9, 1.9);
    return { w, d: chance(rng, 0.3) ? w : between(rng, 0.8, 1), h: between(rng, 0.7, 0.78) };
  },
  build: buildTable,
};

export const coffeeTable: Furniture = {
  name: 'coffee table',
  size: (rng) => {
    const w = between(rng, 0.7, 1.2);
    return { w, d: chance(rng, 0.4) ? w : between(rng, 0.5, 0.7), h: between(rng, 0.34, 0.48) };
  },
  build: buildTable,
};

function buildDesk(b: Builder, place: Place, size: Footprint): void {
  const m = beginObject(b, place, 'table');
  const top = addMaterial(b, anySurface(b.palette));
  const body = chance(b.rng, 0.5) ? top : addMaterial(b, anySurface(b.palette));
  m.box([0, 0, size.h - 0.02], [size.w, size.d, 0.04], top);
  const side = chance(b.rng, 0.5) ? 1 : -1;
  const wide = between(b.rng, 0.32, 0.45);
  const x = side * (size.w / 2 - wide / 2 - 0.01);
  m.box([x, 0, size.h / 2 - 0.02], [wide, size.d * 0.92, size.h - 0.05], body);
  const knob = addMaterial(b, anySurface(b.palette));
  for (let i = 0; i < 3; i++) {
    const z = (size.h * (i + 0.5)) / 3.2;
    m.box([x, size.d * 0.46 + 0.008, z], [wide * 0.88, 0.016, size.h / 3.8], body);
    m.box([x, size.d * 0.46 + 0.025, z], [0.12, 0.02, 0.02], knob);
  }
  m.box([-side * (size.w / 2 - 0.03), 0, size.h / 2 - 0.02], [0.05, size.d * 0.9, size.h - 0.04], body);
  if (chance(b.rng, 0.7)) buildScreen(b, place, size);
  clutter(b, place, size.w, size.d * 0.8, size.h, 3);
}

function buildScreen(b: Builder, place: Place, size: Footprint): void {
  const m = beginObject(b, place, 'clutter');
  const dark = addMaterial(b, makeMaterial(b.palette, PATTERN.plain, 0.5, 0.12));
  const art = addMaterial(b, makeMaterial(b.palette, PATTERN.art, 0.2));
  const x = between(b.rng, -0.2, 0.2) * size.w;
  m.box([x, -0.12, size.h + 0.26], [0.56, 0.03, 0.34], dark);
  m.box([x, -0.103, size.h + 0.26], [0.52, 0.006, 0.3], art);
  m.box([x, -0.14, size.h + 0.06], [0.05, 0.03, 0.12], dark);
  m.box([x, -0.12, size.h + 0.01], [0.24, 0.16, 0.02], dark);
}

export const desk: Furniture = {
  name: 'desk',
  size: (rng) => ({ w: between(rng, 1.1, 1.7), d: between(rng, 0.55, 0.75), h: between(rng, 0.7, 0.78) }),
  build: buildDesk,
};

function leaf(m: Maker, z: number, spread: number, material: number): void {
  const angle = between(m.rng, 0, 2 * Math.PI);
  const tilt = between(m.rng, 0.25, 1.15);
  const length = spread * between(m.rng, 0.8, 1.3);
  const out = (Math.sin(tilt) * length) / 2;
  m.ball(
    [Math.cos(angle) * out, Math.sin(angle) * out, z + (Math.cos(tilt) * length) / 2],
    [spread * 0.3, 0.03, length],
    material,
    { rx: 0, ry: tilt, rz: angle },
  );
}

function buildPlant(b: Builder, place: Place, size: Footprint): void {
  const m = beginObject(b, place, 'plant');
  const pot = addMaterial(b, anySurface(b.palette));
  const leaves = addMaterial(b, {
    ...makeMaterial(b.palette, PATTERN.weave, 0.12),
    a: foliage(b),
    b: foliage(b),
  });
  const rim = between(b.rng, 0.12, 0.19);
  const high = between(b.rng, 0.2, 0.38);
  m.cylinder([0, 0, high / 2], rim, high, pot, { bottom: between(b.rng, 0.6, 0.9) });
  const style = b.rng.int(3);
  if (style === 0) {
    for (let i = 0; i < 13; i++) leaf(m, high, (size.h - high) * 0.8, leaves);
    return;
  }
  const trunk = (size.h - high) * (style === 1 ? 0.55 : 0.3);
  m.cylinder([0, 0, high + trunk / 2], 0.025, trunk, pot);
  const crown = size.h - high - trunk;
  const balls = style === 1 ? 6 : 9;
  for (let i = 0; i < balls; i++) {
    const r = between(b.rng, 0.32, 0.5) * crown;
    const at = [
      between(b.rng, -0.22, 0.22),
      between(b.rng, -0.22, 0.22),
      between(b.rng, 0.2, 0.8) * crown,
    ] as const;
    m.ball([at[0], at[1], high + trunk + at[2]], [r, r, r], leaves);
  }
}

/** Leaves are greener than furniture but not only green: the palette alone must not tell. */
function foliage(b: Builder): Colour {
  const [r, g, bl] = pickColour(b.palette, between(b.rng, 0.2, 0.5));
  return chance(b.rng, 0.6) ? [r * 0.7, Math.max(r, g, bl), bl * 0.6] : [r, g, bl];
}

export const plant: Furniture = {
  name: 'plant',
  size: (rng) => ({ w: 0.5, d: 0.5, h: between(rng, 0.7, 1.7) }),
  build: buildPlant,
};

function buildFloorLamp(b: Builder, place: Place, size: Footprint): void {
  const m = beginObject(b, place, 'lamp');
  const metal = addMaterial(b, anySurface(b.palette));
  m.cylinder([0, 0, 0.02], 0.15, 0.04, metal, { top: 0.8 });
  m.cylinder([0, 0, size.h / 2], 0.018, size.h, metal);
  lampShade(m, size.h - 0.05, between(b.rng, 0.17, 0.26));
}

export const floorLamp: Furniture = {
  name: 'floor lamp',
  size: (rng) => ({ w: 0.42, d: 0.42, h: between(rng, 1.35, 1.75) }),
  build: buildFloorLamp,
};

function buildRug(b: Builder, place: Place, size: Footprint): void {
  const m = beginObject(b, place, 'rug');
  const pattern = pick(b.rng, [
    PATTERN.weave,
    PATTERN.carpet,
    PATTERN.plaid,
    PATTERN.stripes,
    PATTERN.damask,
    PATTERN.dots,
  ]);
  const material = addMaterial(b, makeMaterial(b.palette, pattern, between(b.rng, 0.2, 0.5)));
  const border = addMaterial(b, anySurface(b.palette));
  if (chance(b.rng, 0.3)) m.cylinder([0, 0, 0.01], Math.min(size.w, size.d) / 2, 0.02, material);
  else {
    m.box([0, 0, 0.008], [size.w, size.d, 0.016], border);
    m.box([0, 0, 0.01], [size.w * 0.86, size.d * 0.84, 0.02], material);
  }
}

export const rug: Furniture = {
  name: 'rug',
  size: (rng) => ({ w: between(rng, 1.4, 2.6), d: between(rng, 1.1, 1.9), h: 0.02 }),
  build: buildRug,
};
