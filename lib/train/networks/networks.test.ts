import type { Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { forwardFlops, trainingFlops } from '@/lib/science/catalog/flops';
import {
  codeShape,
  encoderPlan,
  type LayerPlan,
  planLayers,
  scratchPlan,
  sourcePlan,
  transferPlan,
} from '@/lib/science/catalog/presets-layers';
import {
  createRng,
  type InputKind,
  type PresetName,
  type TaskHead,
  type TaskShape,
} from '@/lib/science/core';
import { type Engine, openEngine } from '../engine';
import {
  createParameters,
  depthToSpace,
  forward,
  initialWeights,
  packLabels,
  planParameters,
  spaceToDepth,
} from './index';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ backend: 'cpu' });
});

const shape = (head: TaskHead, input: InputKind = 'rgb'): TaskShape => ({ head, input });

const HEADS: [TaskHead, number[]][] = [
  [{ kind: 'pixels', channels: 3 }, [2, 2, 2, 48]],
  [{ kind: 'pixel-classes', classes: 5 }, [2, 2, 2, 80]],
  [{ kind: 'pixel-embedding', size: 6 }, [2, 2, 2, 96]],
  [{ kind: 'vector', size: 7 }, [2, 7]],
  [{ kind: 'classes', classes: 4 }, [2, 4]],
];

function shapeOf(plan: LayerPlan, input: number[]): number[] {
  const { tf } = engine;
  const parameters = createParameters(tf, plan, initialWeights(plan, createRng(1)));
  const shape = tf.tidy(() => forward(tf, plan, parameters.get, tf.zeros(input)).shape);
  parameters.dispose();
  return shape;
}

describe('networks', () => {
  it('mlp sees the whole picture at once through fully connected sigmoid layers', () => {
    const plan = encoderPlan('mlp', 16);
    const layers = planLayers(plan);
    for (const layer of layers) expect(layer).toMatchObject({ kernel: 1, inSide: 1, activation: 'sigmoid' });
    for (const [head] of HEADS) {
      const perPicture = head.kind === 'vector' ? head.size : head.kind === 'classes' ? head.classes : 0;
      const channels = { pixels: 3, 'pixel-classes': 5, 'pixel-embedding': 6, vector: 0, classes: 0 }[
        head.kind
      ];
      const wanted = perPicture > 0 ? [2, perPicture] : [2, 1, 1, 64 * channels];
      expect(shapeOf(sourcePlan('mlp', 16, shape(head)), [2, 1, 1, 768])).toEqual(wanted);
      expect(shapeOf(scratchPlan('mlp', 16, shape(head)), [2, 1, 1, 768])).toEqual(wanted);
    }
    const { tf } = engine;
    const parameters = createParameters(tf, plan, initialWeights(plan, createRng(1)));
    const x = createRng(2);
    const picture = Float32Array.from({ length: 768 }, () => x.next());
    let expected: number[] = [...picture];
    for (const { name } of layers) {
      const [kernel, bias] = ['kernel', 'bias'].map((part) => parameters.get(`${name}/${part}`).dataSync());
      const units = bias?.length ?? 0;
      expected = Array.from({ length: units }, (_, j) => {
        const sum = expected.reduce((total, v, i) => total + v * (kernel?.[i * units + j] as number), 0);
        return 1 / (1 + Math.exp(-sum - (bias?.[j] as number)));
      });
    }
    const code = tf.tidy(() =>
      forward(tf, plan, parameters.get, tf.tensor(picture, [1, 1, 1, 768])).dataSync(),
    );
    expected.forEach((value, i) => {
      expect(code[i]).toBeCloseTo(value, 4);
    });
    parameters.dispose();
  });

  it.each(['micro', 'tiny', 'small'] as PresetName[])('%s gives every head its output shape', (preset) => {
    for (const [head, wanted] of HEADS) {
      expect(shapeOf(sourcePlan(preset, 16, shape(head)), [2, 4, 4, 48])).toEqual(wanted);
      expect(shapeOf(scratchPlan(preset, 16, shape(head)), [2, 4, 4, 48])).toEqual(wanted);
      const code = codeShape(preset, 16);
      expect(
        shapeOf(transferPlan(preset, 16, shape(head), 3), [2, code.side, code.side, 3 * code.channels]),
      ).toEqual(wanted);
    }
  });

  it('siamese: one encoder for every picture, codes joined in the order of the pictures', () => {
    const { tf } = engine;
    const task = shape({ kind: 'vector', size: 7 }, 'fixated-triplet');
    expect(shapeOf(sourcePlan('tiny', 16, task), [6, 4, 4, 48])).toEqual([2, 7]);
    expect(shapeOf(scratchPlan('tiny', 16, task), [6, 4, 4, 48])).toEqual([2, 7]);
    expect(shapeOf(transferPlan('tiny', 16, task, 2), [2, 2, 2, 2 * 3 * 8])).toEqual([2, 7]);
    const single = encoderPlan('tiny', 16);
    const parameters = createParameters(tf, single, initialWeights(single, createRng(1)));
    const pictures = Array.from({ length: 6 }, (_, i) => tf.randomNormal([1, 4, 4, 48], 0, 1, 'float32', i));
    const joined = forward(tf, encoderPlan('tiny', 16, 3), parameters.get, tf.concat(pictures, 0));
    // example 1: pictures 1 (first view), 3 (second), 5 (third) of the batch
    const wanted = tf.concat(
      [1, 3, 5].map((i) => forward(tf, single, parameters.get, pictures[i] as Tensor)),
      3,
    );
    const apart = tf.max(tf.abs(tf.sub(tf.slice(joined, [1, 0, 0, 0], [1, 2, 2, 24]), wanted)));
    expect(apart.dataSync()[0]).toBeLessThan(1e-5);
    const [one, three] = [
      sourcePlan('tiny', 64, shape({ kind: 'vector', size: 7 })),
      encoderPlan('tiny', 64, 3),
    ];
    expect(forwardFlops(three)).toBe(3 * forwardFlops(encoderPlan('tiny', 64)));
    expect(forwardFlops(one)).toBeGreaterThan(forwardFlops(encoderPlan('tiny', 64)));
  });

  it('names parameters by path, each once', () => {
    const names = planParameters(scratchPlan('small', 128, shape({ kind: 'pixels', channels: 1 }))).map(
      ({ name }) => name,
    );
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('encoder/conv1/kernel');
    expect(names).toContain('readout/stream2/conv2/bias');
    expect(names).toContain('readout/norm/gain');
    expect(names).toContain('decoder/output/kernel');
  });

  it('draws the same starting weights for a seed, whatever other layers there are', () => {
    const whole = initialWeights(
      sourcePlan('tiny', 64, shape({ kind: 'pixels', channels: 3 })),
      createRng(9),
    );
    const other = initialWeights(scratchPlan('tiny', 64, shape({ kind: 'vector', size: 2 })), createRng(9));
    expect(other.get('encoder/conv2/kernel')).toEqual(whole.get('encoder/conv2/kernel'));
    const kernel = whole.get('encoder/conv2/kernel') as Float32Array;
    const variance = kernel.reduce((sum, w) => sum + w * w, 0) / kernel.length;
    expect(variance).toBeCloseTo(2 / (9 * 24), 3);
  });

  it('refuses sizes that do not divide', () => {
    expect(() => sourcePlan('tiny', 40, shape({ kind: 'pixels', channels: 1 }))).toThrow(/multiple of 16/);
    expect(() => sourcePlan('resnet50', 40, shape({ kind: 'pixels', channels: 1 }))).toThrow(
      /multiple of 16/,
    );
  });

  it('resnet50 is the network of He et al. at stride 16: 53 convolutions and the code', () => {
    const plan = encoderPlan('resnet50', 256);
    const convs = planLayers(plan).filter((layer) => layer.kind === 'conv');
    expect(convs).toHaveLength(54);
    const main = convs.filter(({ name }) => !/shortcut|code$/.test(name));
    const weights = (name: RegExp): number =>
      planParameters(plan)
        .filter((p) => name.test(p.name))
        .reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    expect(main).toHaveLength(49);
    // torchvision's resnet50 without its classifier: 23,508,032, which has no biases in its convolutions.
    expect(weights(/kernel$|norm\//) - weights(/code\/kernel$/)).toBe(23_508_032);
    expect(convs.at(-1)).toMatchObject({ name: 'encoder/code', inSide: 16, outSide: 16, inChannels: 2048 });
    // 8.2 GFLOP at 224×224 with the last stage at 7×7; at 14×14 that stage alone costs four times as much.
    expect(forwardFlops(encoderPlan('resnet50', 224)) / 1e9).toBeGreaterThan(10);
  });

  it('adds the streams of a residual block, and hands the input on through an empty one', () => {
    const { tf } = engine;
    const layer = { inSide: 1, outSide: 1, inChannels: 2, outChannels: 2, kernel: 1, stride: 1 } as const;
    const plan: LayerPlan = [
      { streams: [[{ kind: 'conv', name: 'a', activation: 'linear', ...layer }], []], join: 'sum' },
    ];
    const weights = new Map([
      ['a/kernel', Float32Array.of(2, 0, 0, -3)],
      ['a/bias', Float32Array.of(0, 0)],
    ]);
    const parameters = createParameters(tf, plan, weights);
    const output = tf.tidy(() =>
      forward(tf, plan, parameters.get, tf.tensor([1, 1, -1, -1], [2, 1, 1, 2])).dataSync(),
    );
    parameters.dispose();
    // x + Ax = (3, −2) and (−3, 2), then ReLU.
    expect([...output]).toEqual([3, 0, 0, 2]);
  });

  it('counts FLOPs as written out by hand', () => {
    const plan = sourcePlan('tiny', 64, shape({ kind: 'pixels', channels: 3 }));
    const macs =
      256 * 48 * 24 +
      64 * 9 * 24 * 32 +
      64 * 9 * 32 * 32 +
      64 * 32 * 8 +
      64 * 9 * 8 * 24 +
      64 * 9 * 24 * 24 +
      64 * 24 * 48;
    expect(forwardFlops(plan)).toBe(2 * macs);
    expect(trainingFlops(plan)).toBe(6 * macs - 2 * 256 * 48 * 24);
  });
});

describe('layout', () => {
  it('space-to-depth is a permutation with the inverse depth-to-space', () => {
    const image = Float32Array.from({ length: 2 * 8 * 8 * 3 }, (_, i) => i);
    const packed = spaceToDepth(image, 8, 3, 4);
    expect(depthToSpace(packed, 8, 3, 4)).toEqual(image);
    // Row 5, column 6, channel 2 of the second image: square (1, 1), inside it (1, 2).
    expect(packed[192 + (1 * 2 + 1) * 48 + (1 * 4 + 2) * 3 + 2]).toBe(192 + (5 * 8 + 6) * 3 + 2);
  });

  const sides = { outputSide: 4, codeSide: 2 };
  const pixelAt = (y: number, x: number): number => ((y >> 1) * 2 + (x >> 1)) * 4 + (y % 2) * 2 + (x % 2);

  it('averages the valid pixels of each square', () => {
    const values = Float32Array.from({ length: 64 }, (_, i) => i);
    const mask = new Uint8Array(64).fill(1);
    for (const p of [0, 1, 8, 9, 2]) mask[p] = 0;
    const packed = packLabels({ values, shape: [8, 8, 1], mask }, 1, { kind: 'pixels', channels: 1 }, sides);
    expect(packed.valid[pixelAt(0, 0)]).toBe(0);
    expect(packed.values?.[pixelAt(0, 1)]).toBeCloseTo((3 + 10 + 11) / 3);
    expect(packed.values?.[pixelAt(3, 2)]).toBeCloseTo((52 + 53 + 60 + 61) / 4);
  });

  it('takes the majority class of each square, the lower id on a tie, and checks ids', () => {
    const values = new Float32Array(64);
    values.set([1, 2], 0);
    values.set([2, 1], 8);
    values.set([2, 0], 2);
    values.set([2, 0], 10);
    values.set([2, 2, 1], 52);
    values.set([2], 60);
    const packed = packLabels(
      { values, shape: [8, 8], mask: null },
      1,
      { kind: 'pixel-classes', classes: 3 },
      sides,
    );
    expect(packed.ids?.[pixelAt(0, 0)]).toBe(1);
    expect(packed.ids?.[pixelAt(0, 1)]).toBe(0);
    expect(packed.ids?.[pixelAt(3, 2)]).toBe(2);
    values[5] = 3;
    expect(() =>
      packLabels({ values, shape: [8, 8], mask: null }, 1, { kind: 'pixel-classes', classes: 3 }, sides),
    ).toThrow(/names class 3/);
  });
});
