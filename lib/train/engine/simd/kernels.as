// Own training kernels: AssemblyScript, plain simd128, on the memory of the TensorFlow.js wasm backend.
// No static data, no heap, no shadow stack: every address comes from the caller. All values are float32,
// NHWC. Names ending in Row, Step, Pixel or Pitch are bytes; other sizes count values.
//
// The idea of all three convolutions: in a padded NHWC image the window of one kernel row is contiguous
// (kernel width × channels values: the "run"). A tile keeps 4 × 8 results in registers and makes one
// step of the run per loop body: 4 broadcasts, 2 vector loads, 8 multiply-adds. More registers, or more
// steps per body, made V8 spill.

/** Four neighbouring output pixels × eight output channels. `a`: window of the first pixel. */
function tile4x8(
  a: usize, pixel: usize, row: usize, kernelRows: i32, run: usize,
  w: usize, b0: v128, b1: v128, relu: i32, o0: usize, o1: usize, o2: usize, o3: usize,
): void {
  let c00 = b0, c01 = b1, c10 = b0, c11 = b1, c20 = b0, c21 = b1, c30 = b0, c31 = b1;
  const runBytes = run << 2;
  for (let r = 0; r < kernelRows; r++) {
    let p0 = a, p1 = a + pixel, p2 = p1 + pixel, p3 = p2 + pixel;
    const end = p0 + runBytes;
    while (p0 < end) {
      const w0 = v128.load(w), w1 = v128.load(w, 16);
      let x = v128.load_splat<f32>(p0);
      c00 = f32x4.add(c00, f32x4.mul(x, w0));
      c01 = f32x4.add(c01, f32x4.mul(x, w1));
      x = v128.load_splat<f32>(p1);
      c10 = f32x4.add(c10, f32x4.mul(x, w0));
      c11 = f32x4.add(c11, f32x4.mul(x, w1));
      x = v128.load_splat<f32>(p2);
      c20 = f32x4.add(c20, f32x4.mul(x, w0));
      c21 = f32x4.add(c21, f32x4.mul(x, w1));
      x = v128.load_splat<f32>(p3);
      c30 = f32x4.add(c30, f32x4.mul(x, w0));
      c31 = f32x4.add(c31, f32x4.mul(x, w1));
      p0 += 4; p1 += 4; p2 += 4; p3 += 4;
      w += 32;
    }
    a += row;
  }
  if (relu) {
    const zero = f32x4.splat(0);
    c00 = f32x4.max(c00, zero); c01 = f32x4.max(c01, zero);
    c10 = f32x4.max(c10, zero); c11 = f32x4.max(c11, zero);
    c20 = f32x4.max(c20, zero); c21 = f32x4.max(c21, zero);
    c30 = f32x4.max(c30, zero); c31 = f32x4.max(c31, zero);
  }
  v128.store(o0, c00); v128.store(o0, c01, 16);
  v128.store(o1, c10); v128.store(o1, c11, 16);
  v128.store(o2, c20); v128.store(o2, c21, 16);
  v128.store(o3, c30); v128.store(o3, c31, 16);
}

/** One output pixel × eight channels: for rows shorter than four pixels. */
function tile1x8(
  a: usize, row: usize, kernelRows: i32, run: usize, w: usize, b0: v128, b1: v128, relu: i32, out: usize,
): void {
  let c0 = b0, c1 = b1;
  for (let r = 0; r < kernelRows; r++) {
    const end = a + (run << 2);
    for (let p = a; p < end; p += 4) {
      const x = v128.load_splat<f32>(p);
      c0 = f32x4.add(c0, f32x4.mul(x, v128.load(w)));
      c1 = f32x4.add(c1, f32x4.mul(x, v128.load(w, 16)));
      w += 32;
    }
    a += row;
  }
  if (relu) {
    const zero = f32x4.splat(0);
    c0 = f32x4.max(c0, zero);
    c1 = f32x4.max(c1, zero);
  }
  v128.store(out, c0); v128.store(out, c1, 16);
}

/** Copies the first `count` (1 to 7) values of each of four pixels. */
function storePart(from: usize, pixels: i32, count: i32, dst: usize, pixel: usize): void {
  for (let i = 0; i < pixels; i++) {
    for (let c: usize = 0; c < <usize>count; c++) store<f32>(dst + (c << 2), load<f32>(from + (c << 2)));
    from += 32;
    dst += pixel;
  }
}

/**
 * Convolution of one image (or a matrix product: rows of pixels × a packed matrix).
 * `src`: padded image; `w`: packed filter [⌈co/8⌉][kernel rows][run][8]; `bias`: ⌈co/8⌉·8 values;
 * `part`: 128 bytes for the channels beyond a multiple of eight.
 */
export function conv(
  src: usize, w: usize, bias: usize, dst: usize, part: usize,
  rows: i32, cols: i32, kernelRows: i32, run: i32, co: i32,
  srcRow: i32, srcStep: i32, srcPixel: i32, dstRow: i32, dstPixel: i32, relu: i32,
): void {
  const block = <usize>(kernelRows * run) << 5;
  for (let r = 0; r < rows; r++) {
    let wb = w;
    for (let c = 0; c < co; c += 8) {
      const b0 = v128.load(bias + (<usize>c << 2)), b1 = v128.load(bias + (<usize>c << 2), 16);
      const d = dst + (<usize>c << 2);
      const whole = co - c >= 8;
      if (cols < 4) {
        for (let q = 0; q < cols; q++) {
          const to = d + q * dstPixel;
          tile1x8(src + q * srcPixel, srcRow, kernelRows, run, wb, b0, b1, relu, whole ? to : part);
          if (!whole) storePart(part, 1, co - c, to, dstPixel);
        }
      } else {
        for (let q = 0; q < cols; q += 4) {
          // The last tile overlaps the one before: it computes the same values again.
          const from = min(q, cols - 4);
          const s = src + from * srcPixel;
          const to = d + from * dstPixel;
          if (whole) {
            tile4x8(s, srcPixel, srcRow, kernelRows, run, wb, b0, b1, relu, to, to + dstPixel, to + 2 * dstPixel, to + 3 * dstPixel);
          } else {
            tile4x8(s, srcPixel, srcRow, kernelRows, run, wb, b0, b1, relu, part, part + 32, part + 64, part + 96);
            storePart(part, 4, co - c, to, dstPixel);
          }
        }
      }
      wb += block;
    }
    src += srcStep;
    dst += dstRow;
  }
}

/** Sum of the four lanes. */
// @ts-ignore: decorator
@inline
function total(v: v128): f32 {
  return (f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1)) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

/**
 * Convolution to one channel: the lanes go along the run. `w`: [kernel rows][⌈run/4⌉·4], zeros behind the
 * run; the image must be readable (and finite) up to three values behind the last window.
 */
export function convNarrow(
  src: usize, w: usize, bias: usize, dst: usize, rows: i32, cols: i32, kernelRows: i32, run: i32,
  srcRow: i32, srcStep: i32, srcPixel: i32, dstRow: i32, dstPixel: i32, relu: i32,
): void {
  const b = load<f32>(bias);
  const runBytes = <usize>((run + 3) & ~3) << 2;
  for (let r = 0; r < rows; r++) {
    for (let q = 0; q < cols; q++) {
      let a = src + q * srcPixel;
      let f = w;
      let c0 = f32x4.splat(0);
      for (let k = 0; k < kernelRows; k++) {
        const end = a + runBytes;
        for (let p = a; p < end; p += 16) {
          c0 = f32x4.add(c0, f32x4.mul(v128.load(p), v128.load(f)));
          f += 16;
        }
        a += srcRow;
      }
      let value = total(c0) + b;
      if (relu) value = max<f32>(value, 0);
      store<f32>(dst + q * dstPixel, value);
    }
    src += srcStep;
    dst += dstRow;
  }
}

/** Four steps of the run × eight output channels of the filter gradient, over `rows` × `cols` pixels. */
function gradTile4x8(
  x: usize, dy: usize, acc: usize, accRow: usize, rows: i32, cols: i32,
  xStep: usize, xPixel: usize, dyRow: usize, dyPixel: usize,
): void {
  const a1 = acc + accRow, a2 = a1 + accRow, a3 = a2 + accRow;
  let c00 = v128.load(acc), c01 = v128.load(acc, 16), c10 = v128.load(a1), c11 = v128.load(a1, 16);
  let c20 = v128.load(a2), c21 = v128.load(a2, 16), c30 = v128.load(a3), c31 = v128.load(a3, 16);
  const width = <usize>cols * dyPixel;
  for (let r = 0; r < rows; r++) {
    let p = x, d = dy;
    const end = d + width;
    while (d < end) {
      const d0 = v128.load(d), d1 = v128.load(d, 16);
      let s = v128.load_splat<f32>(p);
      c00 = f32x4.add(c00, f32x4.mul(s, d0));
      c01 = f32x4.add(c01, f32x4.mul(s, d1));
      s = v128.load_splat<f32>(p, 4);
      c10 = f32x4.add(c10, f32x4.mul(s, d0));
      c11 = f32x4.add(c11, f32x4.mul(s, d1));
      s = v128.load_splat<f32>(p, 8);
      c20 = f32x4.add(c20, f32x4.mul(s, d0));
      c21 = f32x4.add(c21, f32x4.mul(s, d1));
      s = v128.load_splat<f32>(p, 12);
      c30 = f32x4.add(c30, f32x4.mul(s, d0));
      c31 = f32x4.add(c31, f32x4.mul(s, d1));
      p += xPixel;
      d += dyPixel;
    }
    x += xStep;
    dy += dyRow;
  }
  v128.store(acc, c00); v128.store(acc, c01, 16); v128.store(a1, c10); v128.store(a1, c11, 16);
  v128.store(a2, c20); v128.store(a2, c21, 16); v128.store(a3, c30); v128.store(a3, c31, 16);
}

/**
 * Adds the filter gradient of `rows` × `cols` output pixels to `acc` [kernel rows][⌈run/4⌉·4][co8];
 * `co8`: channels of dy, a multiple of eight. `x`: padded image at the first pixel's window.
 */
export function filterGrad(
  x: usize, dy: usize, acc: usize, rows: i32, cols: i32, kernelRows: i32, run: i32, co8: i32,
  xRow: i32, xStep: i32, xPixel: i32, dyRow: i32,
): void {
  const accRow = <usize>co8 << 2;
  for (let k = 0; k < kernelRows; k++) {
    for (let u = 0; u < run; u += 4) {
      for (let c = 0; c < co8; c += 8) {
        gradTile4x8(x + (<usize>u << 2), dy + (<usize>c << 2), acc + (<usize>c << 2), accRow, rows, cols, xStep, xPixel, dyRow, accRow);
      }
      acc += accRow << 2;
    }
    x += xRow;
  }
}

/** acc [kernel rows][run4][co8] → filter [kernel rows][run][co]. */
export function unpackFilterGrad(acc: usize, dst: usize, kernelRows: i32, run: i32, co: i32): void {
  const co8 = (co + 7) & ~7;
  const run4 = (run + 3) & ~3;
  for (let k = 0; k < kernelRows; k++) {
    for (let u = 0; u < run; u++) {
      memory.copy(dst, acc + (<usize>((k * run4 + u) * co8) << 2), <usize>co << 2);
      dst += <usize>co << 2;
    }
  }
}

/** Filter [rows][co] → [⌈co/8⌉][rows][8], zeros behind the last channel. */
export function packFilter(src: usize, dst: usize, rows: i32, co: i32): void {
  for (let c = 0; c < co; c += 8) {
    const width = min(8, co - c);
    let s = src + (<usize>c << 2);
    for (let r = 0; r < rows; r++) {
      if (width === 8) {
        v128.store(dst, v128.load(s));
        v128.store(dst, v128.load(s, 16), 16);
      } else {
        memory.fill(dst, 0, 32);
        memory.copy(dst, s, <usize>width << 2);
      }
      s += <usize>co << 2;
      dst += 32;
    }
  }
}

/**
 * The filter of one phase of the input gradient: from [kh][kw][ci][co] the taps rh, rh+sh, … × rw, rw+sw, …
 * in reverse order, as [⌈ci/8⌉][taps h][taps w][co][8].
 */
export function packPhase(
  src: usize, dst: usize, kh: i32, kw: i32, ci: i32, co: i32, rh: i32, rw: i32, sh: i32, sw: i32,
): void {
  const jh = (kh - rh + sh - 1) / sh, jw = (kw - rw + sw - 1) / sw;
  for (let b = 0; b < ci; b += 8) {
    const width = min(8, ci - b);
    for (let t = jh - 1; t >= 0; t--) {
      for (let u = jw - 1; u >= 0; u--) {
        const tap = src + (<usize>((((rh + t * sh) * kw + rw + u * sw) * ci + b) * co) << 2);
        for (let c: usize = 0; c < <usize>co; c++) {
          if (width < 8) memory.fill(dst, 0, 32);
          let s = tap + (c << 2);
          for (let i: usize = 0; i < <usize>width; i++) {
            store<f32>(dst + (i << 2), load<f32>(s));
            s += <usize>co << 2;
          }
          dst += 32;
        }
      }
    }
  }
}

/**
 * One image [h][w][c] into the middle of a zeroed [hp][wp][c]; rows and columns beyond it are cut off, all of
 * them where the padding alone fills it.
 */
export function padImage(src: usize, dst: usize, h: i32, w: i32, c: i32, top: i32, left: i32, hp: i32, wp: i32): void {
  const pixel = <usize>c << 2;
  const rowBytes = <usize>wp * pixel;
  const above = min(top, hp);
  const rows = min(h, hp - above);
  const before = <usize>min(left, wp) * pixel;
  const copied = <usize>min(w, max(0, wp - left)) * pixel;
  const after = rowBytes - before - copied;
  memory.fill(dst, 0, <usize>above * rowBytes);
  dst += <usize>above * rowBytes;
  for (let r = 0; r < rows; r++) {
    if (before) memory.fill(dst, 0, before);
    memory.copy(dst + before, src, copied);
    if (after) memory.fill(dst + before + copied, 0, after);
    src += <usize>w * pixel;
    dst += rowBytes;
  }
  memory.fill(dst, 0, <usize>(hp - above - rows) * rowBytes);
}

/** Copies rows of `count` values, `srcPitch` apart, to rows `dstPitch` apart; zeros behind each. */
export function copyRows(src: usize, dst: usize, rows: i32, count: i32, srcPitch: i32, dstPitch: i32): void {
  const bytes = <usize>count << 2;
  for (let r = 0; r < rows; r++) {
    memory.copy(dst, src, bytes);
    if (<usize>dstPitch > bytes) memory.fill(dst + bytes, 0, <usize>dstPitch - bytes);
    src += srcPitch;
    dst += dstPitch;
  }
}

/** out = max(0, x), `size` values; NaN stays NaN. The two may be the same. */
export function relu(x: usize, out: usize, size: i32): void {
  const zero = f32x4.splat(0);
  const bytes = <usize>size << 2;
  const whole = bytes & ~15;
  let i: usize = 0;
  for (; i < whole; i += 16) v128.store(out + i, f32x4.max(v128.load(x + i), zero));
  for (; i < bytes; i += 4) store<f32>(out + i, max(load<f32>(x + i), <f32>0));
}

/** out = dy where y > 0, else 0 (the gradient of ReLU), `size` values. */
export function reluGrad(dy: usize, y: usize, out: usize, size: i32): void {
  const zero = f32x4.splat(0);
  const bytes = <usize>size << 2;
  const whole = bytes & ~15;
  let i: usize = 0;
  for (; i < whole; i += 16) {
    v128.store(out + i, v128.and(v128.load(dy + i), f32x4.gt(v128.load(y + i), zero)));
  }
  for (; i < bytes; i += 4) store<f32>(out + i, load<f32>(y + i) > 0 ? load<f32>(dy + i) : 0);
}

/**
 * Column sums out[c] = Σ rows x[·][c]. Summed in blocks of 128 rows, then block by block: a plain running
 * sum of many thousand rows would lose digits.
 */
export function columnSums(x: usize, out: usize, rows: i32, co: i32): void {
  const pitch = <usize>co << 2;
  memory.fill(out, 0, pitch);
  for (let start = 0; start < rows; start += 128) {
    const count = min(128, rows - start);
    let c: i32 = 0;
    for (; c + 8 <= co; c += 8) {
      let s0 = f32x4.splat(0), s1 = f32x4.splat(0);
      let p = x + (<usize>c << 2);
      for (let r = 0; r < count; r++) {
        s0 = f32x4.add(s0, v128.load(p));
        s1 = f32x4.add(s1, v128.load(p, 16));
        p += pitch;
      }
      const o = out + (<usize>c << 2);
      v128.store(o, f32x4.add(v128.load(o), s0));
      v128.store(o, f32x4.add(v128.load(o, 16), s1), 16);
    }
    for (; c < co; c++) {
      let s: f32 = 0;
      let p = x + (<usize>c << 2);
      for (let r = 0; r < count; r++) {
        s += load<f32>(p);
        p += pitch;
      }
      const o = out + (<usize>c << 2);
      store<f32>(o, load<f32>(o) + s);
    }
    x += <usize>count * pitch;
  }
}

/**
 * One Adam step on `size` values in place: g += decay·p; m = β1·m + (1−β1)·g; v = β2·v + (1−β2)·g²;
 * p −= rate·m / (√(v·correction2) + ε). `rate` holds the learning rate / (1 − β1^t), `correction2` is 1 / (1 − β2^t).
 */
export function adam(
  p: usize, g: usize, m: usize, v: usize, size: i32,
  rate: f32, beta1: f32, beta2: f32, correction2: f32, epsilon: f32, decay: f32,
): void {
  const r4 = f32x4.splat(rate), b1 = f32x4.splat(beta1), b2 = f32x4.splat(beta2), k2 = f32x4.splat(correction2);
  const n1 = f32x4.splat(<f32>1 - beta1), n2 = f32x4.splat(<f32>1 - beta2), e4 = f32x4.splat(epsilon), w4 = f32x4.splat(decay);
  const bytes = <usize>size << 2;
  const whole = bytes & ~15;
  let i: usize = 0;
  for (; i < whole; i += 16) {
    const value = v128.load(p + i);
    const grad = f32x4.add(v128.load(g + i), f32x4.mul(w4, value));
    const m1 = f32x4.add(f32x4.mul(b1, v128.load(m + i)), f32x4.mul(n1, grad));
    const v1 = f32x4.add(f32x4.mul(b2, v128.load(v + i)), f32x4.mul(n2, f32x4.mul(grad, grad)));
    v128.store(m + i, m1);
    v128.store(v + i, v1);
    const step = f32x4.div(f32x4.mul(r4, m1), f32x4.add(f32x4.sqrt(f32x4.mul(v1, k2)), e4));
    v128.store(p + i, f32x4.sub(value, step));
  }
  for (; i < bytes; i += 4) {
    const value = load<f32>(p + i);
    const grad = load<f32>(g + i) + decay * value;
    const m1 = beta1 * load<f32>(m + i) + (<f32>1 - beta1) * grad;
    const v1 = beta2 * load<f32>(v + i) + (<f32>1 - beta2) * (grad * grad);
    store<f32>(m + i, m1);
    store<f32>(v + i, v1);
    store<f32>(p + i, value - (rate * m1) / (sqrt<f32>(v1 * correction2) + epsilon));
  }
}

/**
 * Layer normalisation over all `pixels` × `co` values of each image, `co` a multiple of four:
 * out = (x − mean)·rstd·gain + bias, then ReLU if asked; rstd = 1 / √(variance + ε).
 * `stats` keeps mean and rstd of each image.
 */
export function layerNorm(
  x: usize, gain: usize, bias: usize, out: usize, stats: usize, images: i32, pixels: i32, co: i32, epsilon: f32, relu: i32,
): void {
  const pitch = <usize>co << 2;
  const bytes = <usize>pixels * pitch;
  const size = <f32>(pixels * co);
  const floor = f32x4.splat(relu ? 0 : -Infinity);
  for (let i = 0; i < images; i++) {
    let s = f32x4.splat(0);
    for (let p: usize = 0; p < bytes; p += 16) s = f32x4.add(s, v128.load(x + p));
    const mean = total(s) / size;
    const m = f32x4.splat(mean);
    s = f32x4.splat(0);
    for (let p: usize = 0; p < bytes; p += 16) {
      const d = f32x4.sub(v128.load(x + p), m);
      s = f32x4.add(s, f32x4.mul(d, d));
    }
    const rstd = <f32>1 / sqrt<f32>(total(s) / size + epsilon);
    store<f32>(stats, mean);
    store<f32>(stats, rstd, 4);
    stats += 8;
    const k = f32x4.splat(rstd);
    for (let p: usize = 0; p < bytes; p += pitch) {
      for (let c: usize = 0; c < pitch; c += 16) {
        const hat = f32x4.mul(f32x4.sub(v128.load(x + p + c), m), k);
        const y = f32x4.add(f32x4.mul(hat, v128.load(gain + c)), v128.load(bias + c));
        v128.store(out + p + c, f32x4.max(y, floor));
      }
    }
    x += bytes;
    out += bytes;
  }
}

/** Gradients of `layerNorm`: dx, and over the whole batch dgain, dbias. `y` is its output (for the ReLU). */
export function layerNormGrad(
  x: usize, gain: usize, y: usize, dy: usize, stats: usize, dx: usize, dgain: usize, dbias: usize,
  images: i32, pixels: i32, co: i32, relu: i32,
): void {
  const pitch = <usize>co << 2;
  const bytes = <usize>pixels * pitch;
  const size = <f32>(pixels * co);
  const floor = f32x4.splat(relu ? 0 : -Infinity);
  memory.fill(dgain, 0, pitch);
  memory.fill(dbias, 0, pitch);
  for (let i = 0; i < images; i++) {
    const m = f32x4.splat(load<f32>(stats)), k = f32x4.splat(load<f32>(stats, 4));
    stats += 8;
    let s1 = f32x4.splat(0), s2 = f32x4.splat(0);
    for (let p: usize = 0; p < bytes; p += pitch) {
      for (let c: usize = 0; c < pitch; c += 16) {
        const d = v128.and(v128.load(dy + p + c), f32x4.gt(v128.load(y + p + c), floor));
        const hat = f32x4.mul(f32x4.sub(v128.load(x + p + c), m), k);
        const product = f32x4.mul(d, hat);
        v128.store(dgain + c, f32x4.add(v128.load(dgain + c), product));
        v128.store(dbias + c, f32x4.add(v128.load(dbias + c), d));
        const g = v128.load(gain + c);
        s1 = f32x4.add(s1, f32x4.mul(d, g));
        s2 = f32x4.add(s2, f32x4.mul(product, g));
        v128.store(dx + p + c, d);
      }
    }
    const m1 = f32x4.splat(total(s1) / size), m2 = f32x4.splat(total(s2) / size);
    for (let p: usize = 0; p < bytes; p += pitch) {
      for (let c: usize = 0; c < pitch; c += 16) {
        const hat = f32x4.mul(f32x4.sub(v128.load(x + p + c), m), k);
        const centred = f32x4.sub(f32x4.sub(f32x4.mul(v128.load(dx + p + c), v128.load(gain + c)), m1), f32x4.mul(hat, m2));
        v128.store(dx + p + c, f32x4.mul(k, centred));
      }
    }
    x += bytes;
    y += bytes;
    dy += bytes;
    dx += bytes;
  }
}

/**
 * Gradient of nearest-neighbour enlarging by whole factors: each input pixel gets the sum of its block.
 * dy [n·h·fh][w·fw][c] → dx [n·h][w][c].
 */
export function enlargeGrad(dy: usize, dx: usize, rows: i32, w: i32, c: i32, fh: i32, fw: i32): void {
  const pixel = <usize>c << 2;
  const rowBytes = <usize>(w * fw) * pixel;
  for (let r = 0; r < rows; r++) {
    for (let q = 0; q < w; q++) {
      let i: usize = 0;
      for (; i + 16 <= pixel; i += 16) {
        let s = f32x4.splat(0);
        for (let a = 0; a < fh; a++) {
          for (let b = 0; b < fw; b++) s = f32x4.add(s, v128.load(dy + <usize>a * rowBytes + <usize>b * pixel + i));
        }
        v128.store(dx + i, s);
      }
      for (; i < pixel; i += 4) {
        let s: f32 = 0;
        for (let a = 0; a < fh; a++) {
          for (let b = 0; b < fw; b++) s += load<f32>(dy + <usize>a * rowBytes + <usize>b * pixel + i);
        }
        store<f32>(dx + i, s);
      }
      dx += pixel;
      dy += <usize>fw * pixel;
    }
    dy += <usize>(fh - 1) * rowBytes;
  }
}

/** Σ of the weights of the labelled rows: 1 each, or their class's weight. `valid`: bytes; `ids`: 16 bit. */
export function rowWeights(valid: usize, ids: usize, weights: usize, rows: i32): f64 {
  let sum: f64 = 0;
  for (let r: usize = 0; r < <usize>rows; r++) {
    if (load<u8>(valid + r) === 0) continue;
    sum += weights ? <f64>load<f32>(weights + (<usize>load<u16>(ids + (r << 1)) << 2)) : 1;
  }
  return sum;
}

/**
 * Σ |o − y| or Σ (o − y)² over the labelled rows of one image (`squared`), and where `gradient` is not 0
 * its gradient to o times `scale`. Summed in blocks, in double precision between them.
 */
export function regressionLoss(
  output: usize, labels: usize, valid: usize, gradient: usize, rows: i32, channels: i32, scale: f32, squared: i32,
): f64 {
  let all = true;
  for (let r: usize = 0; r < <usize>rows; r++) all = all && load<u8>(valid + r) !== 0;
  let sum: f64 = 0;
  const bytes = <usize>(rows * channels) << 2;
  let i: usize = 0;
  if (all) {
    const s = f32x4.splat(scale), zero = f32x4.splat(0), twice = f32x4.splat(scale + scale);
    while (i + 16 <= bytes) {
      const end = min(i + 1024, bytes & ~15);
      let part = zero;
      for (; i < end; i += 16) {
        const d = f32x4.sub(v128.load(output + i), v128.load(labels + i));
        part = f32x4.add(part, squared ? f32x4.mul(d, d) : f32x4.abs(d));
        if (gradient) {
          const sign = f32x4.sub(v128.and(f32x4.gt(d, zero), s), v128.and(f32x4.lt(d, zero), s));
          v128.store(gradient + i, squared ? f32x4.mul(twice, d) : sign);
        }
      }
      sum += <f64>total(part);
    }
  }
  const rowBytes = <usize>channels << 2;
  for (; i < bytes; i += 4) {
    const labelled = all || load<u8>(valid + i / rowBytes) !== 0;
    const d = labelled ? load<f32>(output + i) - load<f32>(labels + i) : 0;
    sum += <f64>(squared ? d * d : abs<f32>(d));
    if (gradient) store<f32>(gradient + i, squared ? <f32>2 * scale * d : d > 0 ? scale : d < 0 ? -scale : 0);
  }
  return sum;
}

/** e^x for x ≤ 0, within 2 units in the last place (Cephes expf); below −87 about 1e-38. NaN stays NaN. */
// @ts-ignore: decorator
@inline
function exp4(x: v128): v128 {
  const v = f32x4.max(x, f32x4.splat(-87));
  const n = f32x4.nearest(f32x4.mul(v, f32x4.splat(1.44269504)));
  let r = f32x4.sub(v, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.add(r, f32x4.mul(n, f32x4.splat(2.12194440e-4)));
  let p = f32x4.splat(1.9875691500e-4);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.0000001201e-1));
  p = f32x4.add(f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r), f32x4.splat(1));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return f32x4.mul(p, power);
}

/** ln x for a normal positive x (Cephes logf); NaN stays NaN. */
function ln(x: f32): f32 {
  if (x !== x) return x;
  const bits = reinterpret<u32>(x);
  let e = <f32>(<i32>(bits >> 23) - 126);
  let m = reinterpret<f32>((bits & 0x7fffff) | 0x3f000000);
  if (m < <f32>0.70710678) {
    e -= 1;
    m = m + m - 1;
  } else {
    m -= 1;
  }
  const z = m * m;
  let y: f32 = 7.0376836292e-2;
  y = y * m - 1.1514610310e-1;
  y = y * m + 1.1676998740e-1;
  y = y * m - 1.2420140846e-1;
  y = y * m + 1.4249322787e-1;
  y = y * m - 1.6668057665e-1;
  y = y * m + 2.0000714765e-1;
  y = y * m - 2.4999993993e-1;
  y = y * m + 3.3333331174e-1;
  y = y * m * z - <f32>2.12194440e-4 * e - <f32>0.5 * z;
  return m + y + <f32>0.693359375 * e;
}

/**
 * Σ w·(Σy·ln Σ_k e^{o_k} − Σ_k y_k·o_k) over the labelled rows of one image: cross-entropy with a hard class
 * (`ids`, 16 bit; y is one at it) or with soft classes (`values`, `ids` 0). `weights`: of each class, or 0.
 * `work`: (rows + 4 + rows·channels) values; `gradient`: 0, or where its gradient times `scale` goes.
 */
export function classLoss(
  output: usize, ids: usize, values: usize, valid: usize, weights: usize, work: usize, gradient: usize,
  rows: i32, channels: i32, scale: f32,
): f64 {
  const pitch = <usize>channels << 2;
  const powers = work + ((<usize>rows + 3 & ~3) << 2);
  const end = powers + <usize>rows * pitch;
  let o = output;
  let e = powers;
  for (let r: usize = 0; r < <usize>rows; r++) {
    let top = load<f32>(o);
    for (let c: usize = 4; c < pitch; c += 4) top = max<f32>(top, load<f32>(o + c));
    store<f32>(work + (r << 2), top);
    for (let c: usize = 0; c < pitch; c += 4) store<f32>(e + c, load<f32>(o + c) - top);
    o += pitch;
    e += pitch;
  }
  // The last group may run past the end, into the slack of `work`.
  for (let p = powers; p < end; p += 16) v128.store(p, exp4(v128.load(p)));
  let loss: f64 = 0;
  o = output;
  e = powers;
  for (let r: usize = 0; r < <usize>rows; r++) {
    const labelled = load<u8>(valid + r) !== 0;
    if (labelled) {
      let sum: f32 = 0;
      for (let c: usize = 0; c < pitch; c += 4) sum += load<f32>(e + c);
      const at = ids ? <usize>load<u16>(ids + (r << 1)) << 2 : 0;
      const w: f32 = weights ? load<f32>(weights + at) : 1;
      let mass: f32 = 1;
      let fit: f32 = 0;
      if (ids) {
        fit = load<f32>(o + at);
      } else {
        mass = 0;
        for (let c: usize = 0; c < pitch; c += 4) {
          const y = load<f32>(values + c);
          mass += y;
          fit += y * load<f32>(o + c);
        }
      }
      loss += <f64>(w * (mass * (load<f32>(work + (r << 2)) + ln(sum)) - fit));
      if (gradient) {
        const share = (scale * w * mass) / sum;
        for (let c: usize = 0; c < pitch; c += 4) {
          const y: f32 = ids ? 0 : load<f32>(values + c);
          store<f32>(gradient + c, share * load<f32>(e + c) - scale * w * y);
        }
        if (ids) store<f32>(gradient + at, load<f32>(gradient + at) - scale * w);
      }
    } else if (gradient) {
      memory.fill(gradient, 0, pitch);
    }
    o += pitch;
    e += pitch;
    if (values) values += pitch;
    if (gradient) gradient += pitch;
  }
  return loss;
}

// Winograd's convolution F(2×2, 3×3) (Lavin & Gray 2016): Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A over 4×4 patches d that
// give 2×2 outputs, summed over input channels: 16 multiplications in place of 36, as 16 matrix products.
// Its gradient to g is Gᵀ[Σ (Bᵀ d B) ⊙ (A dY Aᵀ)]G. `plane`: bytes from one of the 16 matrices to the next.

/** One of four rows of Bᵀ d B: `t` = the row of Bᵀ d, four columns. */
// @ts-ignore: decorator
@inline
function patchRow(t0: v128, t1: v128, t2: v128, t3: v128, to: usize, plane: usize): void {
  v128.store(to, f32x4.sub(t0, t2));
  v128.store(to + plane, f32x4.add(t1, t2));
  v128.store(to + 2 * plane, f32x4.sub(t2, t1));
  v128.store(to + 3 * plane, f32x4.sub(t1, t3));
}

/** Bᵀ d B of one row of `tiles` tiles: `src` at its first patch, to tiles × c in each plane. c a multiple of 4. */
export function winogradInput(src: usize, dst: usize, c: i32, row: usize, tiles: i32, plane: usize): void {
  const pixel = <usize>c << 2;
  for (let t = 0; t < tiles; t++) {
    for (let i: usize = 0; i < pixel; i += 16) {
      const p0 = src + i, p1 = p0 + row, p2 = p1 + row, p3 = p2 + row;
      const to = dst + i;
      const x2 = pixel + pixel, x3 = x2 + pixel;
      patchRow(
        f32x4.sub(v128.load(p0), v128.load(p2)), f32x4.sub(v128.load(p0 + pixel), v128.load(p2 + pixel)),
        f32x4.sub(v128.load(p0 + x2), v128.load(p2 + x2)), f32x4.sub(v128.load(p0 + x3), v128.load(p2 + x3)),
        to, plane,
      );
      patchRow(
        f32x4.add(v128.load(p1), v128.load(p2)), f32x4.add(v128.load(p1 + pixel), v128.load(p2 + pixel)),
        f32x4.add(v128.load(p1 + x2), v128.load(p2 + x2)), f32x4.add(v128.load(p1 + x3), v128.load(p2 + x3)),
        to + 4 * plane, plane,
      );
      patchRow(
        f32x4.sub(v128.load(p2), v128.load(p1)), f32x4.sub(v128.load(p2 + pixel), v128.load(p1 + pixel)),
        f32x4.sub(v128.load(p2 + x2), v128.load(p1 + x2)), f32x4.sub(v128.load(p2 + x3), v128.load(p1 + x3)),
        to + 8 * plane, plane,
      );
      patchRow(
        f32x4.sub(v128.load(p1), v128.load(p3)), f32x4.sub(v128.load(p1 + pixel), v128.load(p3 + pixel)),
        f32x4.sub(v128.load(p1 + x2), v128.load(p3 + x2)), f32x4.sub(v128.load(p1 + x3), v128.load(p3 + x3)),
        to + 12 * plane, plane,
      );
    }
    src += pixel + pixel;
    dst += pixel;
  }
}

// @ts-ignore: decorator
@inline
function storeOutput(to: usize, value: v128, bias: v128, floor: v128): void {
  v128.store(to, f32x4.max(f32x4.add(value, bias), floor));
}

/** Aᵀ m A + bias (then ReLU) of one row of tiles, to two output rows `row` bytes apart. co a multiple of 4. */
export function winogradOutput(
  m: usize, bias: usize, dst: usize, co: i32, row: usize, tiles: i32, plane: usize, relu: i32,
): void {
  const pixel = <usize>co << 2;
  const floor = f32x4.splat(relu ? 0 : -Infinity);
  for (let t = 0; t < tiles; t++) {
    for (let i: usize = 0; i < pixel; i += 16) {
      const b = v128.load(bias + i);
      let p = m + i;
      let sum0 = f32x4.splat(0), sum1 = sum0, difference0 = sum0, difference1 = sum0;
      for (let j = 0; j < 4; j++) {
        const m0 = v128.load(p), m1 = v128.load(p + 4 * plane), m2 = v128.load(p + 8 * plane), m3 = v128.load(p + 12 * plane);
        const s0 = f32x4.add(f32x4.add(m0, m1), m2), s1 = f32x4.sub(f32x4.sub(m1, m2), m3);
        if (j < 3) {
          sum0 = f32x4.add(sum0, s0);
          sum1 = f32x4.add(sum1, s1);
        }
        if (j === 1) {
          difference0 = s0;
          difference1 = s1;
        } else if (j > 1) {
          difference0 = f32x4.sub(difference0, s0);
          difference1 = f32x4.sub(difference1, s1);
        }
        p += plane;
      }
      const to = dst + i;
      storeOutput(to, sum0, b, floor);
      storeOutput(to + pixel, difference0, b, floor);
      storeOutput(to + row, sum1, b, floor);
      storeOutput(to + row + pixel, difference1, b, floor);
    }
    m += pixel;
    dst += pixel + pixel;
  }
}

/** One row of A dY Aᵀ from the row (a, b) of A dY. */
// @ts-ignore: decorator
@inline
function slopeRow(a: v128, b: v128, to: usize, plane: usize): void {
  v128.store(to, a);
  v128.store(to + plane, f32x4.add(a, b));
  v128.store(to + 2 * plane, f32x4.sub(a, b));
  v128.store(to + 3 * plane, f32x4.neg(b));
}

/** A dY Aᵀ of one row of tiles: `src` at the first of two output rows, `row` bytes apart. co a multiple of 4. */
export function winogradSlopes(src: usize, dst: usize, co: i32, row: usize, tiles: i32, plane: usize): void {
  const pixel = <usize>co << 2;
  for (let t = 0; t < tiles; t++) {
    for (let i: usize = 0; i < pixel; i += 16) {
      const p = src + i;
      const a0 = v128.load(p), b0 = v128.load(p + pixel), a1 = v128.load(p + row), b1 = v128.load(p + row + pixel);
      const to = dst + i;
      slopeRow(a0, b0, to, plane);
      slopeRow(f32x4.add(a0, a1), f32x4.add(b0, b1), to + 4 * plane, plane);
      slopeRow(f32x4.sub(a0, a1), f32x4.sub(b0, b1), to + 8 * plane, plane);
      slopeRow(f32x4.neg(a1), f32x4.neg(b1), to + 12 * plane, plane);
    }
    src += pixel + pixel;
    dst += pixel;
  }
}

/**
 * G g Gᵀ for every pair of channels: filter [3][3][from][to] → 16 packed matrices [to/8][from][8]. With `flip`
 * the filter is [3][3][to][from] and is turned by half a circle: the filter of the input gradient.
 */
export function winogradFilter(src: usize, dst: usize, from: i32, to: i32, plane: usize, flip: i32): void {
  const tap = <usize>(from * to) << 2;
  for (let f = 0; f < from; f++) {
    for (let t = 0; t < to; t++) {
      const cell = src + (<usize>(flip ? t * from + f : f * to + t) << 2);
      let out = dst + (<usize>(((t >> 3) * from + f) * 8 + (t & 7)) << 2);
      for (let i = 0; i < 4; i++) {
        let r0: f32 = 0, r1: f32 = 0, r2: f32 = 0;
        for (let k = 0; k < 3; k++) {
          const factor: f32 = i === 0 ? (k === 0 ? 1 : 0) : i === 3 ? (k === 2 ? 1 : 0) : i === 2 && k === 1 ? -0.5 : 0.5;
          const base = cell + <usize>(flip ? 8 - 3 * k : 3 * k) * tap;
          const step: usize = flip ? -tap : tap;
          r0 += factor * load<f32>(base);
          r1 += factor * load<f32>(base + step);
          r2 += factor * load<f32>(base + step + step);
        }
        store<f32>(out, r0);
        store<f32>(out + plane, <f32>0.5 * (r0 + r1 + r2));
        store<f32>(out + 2 * plane, <f32>0.5 * (r0 - r1 + r2));
        store<f32>(out + 3 * plane, r2);
        out += 4 * plane;
      }
    }
  }
}

/** Gᵀ u G for every pair of channels: 16 matrices of `size` values (a multiple of four) → filter [3][3][size]. */
export function winogradFilterGrad(src: usize, dst: usize, size: i32, plane: usize): void {
  const tap = <usize>size << 2;
  const half = f32x4.splat(0.5);
  for (let i: usize = 0; i < tap; i += 16) {
    for (let k = 0; k < 3; k++) {
      let r0 = half, r1 = half, r2 = half, r3 = half;
      for (let j = 0; j < 4; j++) {
        // Row k of Gᵀ u, column j: u0 + (u1 + u2)/2, (u1 − u2)/2, or (u1 + u2)/2 + u3.
        const p = src + i + <usize>j * plane;
        const u1 = v128.load(p + 4 * plane), u2 = v128.load(p + 8 * plane);
        let value = f32x4.mul(half, k === 1 ? f32x4.sub(u1, u2) : f32x4.add(u1, u2));
        if (k === 0) value = f32x4.add(value, v128.load(p));
        if (k === 2) value = f32x4.add(value, v128.load(p + 12 * plane));
        if (j === 0) r0 = value;
        else if (j === 1) r1 = value;
        else if (j === 2) r2 = value;
        else r3 = value;
      }
      const to = dst + i + <usize>(3 * k) * tap;
      const middle = f32x4.mul(half, f32x4.add(r1, r2));
      v128.store(to, f32x4.add(r0, middle));
      v128.store(to + tap, f32x4.mul(half, f32x4.sub(r1, r2)));
      v128.store(to + 2 * tap, f32x4.add(middle, r3));
    }
  }
}
