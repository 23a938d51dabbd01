import { PNG } from 'pngjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { codeShape, outputSide } from '@/lib/science/catalog/presets-layers';
import { declareTasks } from '@/lib/science/catalog/tasks';
import type { TaskDeclaration } from '@/lib/science/core';
import { type Engine, openEngine } from '../engine';
import { type PackedLabels, packLabels } from '../networks';
import { metricOf, taskMetrics } from './metrics';
import { inputPng, renderSamples, sampleIndices } from './samples';
import { createTestContext } from './testing/context';
import { createShapesDataset, SHAPE_TASKS } from './testing/shapes-dataset';

const labels = (channels: number, part: Partial<PackedLabels>): PackedLabels => {
  const rows = part.ids?.length ?? (part.values?.length ?? 0) / channels;
  return {
    examples: 1,
    rows,
    channels,
    values: null,
    ids: null,
    valid: new Uint8Array(rows).fill(1),
    ...part,
  };
};
const taskWith = (metric: string): TaskDeclaration => ({
  ...(SHAPE_TASKS[0] as TaskDeclaration),
  metric: { name: metric, unit: '', higherIsBetter: true },
});

const metric = (name: string, outputs: Float32Array, truth: PackedLabels): number | null =>
  taskMetrics(taskWith(name), outputs, truth).metric;

describe('metrics', () => {
  it('exist for every declared task', () => {
    for (const task of [...declareTasks('rooms'), ...declareTasks('idx')]) {
      expect(() => metricOf(task), task.id).not.toThrow();
    }
    expect(() => metricOf(taskWith('elegance'))).toThrow(/Nothing computes the metric "elegance"/);
  });

  it('angle between vectors, whatever their length; rows without a label do not count', () => {
    const truth = labels(3, { values: Float32Array.of(1, 0, 0, 0, 0, 1, 0, 1, 0) });
    const outputs = Float32Array.of(5, 0, 0, 0, 0.2, 0.2, 1, 0, 0);
    expect(metric('mean angular error', outputs, truth)).toBeCloseTo((0 + 45 + 90) / 3, 4);
    const masked = { ...truth, valid: Uint8Array.of(1, 1, 0) };
    expect(metric('mean angular error', outputs, masked)).toBeCloseTo(22.5, 4);
    expect(metric('accuracy', outputs, { ...truth, valid: new Uint8Array(3) })).toBeNull();
  });

  it('accuracy and intersection over union of hard and soft classes', () => {
    const truth = labels(2, { ids: Uint16Array.of(0, 0, 1, 1) });
    const outputs = Float32Array.of(2, 1, 0, 1, 0, 1, 0, 3);
    expect(metric('accuracy', outputs, truth)).toBeCloseTo(75);
    expect(metric('mean IoU', outputs, truth)).toBeCloseTo((100 * (1 / 2 + 2 / 3)) / 2);
    const soft = labels(2, { values: Float32Array.of(0.9, 0.1, 0.4, 0.6) });
    expect(metric('accuracy', Float32Array.of(1, 0, 1, 0), soft)).toBeCloseTo(50);
  });

  it('errors in label units', () => {
    const truth = labels(1, { values: Float32Array.of(0, 0, 0, 0) });
    const outputs = Float32Array.of(1, -1, 3, -3);
    expect(metric('mean absolute error', outputs, truth)).toBeCloseTo(2);
    expect(metric('mean squared error', outputs, truth)).toBeCloseTo(5);
  });

  it('of a run are the mean of its images that have a label, not of the pool’s rows', () => {
    // Three images of two rows: both right; one of the one labelled row wrong; no label.
    const truth = { ...labels(2, { ids: Uint16Array.of(0, 1, 1, 0, 0, 0) }), examples: 3, rows: 2 };
    const masked = { ...truth, valid: Uint8Array.of(1, 1, 1, 0, 0, 0) };
    const outputs = Float32Array.of(2, 1, 0, 1, 3, 0, 9, 0, 0, 0, 0, 0);
    const found = taskMetrics(taskWith('accuracy'), outputs, masked);
    expect([...found.testMetrics]).toEqual([100, 0, Number.NaN]);
    // Over rows it would be 2 of 3.
    expect(found.metric).toBe(50);
    const first = Float32Array.from([1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0]);
    // Image by image (½ + 0) / 2 and (0 + 0) / 1 of the classes that occur.
    const iou = taskMetrics(taskWith('mean IoU'), first, masked);
    expect([...iou.testMetrics]).toEqual([25, 0, Number.NaN]);
    expect(iou.metric).toBe(12.5);
  });
});

describe('samples', () => {
  const dataset = createShapesDataset();
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine({ backend: 'cpu' });
  });
  const sides = { outputSide: outputSide('micro', 16), codeSide: codeShape('micro', 16).side };
  const all = Int32Array.from({ length: 20 }, (_, i) => i);
  const packedOf = (task: TaskDeclaration) =>
    packLabels(dataset.labels('test', task.id, all), 20, task.head, sides);
  const samplesOf = (task: TaskDeclaration, outputs: Float32Array) =>
    renderSamples(createTestContext(engine, dataset, 's'), task, 'micro', packedOf(task), outputs);
  const byId = (id: string): TaskDeclaration => SHAPE_TASKS.find((task) => task.id === id) as TaskDeclaration;

  it('are the same six images for every run, spread over the pool', () => {
    expect(sampleIndices(600)).toEqual([50, 150, 250, 350, 450, 550]);
    expect(sampleIndices(3)).toEqual([0, 1, 2]);
  });

  it('show the input as it is', () => {
    const [first] = samplesOf(byId('copy'), new Float32Array(20 * 64 * 3));
    const png = PNG.sync.read(Buffer.from(first?.png ?? []));
    expect([png.width, png.height, first?.role, first?.index]).toEqual([16, 16, 'input', 1]);
    const image = dataset.inputs('test', 'rgb', [1]);
    for (const pixel of [0, 17, 255]) {
      for (let c = 0; c < 3; c++) {
        const level = ((image[pixel * 3 + c] as number) + 1) * 127.5;
        expect(Math.abs((png.data[pixel * 4 + c] as number) - level)).toBeLessThan(1);
      }
    }
  });

  it('let the page show through between pictures of one example', () => {
    const { data, width } = PNG.sync.read(
      Buffer.from(inputPng([new Float32Array(12), new Float32Array(12)], 2)),
    );
    expect(width).toBe(6);
    expect(Array.from({ length: width }, (_, x) => data[x * 4 + 3])).toEqual([255, 255, 0, 0, 255, 255]);
  });

  it.each(['copy', 'segments', 'hue', 'place'])('%s: a perfect prediction looks like the truth', (id) => {
    const task = byId(id);
    const packed = packedOf(task);
    const outputs = new Float32Array(packed.examples * packed.rows * packed.channels);
    if (packed.values) outputs.set(packed.values);
    packed.ids?.forEach((label, row) => {
      outputs[row * packed.channels + label] = 9;
    });
    const samples = samplesOf(task, outputs);
    expect(samples).toHaveLength(18);
    for (let i = 0; i < samples.length; i += 3) {
      expect(samples[i + 2]?.png).toEqual(samples[i + 1]?.png);
      expect(samples[i + 1]?.role).toBe('truth');
    }
    const wrong = samplesOf(
      task,
      outputs.map((value) => 0.3 - value),
    );
    expect(wrong[2]?.png).not.toEqual(samples[2]?.png);
  });

  it('puts pixels where they belong', () => {
    const task = byId('segments');
    const truth = PNG.sync.read(Buffer.from(samplesOf(task, new Float32Array(20 * 64 * 3))[1]?.png ?? []));
    const { values } = dataset.labels('test', 'segments', [1]);
    // Colours of two output pixels are equal exactly when their classes are.
    const colour = (x: number, y: number) => truth.data.subarray((y * 8 + x) * 4, (y * 8 + x) * 4 + 3).join();
    const idAt = (x: number, y: number) => values[2 * y * 16 + 2 * x] as number;
    expect(truth.width).toBe(8);
    for (const [x, y] of [
      [0, 0],
      [7, 0],
      [0, 7],
      [7, 7],
    ] as const) {
      expect(colour(x, y) === colour(0, 0)).toBe(idAt(x, y) === idAt(0, 0));
    }
  });
});
