import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { addressOf, type WasmBackend } from '../backend-wasm';
import { input } from '../kernels/register-wasm';
import type { Simd } from '../simd/context';
import { activeSimd } from '../simd/register';
import type { Tf } from '../types';

const ROW_LOSS = 'TaskatlasRowLoss';

export type RowLossName = 'l1' | 'l2' | 'cross-entropy';

/** Labels of a pool as rows × channels for each example (rows are output pixels, or one row for vectors). */
export interface RowLabels {
  readonly rows: number;
  readonly channels: number;
  /** examples × rows × channels: regression values, or soft class distributions. */
  readonly values: Float32Array | null;
  /** examples × rows: hard classes. */
  readonly ids: Uint16Array | null;
  /** examples × rows: 1 where there is a label. */
  readonly valid: Uint8Array;
}

export interface RowLossOptions {
  readonly name: RowLossName;
  /** Outputs of the examples `indices`, one after another: as many values as their labels have rows × channels. */
  readonly output: Tensor;
  readonly labels: RowLabels;
  readonly indices: ArrayLike<number>;
  /** Weight of each class (hard classes only). */
  readonly classWeights?: Float32Array | null;
}

/**
 * Mean loss over the labelled rows of a batch, differentiable in `output`, loss and gradient in one pass:
 *   l1  Σ |o − y| / (C·n)    l2  Σ (o − y)² / (C·n)    cross-entropy  Σ w·(Σy·ln Σ e^o − Σ y·o) / Σ w
 * over rows with a label; 0 when there is none.
 * @returns null where the engine has no kernel for it (any backend but wasm): the caller then computes it itself.
 */
export function rowLoss(tf: Tf, options: RowLossOptions): Scalar | null {
  if (activeSimd(tf) === null || options.output.dtype !== 'float32') return null;
  const { output, ...attrs } = options;
  const outputs = tf.engine().runKernel(ROW_LOSS, { output }, attrs as never) as unknown as Tensor[];
  return outputs[0] as Scalar;
}

/**
 * The same per image, without gradient: one mean for each of `indices`, NaN where an image has no label.
 * @returns null where the engine has no kernel for it.
 */
export function rowLosses(tf: Tf, options: RowLossOptions): Float32Array | null {
  const simd = activeSimd(tf);
  if (simd === null || options.output.dtype !== 'float32') return null;
  const backend = tf.backend() as unknown as WasmBackend;
  const { output, ...attrs } = options;
  const { each } = computeLoss(simd, backend, addressOf(backend, output), 0, attrs);
  return Float32Array.from(each, ({ loss, weight }) => (weight > 0 ? loss / weight : Number.NaN));
}

type Attrs = Omit<RowLossOptions, 'output'>;

/** Where the labels of one image lie in scratch space while it is computed. */
interface Slots {
  readonly values: number;
  readonly ids: number;
  readonly valid: number;
  readonly weights: number;
  readonly work: number;
}

function takeSlots(simd: Simd, backend: WasmBackend, { labels, classWeights }: Attrs): Slots {
  const { rows, channels } = labels;
  const size = rows * channels;
  const weightCount = classWeights && labels.ids ? classWeights.length : 0;
  const [values = 0, ids = 0, valid = 0, weights = 0, work = 0] = simd.scratch(
    labels.values ? size * 4 : 0,
    labels.ids ? rows * 2 : 0,
    rows,
    weightCount * 4,
    (rows + 8 + size) * 4,
  );
  if (classWeights && weightCount > 0)
    new Float32Array(backend.wasm.HEAPU8.buffer, weights, weightCount).set(classWeights);
  return {
    values: labels.values ? values : 0,
    ids: labels.ids ? ids : 0,
    valid,
    weights: weightCount > 0 ? weights : 0,
    work,
  };
}

/** Copies the labels of one example to the slots. */
function loadLabels(backend: WasmBackend, slots: Slots, labels: RowLabels, example: number): void {
  const { rows, channels } = labels;
  const size = rows * channels;
  const heap = backend.wasm.HEAPU8;
  heap.set(labels.valid.subarray(example * rows, (example + 1) * rows), slots.valid);
  if (labels.values) {
    const own = labels.values.subarray(example * size, (example + 1) * size);
    new Float32Array(heap.buffer, slots.values, size).set(own);
  }
  if (labels.ids) {
    const own = labels.ids.subarray(example * rows, (example + 1) * rows);
    new Uint16Array(heap.buffer, slots.ids, rows).set(own);
  }
}

interface ImageLoss {
  /** Σ w·loss, the regression losses divided by the channels. */
  readonly loss: number;
  readonly weight: number;
}

/** Weight of all rows of an example, counted in JavaScript before the labels are copied. */
function exampleWeight({ labels, classWeights }: Attrs, example: number): number {
  const { rows, valid, ids } = labels;
  let weight = 0;
  for (let row = example * rows; row < (example + 1) * rows; row++) {
    if (valid[row] === 0) continue;
    weight += classWeights && ids ? (classWeights[ids[row] ?? 0] ?? 0) : 1;
  }
  return weight;
}

function computeLoss(
  simd: Simd,
  backend: WasmBackend,
  output: number,
  gradient: number,
  attrs: Attrs,
): { each: ImageLoss[]; loss: number; weight: number } {
  const { name, labels, indices } = attrs;
  const { rows, channels } = labels;
  const slots = takeSlots(simd, backend, attrs);
  const weights = Array.from(indices, (example) => exampleWeight(attrs, example));
  const weight = weights.reduce((sum, w) => sum + w, 0);
  const scale = weight > 0 ? 1 / weight : 0;
  const bytes = rows * channels * 4;
  const each = Array.from(indices, (example, i): ImageLoss => {
    loadLabels(backend, slots, labels, example);
    const from = output + i * bytes;
    const to = gradient === 0 ? 0 : gradient + i * bytes;
    const { values, ids, valid, work } = slots;
    const loss =
      name === 'cross-entropy'
        ? simd.run.classLoss(from, ids, values, valid, slots.weights, work, to, rows, channels, scale)
        : simd.run.regressionLoss(
            from,
            values,
            valid,
            to,
            rows,
            channels,
            scale / channels,
            name === 'l2' ? 1 : 0,
          ) / channels;
    return { loss, weight: weights[i] ?? 0 };
  });
  const sum = each.reduce((total, image) => total + image.loss, 0);
  return { each, loss: weight > 0 ? sum / weight : 0, weight };
}

/** Registers the operation on wasm, the only backend that has it. */
export function registerRowLoss(tf: Tf): void {
  tf.registerKernel({
    kernelName: ROW_LOSS,
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs, backend }) => {
      const wasm = backend as WasmBackend;
      const output = input<Tensor>(inputs, 'output');
      const simd = activeSimd(tf);
      const gradient = wasm.makeOutput(output.shape, 'float32');
      const value = wasm.makeOutput([], 'float32');
      if (simd !== null) {
        const { loss } = computeLoss(
          simd,
          wasm,
          addressOf(wasm, output),
          addressOf(wasm, gradient),
          attrs as unknown as Attrs,
        );
        wasm.typedArrayFromHeap(value).set([loss]);
      }
      return [value, gradient];
    },
  });
  tf.registerGradient({
    kernelName: ROW_LOSS,
    outputsToSave: [false, true],
    gradFunc: (dys, saved) => {
      const [dy] = dys as [Tensor];
      const [gradient] = saved as [Tensor];
      return { output: () => tf.mul(gradient, dy) };
    },
  });
}
