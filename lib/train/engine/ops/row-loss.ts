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
  // A kernel of two outputs would be handed zeros for the second one's gradient: hence the custom gradient.
  const compute = tf.customGrad((...args: unknown[]) => {
    const [x, save] = args as [Tensor, GradSaver];
    const outputs = tf.engine().runKernel(ROW_LOSS, { output: x }, attrs as never) as unknown as Tensor[];
    const [value, gradient] = outputs as [Tensor, Tensor];
    save([gradient]);
    return { value, gradFunc: (dy: Tensor, saved: Tensor[]) => tf.mul(saved[0] as Tensor, dy) };
  });
  return compute(output) as Scalar;
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

type GradSaver = (tensors: Tensor[]) => void;
type Attrs = Omit<RowLossOptions, 'output'>;

/** Where the labels of the batch lie in scratch space; 0 for what this kind of label lacks. */
interface Slots {
  readonly values: number;
  readonly ids: number;
  readonly valid: number;
  readonly weights: number;
  readonly work: number;
}

/** Copies the labels of the examples `indices` next to each other into scratch space. */
function loadLabels(simd: Simd, backend: WasmBackend, { labels, indices, classWeights }: Attrs): Slots {
  const { rows, channels } = labels;
  const size = rows * channels;
  const n = indices.length;
  const classes = classWeights && labels.ids ? classWeights : new Float32Array(0);
  const [values = 0, ids = 0, valid = 0, weights = 0, work = 0] = simd.scratch(
    labels.values ? n * size * 4 : 0,
    labels.ids ? n * rows * 2 : 0,
    n * rows,
    classes.length * 4,
    (rows + 8 + size) * 4,
  );
  const { buffer } = backend.wasm.HEAPU8;
  const bytes = new Uint8Array(buffer, valid, n * rows);
  const floats = new Float32Array(buffer, values, labels.values ? n * size : 0);
  const shorts = new Uint16Array(buffer, ids, labels.ids ? n * rows : 0);
  for (let i = 0; i < n; i++) {
    const example = indices[i] ?? 0;
    bytes.set(labels.valid.subarray(example * rows, (example + 1) * rows), i * rows);
    if (labels.values) floats.set(labels.values.subarray(example * size, (example + 1) * size), i * size);
    if (labels.ids) shorts.set(labels.ids.subarray(example * rows, (example + 1) * rows), i * rows);
  }
  new Float32Array(buffer, weights, classes.length).set(classes);
  return {
    values: labels.values ? values : 0,
    ids: labels.ids ? ids : 0,
    valid,
    weights: classes.length > 0 ? weights : 0,
    work,
  };
}

interface ImageLoss {
  /** Σ w·loss, the regression losses divided by the channels. */
  readonly loss: number;
  readonly weight: number;
}

function computeLoss(
  simd: Simd,
  backend: WasmBackend,
  output: number,
  gradient: number,
  attrs: Attrs,
): { each: ImageLoss[]; loss: number } {
  const { run } = simd;
  const { name, labels, indices } = attrs;
  const { rows, channels } = labels;
  const slots = loadLabels(simd, backend, attrs);
  const bytes = rows * channels * 4;
  const places = Array.from(indices, (_, i) => ({
    from: output + i * bytes,
    to: gradient === 0 ? 0 : gradient + i * bytes,
    values: slots.values === 0 ? 0 : slots.values + i * bytes,
    ids: slots.ids === 0 ? 0 : slots.ids + i * rows * 2,
    valid: slots.valid + i * rows,
  }));
  const weights = places.map(({ valid, ids }) => run.rowWeights(valid, ids, slots.weights, rows));
  const weight = weights.reduce((sum, w) => sum + w, 0);
  const scale = weight > 0 ? 1 / weight : 0;
  const each = places.map(({ from, to, values, ids, valid }, i): ImageLoss => {
    const loss =
      name === 'cross-entropy'
        ? run.classLoss(from, ids, values, valid, slots.weights, slots.work, to, rows, channels, scale)
        : run.regressionLoss(
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
  return { each, loss: weight > 0 ? sum / weight : 0 };
}

/** Registers the kernel on wasm, the only backend that has it: output → [loss, gradient]. */
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
        const [from, to] = [addressOf(wasm, output), addressOf(wasm, gradient)];
        // Before the view is made: room for the labels may enlarge the memory, and views of it are then void.
        const { loss } = computeLoss(simd, wasm, from, to, attrs as unknown as Attrs);
        wasm.typedArrayFromHeap(value).set([loss]);
      }
      return [value, gradient];
    },
  });
}
