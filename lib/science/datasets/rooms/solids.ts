/**
 * The solids that rooms are built of: boxes, cylinders (also cones) and spheres (also
 * ellipsoids), each the affine image of a unit shape. World axes: x and y along the
 * floor, z up, metres.
 */
export const BOX = 0;
export const CYLINDER = 1;
export const SPHERE = 2;

/** Unit shape → world: p = c + R·diag(h)·u. Kept inverted (`m`: world → unit) for ray casting. */
export interface Solid {
  readonly shape: 0 | 1 | 2;
  /** Centre. */
  readonly cx: number;
  readonly cy: number;
  readonly cz: number;
  /** diag(1/h)·Rᵀ, row by row. */
  readonly m0: number;
  readonly m1: number;
  readonly m2: number;
  readonly m3: number;
  readonly m4: number;
  readonly m5: number;
  readonly m6: number;
  readonly m7: number;
  readonly m8: number;
  /** Half extents in metres. */
  readonly hx: number;
  readonly hy: number;
  readonly hz: number;
  /** Cylinders: unit radius at u_z is `mid + slope·u_z` (cone frustum; at most 1 at both ends). */
  readonly mid: number;
  readonly slope: number;
  /** Radius of a ball around the centre that holds the solid. */
  readonly reach: number;
  /** Index into the scene's objects. */
  readonly object: number;
  /** Index into the scene's materials. */
  readonly material: number;
  readonly castsShadow: boolean;
}

export interface Turn {
  /** Radians about the local x, y and z axes, applied in the order x, y, z. */
  rx?: number;
  ry?: number;
  rz?: number;
}

/** Where a piece of furniture stands: local (x, y, z) is turned by `yaw` about z and moved. */
export interface Place {
  x: number;
  y: number;
  z: number;
  yaw: number;
}

export interface SolidRequest {
  shape: 0 | 1 | 2;
  place: Place;
  centre: readonly [number, number, number];
  half: readonly [number, number, number];
  turn?: Turn;
  /** Cylinders: radius at the bottom and the top, as shares of the half extents. */
  bottom?: number;
  top?: number;
  object: number;
  material: number;
  castsShadow?: boolean;
}

type Matrix3 = [number, number, number, number, number, number, number, number, number];

function rotation(turn: Turn, yaw: number): Matrix3 {
  const sx = Math.sin(turn.rx ?? 0);
  const cx = Math.cos(turn.rx ?? 0);
  const sy = Math.sin(turn.ry ?? 0);
  const cy = Math.cos(turn.ry ?? 0);
  const sz = Math.sin((turn.rz ?? 0) + yaw);
  const cz = Math.cos((turn.rz ?? 0) + yaw);
  // Rz·Ry·Rx
  return [
    cz * cy,
    cz * sy * sx - sz * cx,
    cz * sy * cx + sz * sx,
    sz * cy,
    sz * sy * sx + cz * cx,
    sz * sy * cx - cz * sx,
    -sy,
    cy * sx,
    cy * cx,
  ];
}

/** Place a unit shape in the world. */
export function makeSolid(request: SolidRequest): Solid {
  const { place, half, centre, shape } = request;
  const [hx, hy, hz] = half;
  const r = rotation(request.turn ?? {}, place.yaw);
  const cos = Math.cos(place.yaw);
  const sin = Math.sin(place.yaw);
  const bottom = request.bottom ?? 1;
  const top = request.top ?? 1;
  return {
    shape,
    cx: place.x + cos * centre[0] - sin * centre[1],
    cy: place.y + sin * centre[0] + cos * centre[1],
    cz: place.z + centre[2],
    m0: r[0] / hx,
    m1: r[3] / hx,
    m2: r[6] / hx,
    m3: r[1] / hy,
    m4: r[4] / hy,
    m5: r[7] / hy,
    m6: r[2] / hz,
    m7: r[5] / hz,
    m8: r[8] / hz,
    hx,
    hy,
    hz,
    mid: (bottom + top) / 2,
    slope: (top - bottom) / 2,
    reach:
      shape === SPHERE
        ? Math.max(hx, hy, hz)
        : Math.hypot(shape === BOX ? Math.hypot(hx, hy) : Math.max(hx, hy), hz),
    object: request.object,
    material: request.material,
    castsShadow: request.castsShadow ?? true,
  };
}

/** No hit. */
const FAR = 1e9;

/**
 * A ray in a solid's unit space, and its result: o (0–2), d (3–5), t (6). Rays travel in
 * arrays, not as arguments: doubles that cross a call that is not inlined are boxed, and
 * the garbage cost a third of the rendering time.
 */
export type UnitRay = Float64Array;

export const createUnitRay = (): UnitRay => new Float64Array(7);

/** Shrinks [near, far] to the slab −1 ≤ o + t·d ≤ 1 of each axis. */
function hitBox(r: UnitRay, min: number): void {
  let near = -FAR;
  let far = FAR;
  for (let axis = 0; axis < 3; axis++) {
    const o = r[axis] as number;
    const inverse = 1 / (r[axis + 3] as number);
    const a = (-1 - o) * inverse;
    const b = (1 - o) * inverse;
    const low = Math.min(a, b);
    const high = Math.max(a, b);
    if (low > near) near = low;
    if (high < far) far = high;
  }
  r[6] = near > far ? FAR : near > min ? near : far > min ? far : FAR;
}

function hitSphere(r: UnitRay, min: number): void {
  const ox = r[0] as number;
  const oy = r[1] as number;
  const oz = r[2] as number;
  const dx = r[3] as number;
  const dy = r[4] as number;
  const dz = r[5] as number;
  const a = dx * dx + dy * dy + dz * dz;
  const b = ox * dx + oy * dy + oz * dz;
  const c = ox * ox + oy * oy + oz * oz - 1;
  const disc = b * b - a * c;
  r[6] = FAR;
  if (disc < 0) return;
  const root = Math.sqrt(disc);
  const near = (-b - root) / a;
  const far = (-b + root) / a;
  if (near > min) r[6] = near;
  else if (far > min) r[6] = far;
}

/** x² + y² = (mid + slope·z)² between the caps z = ±1. */
function hitCylinder(r: UnitRay, mid: number, slope: number, min: number): void {
  const ox = r[0] as number;
  const oy = r[1] as number;
  const oz = r[2] as number;
  const dx = r[3] as number;
  const dy = r[4] as number;
  const dz = r[5] as number;
  const w = mid + slope * oz;
  const wd = slope * dz;
  const a = dx * dx + dy * dy - wd * wd;
  const b = ox * dx + oy * dy - w * wd;
  const c = ox * ox + oy * oy - w * w;
  const disc = b * b - a * c;
  r[6] = FAR;
  if (disc < 0 && a > 0) return;
  let best = FAR;
  for (let side = -1; side <= 1 && disc >= 0; side += 2) {
    const t = (-b + side * Math.sqrt(disc)) / a;
    const z = oz + t * dz;
    if (t > min && t < best && z >= -1 && z <= 1) best = t;
  }
  for (let cap = -1; cap <= 1; cap += 2) {
    const t = (cap - oz) / dz;
    const x = ox + t * dx;
    const y = oy + t * dy;
    const radius = mid + cap * slope;
    if (t > min && t < best && x * x + y * y <= radius * radius) best = t;
  }
  r[6] = best;
}

/**
 * Ray parameter of the first hit above `min`, in units of d, or FAR, left in r[6]. The ray is
 * in the solid's unit space: o = M(p − c), d = M·direction.
 */
export function hitUnit(shape: number, mid: number, slope: number, r: UnitRay, min: number): void {
  if (shape === BOX) hitBox(r, min);
  else if (shape === SPHERE) hitSphere(r, min);
  else hitCylinder(r, mid, slope, min);
}

/** First hit of a world ray (p, d) with a solid above `min`, or FAR. For callers that are not in a hurry. */
export function hitSolid(
  s: Solid,
  p: readonly [number, number, number],
  d: readonly [number, number, number],
  min: number,
): number {
  const r = createUnitRay();
  const q = [p[0] - s.cx, p[1] - s.cy, p[2] - s.cz] as const;
  const apply = (v: readonly [number, number, number]): [number, number, number] => [
    s.m0 * v[0] + s.m1 * v[1] + s.m2 * v[2],
    s.m3 * v[0] + s.m4 * v[1] + s.m5 * v[2],
    s.m6 * v[0] + s.m7 * v[1] + s.m8 * v[2],
  ];
  r.set([...apply(q), ...apply(d)]);
  hitUnit(s.shape, s.mid, s.slope, r, min);
  return r[6] as number;
}

/** A surface point in the world, and what shading needs of it: normal, texture coordinates in metres. */
export interface SurfacePoint {
  x: number;
  y: number;
  z: number;
  nx: number;
  ny: number;
  nz: number;
  u: number;
  v: number;
}

export const createSurfacePoint = (): SurfacePoint => ({ x: 0, y: 0, z: 0, nx: 0, ny: 0, nz: 0, u: 0, v: 0 });

function unitNormal(s: Solid, x: number, y: number, z: number, out: SurfacePoint): void {
  if (s.shape === BOX) {
    const ax = Math.abs(x);
    const ay = Math.abs(y);
    const az = Math.abs(z);
    out.nx = ax >= ay && ax >= az ? Math.sign(x) : 0;
    out.ny = out.nx === 0 && ay >= az ? Math.sign(y) : 0;
    out.nz = out.nx === 0 && out.ny === 0 ? Math.sign(z) : 0;
    out.u = out.nx !== 0 ? y * s.hy : x * s.hx;
    out.v = out.nz !== 0 ? y * s.hy : z * s.hz;
    return;
  }
  const angle = Math.atan2(y, x);
  if (s.shape === SPHERE) {
    out.nx = x;
    out.ny = y;
    out.nz = z;
    out.u = angle * s.hx;
    out.v = z * s.hz;
    return;
  }
  const r = s.mid + s.slope * z;
  const rho = Math.sqrt(x * x + y * y);
  const cap = 1 - Math.abs(z) < Math.abs(r - rho);
  out.nx = cap ? 0 : x;
  out.ny = cap ? 0 : y;
  out.nz = cap ? Math.sign(z) : -s.slope * r;
  out.u = cap ? x * s.hx : angle * s.hx;
  out.v = cap ? y * s.hy : z * s.hz;
}

/** Outward world normal (unit length) and texture coordinates of the surface point (x, y, z). */
export function surfaceAt(s: Solid, out: SurfacePoint): void {
  const rx = out.x - s.cx;
  const ry = out.y - s.cy;
  const rz = out.z - s.cz;
  const x = s.m0 * rx + s.m1 * ry + s.m2 * rz;
  const y = s.m3 * rx + s.m4 * ry + s.m5 * rz;
  const z = s.m6 * rx + s.m7 * ry + s.m8 * rz;
  unitNormal(s, x, y, z, out);
  // normals transform by Mᵀ
  const nx = s.m0 * out.nx + s.m3 * out.ny + s.m6 * out.nz;
  const ny = s.m1 * out.nx + s.m4 * out.ny + s.m7 * out.nz;
  const nz = s.m2 * out.nx + s.m5 * out.ny + s.m8 * out.nz;
  const length = Math.sqrt(nx * nx + ny * ny + nz * nz) || 1;
  out.nx = nx / length;
  out.ny = ny / length;
  out.nz = nz / length;
}
