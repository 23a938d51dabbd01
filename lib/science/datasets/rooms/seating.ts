import { addMaterial, type Builder, beginObject, between, chance, type Maker, pick } from './builder';
import { anySurface } from './materials';
import { type Footprint, type Furniture, fourLegs } from './parts';
import type { Place } from './solids';

function star(m: Maker, height: number, material: number): void {
  m.cylinder([0, 0, height / 2 + 0.04], 0.035, height - 0.08, material);
  for (let i = 0; i < 5; i++) {
    const angle = (i * 2 * Math.PI) / 5;
    m.box([0.14 * Math.cos(angle), 0.14 * Math.sin(angle), 0.06], [0.3, 0.05, 0.04], material, { rz: angle });
  }
}

function chairBack(m: Maker, size: Footprint, seat: number, frame: number, fabric: number): void {
  const { w, d, h } = size;
  const lean = between(m.rng, 0.06, 0.22);
  const middle = (seat + h) / 2;
  const tall = h - seat;
  const y = -d / 2 + 0.02 - (lean * tall) / 2;
  const style = m.rng.int(4);
  if (style === 0) m.box([0, y, middle], [w * 0.94, 0.045, tall], fabric, { rx: lean });
  else if (style === 1) {
    m.box([0, y, h - 0.09], [w * 0.94, 0.04, 0.16], frame, { rx: lean });
    for (const x of [-0.42, -0.14, 0.14, 0.42]) {
      m.box([x * w, y + 0.01, middle - 0.04], [0.035, 0.03, tall], frame, { rx: lean });
    }
  } else if (style === 2) {
    for (const z of [0.35, 0.65, 0.92]) {
      m.box([0, y, seat + z * tall], [w * 0.92, 0.03, 0.08], fabric, { rx: lean });
    }
    for (const x of [-0.45, 0.45]) m.box([x * w, y, middle], [0.04, 0.04, tall], frame, { rx: lean });
  } else m.ball([0, y, middle + 0.04], [w * 0.95, 0.1, tall], fabric, { rx: lean });
}

function buildChair(b: Builder, place: Place, size: Footprint): void {
  const m = beginObject(b, place, 'chair');
  const frame = addMaterial(b, anySurface(b.palette));
  const fabric = chance(b.rng, 0.4) ? frame : addMaterial(b, anySurface(b.palette));
  const seat = between(b.rng, 0.42, 0.48);
  const round = chance(b.rng, 0.15);
  if (round) m.cylinder([0, 0, seat - 0.03], size.w / 2, 0.06, fabric);
  else m.box([0, 0, seat - 0.03], [size.w, size.d, 0.06], fabric);
  if (chance(b.rng, 0.22)) star(m, seat - 0.05, frame);
  else fourLegs(m, size.w * 0.95, size.d * 0.95, seat - 0.04, frame);
  chairBack(m, size, seat, frame, fabric);
  if (chance(b.rng, 0.25)) {
    for (const s of [-1, 1]) {
      m.box([(s * size.w) / 2, -0.02, seat + 0.2], [0.05, size.d * 0.8, 0.04], frame);
      m.box([(s * size.w) / 2, size.d * 0.3, seat + 0.1], [0.04, 0.04, 0.2], frame);
    }
  }
}

export const chair: Furniture = {
  name: 'chair',
  size: (rng) => ({ w: between(rng, 0.42, 0.54), d: between(rng, 0.42, 0.52), h: between(rng, 0.82, 1.05) }),
  build: buildChair,
};

function sofaArms(m: Maker, size: Footprint, arm: number, armHeight: number, fabric: number): void {
  const roll = chance(m.rng, 0.4);
  for (const s of [-1, 1]) {
    const x = s * (size.w / 2 - arm / 2);
    m.box([x, 0, armHeight / 2 + 0.04], [arm, size.d, armHeight - 0.08], fabric);
    if (roll) m.cylinder([x, 0, armHeight], arm * 0.6, size.d, fabric, { turn: { rx: Math.PI / 2 } });
  }
}

function buildSofa(b: Builder, place: Place, size: Footprint): void {
  const m = beginObject(b, place, 'sofa');
  const fabric = addMaterial(b, anySurface(b.palette));
  const cushion = chance(b.rng, 0.5) ? fabric : addMaterial(b, anySurface(b.palette));
  const { w, d, h } = size;
  const arm = between(b.rng, 0.12, 0.24);
  const seat = between(b.rng, 0.38, 0.46);
  const lean = between(b.rng, 0.1, 0.25);
  m.box([0, 0, 0.18], [w - 0.02, d, 0.24], fabric);
  sofaArms(m, size, arm, seat + between(b.rng, 0.12, 0.24), fabric);
  const inner = w - 2 * arm;
  const seats = Math.max(1, Math.round(inner / 0.62));
  for (let i = 0; i < seats; i++) {
    const x = -inner / 2 + (inner * (i + 0.5)) / seats;
    m.box([x, 0.08, seat - 0.07], [inner / seats - 0.015, d - 0.2, 0.15], cushion);
    m.box([x, -d / 2 + 0.2, (seat + h) / 2], [inner / seats - 0.02, 0.18, h - seat], cushion, { rx: lean });
  }
  m.box([0, -d / 2 + 0.06, h / 2], [w - arm, 0.12, h - 0.08], fabric, { rx: lean * 0.4 });
  const pillows = b.rng.int(4);
  for (let i = 0; i < pillows; i++) {
    const material = addMaterial(b, anySurface(b.palette));
    const x = between(b.rng, -inner / 2 + 0.2, inner / 2 - 0.2);
    m.ball([x, -d / 2 + 0.38, seat + 0.2], [0.44, 0.18, 0.4], material, {
      rx: 0.35,
      rz: between(b.rng, -0.3, 0.3),
    });
  }
}

export const sofa: Furniture = {
  name: 'sofa',
  size: (rng) => ({
    w: pick(rng, [0.95, 1.6, 2.0, 2.3]) * between(rng, 0.92, 1.08),
    d: between(rng, 0.82, 1),
    h: between(rng, 0.74, 0.96),
  }),
  build: buildSofa,
};

function headboard(m: Maker, size: Footprint, material: number): void {
  const { w, d, h } = size;
  const style = m.rng.int(3);
  if (style === 0) m.box([0, -d / 2 + 0.04, h / 2], [w + 0.06, 0.08, h], material);
  else if (style === 1) {
    for (let i = 0; i < 7; i++) m.cylinder([(i / 6 - 0.5) * w, -d / 2 + 0.04, h / 2], 0.025, h, material);
    m.box([0, -d / 2 + 0.04, h - 0.04], [w + 0.06, 0.06, 0.08], material);
  } else {
    for (const x of [-0.25, 0.25])
      m.ball([x * w, -d / 2 + 0.08, h * 0.72], [w * 0.5, 0.16, h * 0.55], material);
    m.box([0, -d / 2 + 0.03, h * 0.4], [w, 0.06, h * 0.8], material);
  }
}

function buildBed(b: Builder, place: Place, size: Footprint): void {
  const m = beginObject(b, place, 'bed');
  const frame = addMaterial(b, anySurface(b.palette));
  const sheet = addMaterial(b, anySurface(b.palette));
  const blanket = addMaterial(b, anySurface(b.palette));
  const { w, d } = size;
  const top = between(b.rng, 0.46, 0.62);
  m.box([0, 0, 0.22], [w, d, 0.16], frame);
  fourLegs(m, w, d, 0.16, frame);
  m.box([0, 0.02, (0.3 + top) / 2], [w - 0.06, d - 0.1, top - 0.3], sheet);
  const cover = between(b.rng, 0.55, 0.75) * d;
  const thick = between(b.rng, 0.04, 0.09);
  m.box([0, d / 2 - cover / 2, (0.26 + top + thick) / 2], [w + 0.03, cover, top + thick - 0.26], blanket);
  if (chance(b.rng, 0.5)) m.box([0, d / 2 - cover, top + thick], [w + 0.04, 0.3, thick], sheet);
  headboard(m, size, frame);
  const heads = w > 1.25 ? 2 : 1;
  for (let i = 0; i < heads; i++) {
    const x = heads === 1 ? 0 : (i - 0.5) * w * 0.48;
    m.ball([x, -d / 2 + 0.32, top + 0.09], [0.62, 0.42, 0.24], sheet, { rx: between(b.rng, 0.1, 0.6) });
  }
}

export const bed: Furniture = {
  name: 'bed',
  size: (rng) => ({
    w: pick(rng, [0.95, 1.4, 1.65]) * between(rng, 0.95, 1.06),
    d: between(rng, 1.95, 2.15),
    h: between(rng, 0.85, 1.25),
  }),
  build: buildBed,
};
