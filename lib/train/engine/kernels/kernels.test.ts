import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine } from '../open';
import { winogradFilterGradientFits, winogradForwardFits, winogradInputGradientFits } from '../simd/winograd';
import { createRng, randomValues, relativeError, sizeOf, valuesOn } from '../testing/random';
import type { Engine, Tf } from '../types';
import { spaceToDepth } from './space-to-depth';

// About WebAssembly itself, whichever engine the rest of the suite is run on.
delete process.env.TASKATLAS_ENGINE;

let tf: Tf;
beforeAll(async () => {
  const cpu: Engine = await openEngine({ backend: 'cpu' });
  tf = (await openEngine({ backend: 'wasm' })).tf;
  expect(cpu.tf).toBe(tf);
});
/** Every convolution and product is checked twice: by the own kernels, and by the compositions of stock ones. */
const both = [
  ['own SIMD kernels', true],
  ['composed kernels', false],
] as const;
const use = async (simd: boolean): Promise<void> => {
  const { description } = await openEngine({ backend: 'wasm', simd });
  expect(description.kernels).toBe(simd ? 'simd' : 'composed');
};

type Shape4 = [number, number, number, number];
type Padding =
  | 'same'
  | 'valid'
  | number
  | [[number, number], [number, number], [number, number], [number, number]];
const convolution = fc
  .record({
    n: fc.integer({ min: 1, max: 3 }),
    h: fc.integer({ min: 1, max: 9 }),
    w: fc.integer({ min: 1, max: 9 }),
    ci: fc.integer({ min: 1, max: 17 }),
    co: fc.integer({ min: 1, max: 17 }),
    k: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
    stride: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    pad: fc.constantFrom<Padding>('same', 'valid', 1, 3, [
      [0, 0],
      [2, 0],
      [0, 1],
      [0, 0],
    ]),
    seed: fc.integer(),
  })
  .filter((c) => c.pad !== 'valid' || (c.h >= c.k[0] && c.w >= c.k[1]))
  .filter((c) => c.pad === 'same' || (c.h + 1 >= c.k[0] && c.w + 1 >= c.k[1]))
  // Elsewhere one number is wrong in tfjs-core itself (see padding.ts).
  .filter((c) => typeof c.pad !== 'number' || (c.k[0] === c.k[1] && c.stride[0] === c.stride[1]));

const tensor = (seed: number, label: string, shape: number[]): Tensor =>
  tf.tensor(randomValues(createRng(seed, label), sizeOf(shape)), shape);

/** Gradients of Σ weights · conv(x, f) with respect to x and f. */
const convGradients =
  (c: {
    n: number;
    h: number;
    w: number;
    ci: number;
    co: number;
    k: [number, number];
    stride: [number, number];
    pad: Padding;
    seed: number;
  }) =>
  () => {
    const x = tensor(c.seed, 'x', [c.n, c.h, c.w, c.ci]) as Tensor4D;
    const f = tensor(c.seed, 'f', [c.k[0], c.k[1], c.ci, c.co]) as Tensor4D;
    const y = tf.conv2d(x, f, c.stride, c.pad);
    const dy = tensor(c.seed, 'dy', y.shape);
    const dx = tf.grads((a: Tensor, b: Tensor) => tf.conv2d(a as Tensor4D, b as Tensor4D, c.stride, c.pad));
    return [y, ...dx([x, f], dy)];
  };

describe.each(both)('convolution and its gradients on wasm: %s', (_name, simd) => {
  beforeAll(() => use(simd));
  it('agree with the cpu backend on random shapes, strides, paddings and batches', async () => {
    await fc.assert(
      fc.asyncProperty(convolution, async (c) => {
        const expected = await valuesOn(tf, 'cpu', convGradients(c));
        const actual = await valuesOn(tf, 'wasm', convGradients(c));
        expected.forEach((values, i) => {
          expect(relativeError(actual[i] ?? [], values)).toBeLessThan(1e-5);
        });
      }),
      { numRuns: 150, seed: 1 },
    );
  });

  it('agree with finite differences', async () => {
    const rng = createRng(4);
    const xs: Shape4 = [2, 5, 6, 3];
    const fs: Shape4 = [3, 3, 3, 4];
    for (const [stride, pad] of [
      [1, 'same'],
      [2, 'same'],
      [2, 'valid'],
      [3, 'same'],
    ] as const) {
      const x = randomValues(rng, sizeOf(xs));
      const f = randomValues(rng, sizeOf(fs));
      const conv = (a: Tensor, b: Tensor) => tf.conv2d(a as Tensor4D, b as Tensor4D, stride, pad);
      const forward = async (a: Float32Array, b: Float32Array): Promise<Float32Array> =>
        (await valuesOn(tf, 'wasm', () => conv(tf.tensor4d(a, xs), tf.tensor4d(b, fs))))[0] ??
        new Float32Array();
      const shape = tf.tidy(() => conv(tf.zeros(xs), tf.zeros(fs)).shape);
      const dy = randomValues(rng, sizeOf(shape));
      // The loss Σ dy·y is linear in each operand: a central difference of step 1 is exact, up to rounding.
      const loss = async (a: Float32Array, b: Float32Array): Promise<number> =>
        (await forward(a, b)).reduce((sum, y, i) => sum + y * (dy[i] ?? 0), 0);
      const [dx, df] = await valuesOn(tf, 'wasm', () =>
        tf.grads(conv)([tf.tensor4d(x, xs), tf.tensor4d(f, fs)], tf.tensor(dy, shape)),
      );
      const moved = (values: Float32Array, i: number, by: number) =>
        values.map((v, j) => (j === i ? v + by : v));
      for (let trial = 0; trial < 12; trial++) {
        const i = rng.int(x.length);
        const byX = ((await loss(moved(x, i, 1), f)) - (await loss(moved(x, i, -1), f))) / 2;
        expect(Math.abs((dx?.[i] ?? 0) - byX)).toBeLessThan(1e-4);
        const j = rng.int(f.length);
        const byF = ((await loss(x, moved(f, j, 1))) - (await loss(x, moved(f, j, -1)))) / 2;
        expect(Math.abs((df?.[j] ?? 0) - byF)).toBeLessThan(1e-4);
      }
    }
  });
});

describe('3×3 convolutions of stride 1 by Winograd’s products', () => {
  beforeAll(() => use(true));
  const side = fc.constantFrom<number>(2, 4, 6, 8);
  const shape = fc.record({
    n: fc.integer({ min: 1, max: 2 }),
    h: side,
    w: side,
    ci: fc.constantFrom(16, 20, 24, 32),
    co: fc.constantFrom(8, 16, 24),
    pad: fc.constantFrom<Padding>('same', 'valid', 2),
    seed: fc.integer(),
  });
  it('agree with the cpu backend', async () => {
    await fc.assert(
      fc.asyncProperty(shape, async (given) => {
        fc.pre(given.pad !== 'valid' || (given.h >= 4 && given.w >= 4));
        const c = { ...given, k: [3, 3] as [number, number], stride: [1, 1] as [number, number] };
        const { n, h, w, ci, co } = c;
        const top = c.pad === 'same' ? 1 : c.pad === 'valid' ? 0 : 2;
        const [oh, ow] = [h + 2 * top - 2, w + 2 * top - 2];
        const g = { n, h, w, ci, co, kh: 3, kw: 3, oh, ow, strideH: 1, strideW: 1, top, left: top };
        expect(
          winogradForwardFits(g) &&
            winogradFilterGradientFits(g) &&
            winogradInputGradientFits({ ...g, co: 16, ci: 8 }),
        ).toBe(true);
        const expected = await valuesOn(tf, 'cpu', convGradients(c));
        const actual = await valuesOn(tf, 'wasm', convGradients(c));
        expected.forEach((values, i) => {
          expect(relativeError(actual[i] ?? [], values)).toBeLessThan(1e-5);
        });
      }),
      // The example has more tiles than go through the products at once.
      {
        numRuns: 12,
        seed: 11,
        examples: [[{ n: 3, h: 16, w: 14, ci: 16, co: 8, pad: 'same' as const, seed: 1 }]],
      },
    );
  });
});

describe('depthwise convolution gradients on wasm', () => {
  it('agree with the cpu backend', async () => {
    const shapes = convolution
      .filter((c) => c.stride[0] === c.stride[1])
      .map((c) => ({ ...c, pad: c.pad === 'valid' ? ('valid' as const) : ('same' as const) }));
    await fc.assert(
      fc.asyncProperty(shapes, fc.integer({ min: 1, max: 2 }), async (c, multiplier) => {
        const work = () => {
          const x = tensor(c.seed, 'x', [c.n, c.h, c.w, c.ci]) as Tensor4D;
          const f = tensor(c.seed, 'f', [c.k[0], c.k[1], c.ci, multiplier]) as Tensor4D;
          const apply = (a: Tensor, b: Tensor) =>
            tf.depthwiseConv2d(a as Tensor4D, b as Tensor4D, c.stride, c.pad);
          const dy = tensor(c.seed, 'dy', apply(x, f).shape);
          return tf.grads(apply)([x, f], dy);
        };
        const expected = await valuesOn(tf, 'cpu', work);
        const actual = await valuesOn(tf, 'wasm', work);
        expected.forEach((values, i) => {
          expect(relativeError(actual[i] ?? [], values)).toBeLessThan(1e-5);
        });
      }),
      { numRuns: 30, seed: 2 },
    );
  });
});

describe('segment sums', () => {
  it('give the gradient of gather, with repeated indices', async () => {
    const work = () => {
      const x = tensor(1, 'x', [5, 3]);
      const indices = tf.tensor1d([4, 0, 4, 2], 'int32');
      const dy = tensor(1, 'dy', [4, 3]);
      return tf.grad((a: Tensor) => tf.gather(a, indices))(x, dy);
    };
    const [expected] = await valuesOn(tf, 'cpu', work);
    const [actual] = await valuesOn(tf, 'wasm', work);
    expect(relativeError(actual ?? [], expected ?? [])).toBeLessThan(1e-6);
  });

  it('drop ids outside the segments', async () => {
    const [sums] = await valuesOn(tf, 'wasm', () =>
      tf.unsortedSegmentSum(tf.tensor1d([1, 2, 4, 8]), tf.tensor1d([-1, 1, 2, 1], 'int32'), 2),
    );
    expect([...(sums ?? [])]).toEqual([0, 10]);
  });
});

describe('depth to space', () => {
  it('is undone by spaceToDepth and has it as its gradient', async () => {
    for (const block of [2, 4]) {
      const [back, original, gradient, expected] = await valuesOn(tf, 'wasm', () => {
        const x = tensor(block, 'x', [2, 3, 2, block * block * 3]) as Tensor4D;
        const wide = tf.depthToSpace(x, block);
        const dy = tensor(block, 'dy', wide.shape) as Tensor4D;
        const dx = tf.grad((a: Tensor) => tf.depthToSpace(a as Tensor4D, block))(x, dy);
        return [spaceToDepth(tf, wide, block), x, dx, spaceToDepth(tf, dy, block)];
      });
      expect(back).toEqual(original);
      expect(gradient).toEqual(expected);
    }
  });
});

describe.each(both)('matrix products on wasm: %s', (_name, simd) => {
  beforeAll(() => use(simd));
  it('agree with the cpu backend, transposed or not', async () => {
    const size = fc.integer({ min: 1, max: 40 });
    await fc.assert(
      fc.asyncProperty(size, size, size, fc.boolean(), fc.boolean(), async (m, k, n, ta, tb) => {
        const work = () =>
          tf.matMul(tensor(m, 'a', ta ? [k, m] : [m, k]), tensor(n, 'b', tb ? [n, k] : [k, n]), ta, tb);
        const [expected] = await valuesOn(tf, 'cpu', work);
        const [actual] = await valuesOn(tf, 'wasm', work);
        expect(relativeError(actual ?? [], expected ?? [])).toBeLessThan(1e-5);
      }),
      { numRuns: 60, seed: 3 },
    );
  });
});

describe.each(both)('stock bugs: %s', (_name, simd) => {
  beforeAll(() => use(simd));
  it('matMul is right when the right operand comes again under another shape', async () => {
    const work = () => {
      const a = tensor(7, 'a', [4, 6]);
      const b = tensor(7, 'b', [6, 8]);
      const c = tensor(7, 'c', [4, 8]);
      return [tf.matMul(a, b), tf.matMul(c, tf.reshape(b, [8, 6])), tf.matMul(a, b)];
    };
    const expected = await valuesOn(tf, 'cpu', work);
    const actual = await valuesOn(tf, 'wasm', work);
    expected.forEach((values, i) => {
      expect(relativeError(actual[i] ?? [], values)).toBeLessThan(1e-5);
    });
  });

  it('the gradient of pooling reaches windows without a positive value', async () => {
    for (const [side, stride, pad] of [
      [2, 2, 'valid'],
      [3, 2, 'same'],
      [3, 1, 'same'],
    ] as const) {
      const pool = (x: Tensor): Tensor4D => tf.maxPool(x as Tensor4D, side, stride, pad);
      const work = () => {
        const x = tf.sub(tensor(4, 'x', [3, 7, 6, 5]), 2) as Tensor4D;
        return tf.grad(pool)(x, tensor(4, 'dy', pool(x).shape) as Tensor4D);
      };
      const [expected] = await valuesOn(tf, 'cpu', work);
      const [actual] = await valuesOn(tf, 'wasm', work);
      expect(relativeError(actual ?? [], expected ?? [])).toBeLessThan(1e-6);
    }
  });

  it('ReLU passes NaN of either sign on, alone and after a product of matrices', async () => {
    const work = () => {
      const infinite = tf.tensor2d([Number.POSITIVE_INFINITY, Number.NaN, -2, 3], [2, 2]);
      const x = tf.concat([tf.sub(infinite, infinite), tf.mul(infinite, 2)], 0) as Tensor2D;
      const identity = tf.eye(2);
      return [
        tf.relu(x),
        tf.fused.matMul({ a: x, b: identity, bias: tf.tensor1d([1, -7]), activation: 'relu' }),
        tf.grad((a: Tensor) => tf.relu(a))(x, tf.onesLike(x)),
      ];
    };
    const expected = await valuesOn(tf, 'cpu', work);
    expect(expected[0]?.slice(0, 4)).toEqual(Float32Array.of(Number.NaN, Number.NaN, 0, 0));
    expect(await valuesOn(tf, 'wasm', work)).toEqual(expected);
  });

  it('a padding of one number is right for filters that are not square', async () => {
    const work =
      (pad: number | [[number, number], [number, number], [number, number], [number, number]]) => () => {
        const x = tensor(3, 'x', [2, 9, 7, 3]) as Tensor4D;
        return tf.conv2d(x, tensor(3, 'f', [3, 1, 3, 4]) as Tensor4D, 1, pad);
      };
    const sides: [number, number] = [1, 1];
    const [expected] = await valuesOn(tf, 'cpu', work([[0, 0], sides, sides, [0, 0]]));
    const [actual] = await valuesOn(tf, 'wasm', work(1));
    expect(relativeError(actual ?? [], expected ?? [])).toBeLessThan(1e-5);
  });

  it('a filter smaller than its stride is right under same padding', async () => {
    const work = () => {
      const x = tensor(5, 'x', [2, 7, 6, 3]) as Tensor4D;
      return [
        tf.conv2d(x, tensor(5, 'f', [1, 2, 3, 4]) as Tensor4D, [2, 3], 'same'),
        tf.depthwiseConv2d(x, tensor(5, 'd', [1, 1, 3, 2]) as Tensor4D, 2, 'same'),
      ];
    };
    const expected = await valuesOn(tf, 'cpu', work);
    const actual = await valuesOn(tf, 'wasm', work);
    expected.forEach((values, i) => {
      expect(relativeError(actual[i] ?? [], values)).toBeLessThan(1e-5);
    });
  });

  it('the gradient of nearest-neighbour resizing is right on cpu for every image of a batch', async () => {
    for (const [alignCorners, size] of [
      [false, [6, 8]],
      [true, [5, 7]],
      [false, [3, 5]],
    ] as const) {
      const work = () => {
        const x = tensor(9, 'x', [3, 3, 4, 2]) as Tensor4D;
        const dy = tensor(9, 'dy', [3, size[0], size[1], 2]);
        return tf.grad((a: Tensor) => tf.image.resizeNearestNeighbor(a as Tensor4D, [...size], alignCorners))(
          x,
          dy,
        );
      };
      const [cpu] = await valuesOn(tf, 'cpu', work);
      const [wasm] = await valuesOn(tf, 'wasm', work);
      expect(relativeError(cpu ?? [], wasm ?? [])).toBeLessThan(1e-6);
    }
  });
});
