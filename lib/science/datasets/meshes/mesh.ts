import { type Bvh, buildBvh, createRay, traverse } from './bvh';

/** Albedo of a mesh's surface: linear RGB, times a small texture where there is one. */
export interface MeshMaterial {
  colour: readonly [number, number, number];
  texture: { width: number; height: number /** Linear RGB. */; data: Float32Array } | null;
}

/** Triangles in the piece's own frame: x to its left, y to its front, z up, metres, standing on z = 0 around the z axis. */
export interface Mesh {
  name: string;
  positions: Float32Array;
  /** Zero vectors where the file has none. */
  normals: Float32Array;
  uvs: Float32Array;
  material: Uint16Array;
  materials: readonly MeshMaterial[];
  bvh: Bvh;
}

/** A mesh in a room: turned by `yaw` about z and moved. */
export interface MeshInstance {
  mesh: Mesh;
  x: number;
  y: number;
  z: number;
  cos: number;
  sin: number;
  /** Index into the scene's objects. */
  object: number;
  /** Number of the scene's triangles before this instance's. */
  first: number;
}

export const createMesh = (parts: Omit<Mesh, 'bvh'>): Mesh => ({ ...parts, bvh: buildBvh(parts.positions) });

export const triangleCount = (mesh: Mesh): number => mesh.material.length;

/** The instance that triangle number `index` of the scene belongs to. */
export function instanceOf(instances: readonly MeshInstance[], index: number): MeshInstance {
  let found = instances[0] as MeshInstance;
  for (const instance of instances) if (instance.first <= index) found = instance;
  return found;
}

const ray = createRay();

/** World ray `from` + t · `along` in the instance's frame, into `ray`. */
function toLocal(m: MeshInstance, r: Float64Array): void {
  const x = (r[0] as number) - m.x;
  const y = (r[1] as number) - m.y;
  const dx = r[3] as number;
  const dy = r[4] as number;
  ray[0] = m.cos * x + m.sin * y;
  ray[1] = m.cos * y - m.sin * x;
  ray[2] = (r[2] as number) - m.z;
  ray[3] = m.cos * dx + m.sin * dy;
  ray[4] = m.cos * dy - m.sin * dx;
  ray[5] = r[5] as number;
}

/** Does any mesh stand on the ray r (origin 0–2, direction 3–5) before parameter 1? */
export function meshesBlock(instances: readonly MeshInstance[], r: Float64Array): boolean {
  for (let i = 0; i < instances.length; i++) {
    const m = instances[i] as MeshInstance;
    toLocal(m, r);
    ray[6] = 1e-4;
    ray[7] = 0.999;
    if (traverse(m.mesh.bvh, m.mesh.positions, ray, true) >= 0) return true;
  }
  return false;
}

/** Nearest triangle of the scene on a world ray and its parameter; −1 and Infinity for none. */
export function nearestTriangle(
  instances: readonly MeshInstance[],
  r: Float64Array,
): { triangle: number; t: number } {
  let best = { triangle: -1, t: Number.POSITIVE_INFINITY };
  for (const m of instances) {
    toLocal(m, r);
    ray[6] = 0;
    ray[7] = best.t;
    const triangle = traverse(m.mesh.bvh, m.mesh.positions, ray, false);
    if (triangle >= 0) best = { triangle: m.first + triangle, t: ray[7] as number };
  }
  return best;
}

/** A point on a triangle and what shading needs there; x, y, z are given. */
export interface MeshPoint {
  x: number;
  y: number;
  z: number;
  nx: number;
  ny: number;
  nz: number;
  u: number;
  v: number;
}

/** Normal (unit length, on the side that was seen) and texture coordinates at `out` on a triangle of an instance. */
export function meshSurface(m: MeshInstance, triangle: number, back: boolean, out: MeshPoint): void {
  const { positions: p, normals, uvs } = m.mesh;
  const k = 9 * triangle;
  const at = (i: number): number => p[k + i] as number;
  const wx = out.x - m.x;
  const wy = out.y - m.y;
  const x = m.cos * wx + m.sin * wy - at(0);
  const y = m.cos * wy - m.sin * wx - at(1);
  const z = out.z - m.z - at(2);
  const [ux, uy, uz] = [at(3) - at(0), at(4) - at(1), at(5) - at(2)];
  const [vx, vy, vz] = [at(6) - at(0), at(7) - at(1), at(8) - at(2)];
  const [gx, gy, gz] = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
  const area = gx * gx + gy * gy + gz * gz || 1e-30;
  // barycentric coordinates of corners 1 and 2
  const b = ((y * vz - z * vy) * gx + (z * vx - x * vz) * gy + (x * vy - y * vx) * gz) / area;
  const c = ((uy * z - uz * y) * gx + (uz * x - ux * z) * gy + (ux * y - uy * x) * gz) / area;
  const mix = (values: Float32Array, width: number, i: number): number => {
    const base = 3 * width * triangle + i;
    return (
      (1 - b - c) * (values[base] as number) +
      b * (values[base + width] as number) +
      c * (values[base + 2 * width] as number)
    );
  };
  const side = back ? -1 : 1;
  let [nx, ny, nz] = [mix(normals, 3, 0), mix(normals, 3, 1), mix(normals, 3, 2)];
  const agrees = (nx * gx + ny * gy + nz * gz) * side;
  // files without normals, or with ones that contradict their own triangle
  if (nx * nx + ny * ny + nz * nz < 1e-6) [nx, ny, nz] = [gx * side, gy * side, gz * side];
  else if (agrees < 0) [nx, ny, nz] = [-nx, -ny, -nz];
  const length = Math.sqrt(nx * nx + ny * ny + nz * nz) || 1;
  out.nx = (m.cos * nx - m.sin * ny) / length;
  out.ny = (m.sin * nx + m.cos * ny) / length;
  out.nz = nz / length;
  out.u = mix(uvs, 2, 0);
  out.v = mix(uvs, 2, 1);
}

/** Linear albedo of a material at texture coordinates (u, v), repeated outside of [0, 1]. */
export function meshAlbedo({ colour, texture }: MeshMaterial, u: number, v: number, out: Float64Array): void {
  if (!texture) {
    out.set(colour);
    return;
  }
  const { width, height, data } = texture;
  const i = Math.min(width - 1, Math.floor((u - Math.floor(u)) * width));
  const j = Math.min(height - 1, Math.floor((1 - (v - Math.floor(v))) * height));
  for (let c = 0; c < 3; c++) out[c] = data[3 * (j * width + i) + c] as number;
}
