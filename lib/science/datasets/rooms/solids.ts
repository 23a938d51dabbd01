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

const FAR = 1e9;

function hitBox(ox: number, oy: number, oz: number, dx: number, dy: number, dz: number, min: number): number {
  let near = -FAR;
  let far = FAR;
  const ix = 1 / dx;
  let a = (-1 - ox) * ix;
  let b = (1 - ox) * ix;
  if (a > b) {
    const s = a;
    a = b;
    b = s;
  }
  if (a > near) near = a;
  if (b < far) far = b;
  const iy = 1 / dy;
  a = (-1 - oy) * iy;
  b = (1 - oy) * iy;
  if (a > b) {
    const s = a;
    a = b;
    b = s;
  }
  if (a > near) near = a;
  if (b < far) far = b;
  if (near > far) return FAR;
  const iz = 1 / dz;
  a = (-1 - oz) * iz;
  b = (1 - oz) * iz;
  if (a > b) {
    const s = a;
    a = b;
    b = s;
  }
  if (a > near) near = a;
  if (b < far) far = b;
  if (near > far) return FAR;
  if (near > min) return near;
  return far > min ? far : FAR;
}

function hitSphere(
  ox: number,
  oy: number,
  oz: number,
  dx: number,
  dy: number,
  dz: number,
  min: number,
): number {
  const a = dx * dx + dy * dy + dz * dz;
  const b = ox * dx + oy * dy + oz * dz;
  const c = ox * ox + oy * oy + oz * oz - 1;
  const disc = b * b - a * c;
  if (disc < 0) return FAR;
  const root = Math.sqrt(disc);
  const near = (-b - root) / a;
  if (near > min) return near;
  const far = (-b + root) / a;
  return far > min ? far : FAR;
}

function hitCap(
  o: number,
  d: number,
  z: number,
  r: number,
  ox: number,
  oy: number,
  dx: number,
  dy: number,
): number {
  const t = (z - o) / d;
  const x = ox + t * dx;
  const y = oy + t * dy;
  return x * x + y * y <= r * r ? t : FAR;
}

function hitCylinder(
  mid: number,
  slope: number,
  ox: number,
  oy: number,
  oz: number,
  dx: number,
  dy: number,
  dz: number,
  min: number,
): number {
  // x² + y² = (mid + slope·z)² between the caps
  const w = mid + slope * oz;
  const wd = slope * dz;
  const a = dx * dx + dy * dy - wd * wd;
  const b = ox * dx + oy * dy - w * wd;
  const c = ox * ox + oy * oy - w * w;
  let best = FAR;
  const disc = b * b - a * c;
  if (disc < 0 && a > 0) return FAR;
  if (disc >= 0) {
    const root = Math.sqrt(disc);
    const t1 = (-b - root) / a;
    const z1 = oz + t1 * dz;
    if (t1 > min && z1 >= -1 && z1 <= 1) best = t1;
    const t2 = (-b + root) / a;
    const z2 = oz + t2 * dz;
    if (t2 > min && t2 < best && z2 >= -1 && z2 <= 1) best = t2;
  }
  const down = hitCap(oz, dz, -1, mid - slope, ox, oy, dx, dy);
  if (down > min && down < best) best = down;
  const up = hitCap(oz, dz, 1, mid + slope, ox, oy, dx, dy);
  return up > min && up < best ? up : best;
}

/**
 * Ray parameter of the first hit above `min`, in units of d, or 1e9.
 * The ray is already in the solid's unit space: o′ = M(o − c), d′ = M·d.
 */
export function hitUnit(
  s: Solid,
  ox: number,
  oy: number,
  oz: number,
  dx: number,
  dy: number,
  dz: number,
  min: number,
): number {
  if (s.shape === BOX) return hitBox(ox, oy, oz, dx, dy, dz, min);
  if (s.shape === SPHERE) return hitSphere(ox, oy, oz, dx, dy, dz, min);
  return hitCylinder(s.mid, s.slope, ox, oy, oz, dx, dy, dz, min);
}

/** Does the segment o + t·d, t ∈ (10⁻⁴, 0.999), meet the unit shape? */
export function segmentHitsUnit(
  shape: number,
  mid: number,
  slope: number,
  ox: number,
  oy: number,
  oz: number,
  dx: number,
  dy: number,
  dz: number,
): boolean {
  const t =
    shape === BOX
      ? hitBox(ox, oy, oz, dx, dy, dz, 1e-4)
      : shape === SPHERE
        ? hitSphere(ox, oy, oz, dx, dy, dz, 1e-4)
        : hitCylinder(mid, slope, ox, oy, oz, dx, dy, dz, 1e-4);
  return t < 0.999;
}

/** What a surface point needs for shading: world normal and texture coordinates in metres. */
export interface SurfacePoint {
  nx: number;
  ny: number;
  nz: number;
  u: number;
  v: number;
}

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
  const rho = Math.hypot(x, y);
  const cap = 1 - Math.abs(z) < Math.abs(r - rho);
  out.nx = cap ? 0 : x;
  out.ny = cap ? 0 : y;
  out.nz = cap ? Math.sign(z) : -s.slope * r;
  out.u = cap ? x * s.hx : angle * s.hx;
  out.v = cap ? y * s.hy : z * s.hz;
}

/** Outward world normal (unit length) and texture coordinates of the surface point p. */
export function surfaceAt(s: Solid, px: number, py: number, pz: number, out: SurfacePoint): void {
  const rx = px - s.cx;
  const ry = py - s.cy;
  const rz = pz - s.cz;
  const x = s.m0 * rx + s.m1 * ry + s.m2 * rz;
  const y = s.m3 * rx + s.m4 * ry + s.m5 * rz;
  const z = s.m6 * rx + s.m7 * ry + s.m8 * rz;
  unitNormal(s, x, y, z, out);
  // normals transform by Mᵀ
  const nx = s.m0 * out.nx + s.m3 * out.ny + s.m6 * out.nz;
  const ny = s.m1 * out.nx + s.m4 * out.ny + s.m7 * out.nz;
  const nz = s.m2 * out.nx + s.m5 * out.ny + s.m8 * out.nz;
  const length = Math.hypot(nx, ny, nz) || 1;
  out.nx = nx / length;
  out.ny = ny / length;
  out.nz = nz / length;
}
