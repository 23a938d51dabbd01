/** Shape of a pool over NHWC images, as `backend_util.computePool2DInfo` works it out. */
export interface PoolGeometry {
  readonly batchSize: number;
  readonly inChannels: number;
  readonly inHeight: number;
  readonly inWidth: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly effectiveFilterHeight: number;
  readonly effectiveFilterWidth: number;
  readonly padInfo: { readonly top: number; readonly left: number };
}

/** Index of the first largest value of one channel's window; −1 if the window lies in the padding alone. */
function largest(x: Float32Array, g: PoolGeometry, image: number, oy: number, ox: number, c: number): number {
  const [top, left] = [oy * g.strideHeight - g.padInfo.top, ox * g.strideWidth - g.padInfo.left];
  const bottom = Math.min(g.inHeight, top + g.effectiveFilterHeight);
  const right = Math.min(g.inWidth, left + g.effectiveFilterWidth);
  let found = -1;
  let most = Number.NEGATIVE_INFINITY;
  for (let y = Math.max(0, top); y < bottom; y++) {
    for (let x0 = Math.max(0, left); x0 < right; x0++) {
      const at = ((image * g.inHeight + y) * g.inWidth + x0) * g.inChannels + c;
      const value = x[at] as number;
      if (found >= 0 && value <= most) continue;
      most = value;
      found = at;
    }
  }
  return found;
}

/** Gradient of the largest value of each window: dy goes to the window's first largest input. Writes all of `dx`. */
export function maxPoolGradient(x: Float32Array, dy: Float32Array, g: PoolGeometry, dx: Float32Array): void {
  dx.fill(0);
  let at = 0;
  for (let image = 0; image < g.batchSize; image++) {
    for (let oy = 0; oy < g.outHeight; oy++) {
      for (let ox = 0; ox < g.outWidth; ox++) {
        for (let c = 0; c < g.inChannels; c++) {
          const to = largest(x, g, image, oy, ox, c);
          if (to >= 0) dx[to] = (dx[to] as number) + (dy[at] as number);
          at++;
        }
      }
    }
  }
}
