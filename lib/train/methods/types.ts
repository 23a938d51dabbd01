import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type {
  InputKind,
  PoolName,
  Recipe,
  RunResult,
  TaskDeclaration,
  TaskId,
  TransferRecipe,
} from '@/lib/science/core';
import type { Dataset } from '@/lib/science/datasets/dataset';
import type { Engine } from '../engine';
import type { ParameterStore, Weights } from '../networks';
import type { ParameterGroup } from './optimiser';

/** A live look at a training. Losses are means over the batches since the last report, and over the selection pool. */
export interface TrainingProgress {
  step: number;
  totalSteps: number;
  imagesPerSecond: number;
  trainLoss: number;
  selectionLoss: number | null;
}

/** Everything a run may touch. Nothing in `methods` reads a clock for decisions, a global or the network. */
export interface RunContext {
  engine: Engine;
  dataset: Dataset;
  tasks: ReadonlyMap<TaskId, TaskDeclaration>;
  fingerprint: string;
  artifacts: {
    read(name: string): Promise<Uint8Array | null>;
    write(name: string, bytes: Uint8Array): Promise<void>;
  };
  checkpoint: {
    load(): Promise<Uint8Array | null>;
    save(bytes: Uint8Array): Promise<void>;
    everySeconds: number;
  };
  signal: AbortSignal;
  onProgress(progress: TrainingProgress): void;
  /**
   * Most images that go through a network at once, where memory ran out before; all of a batch when absent. Batches are
   * then taken in parts and their gradients summed, so the recipe's batch stays what it is, up to rounding.
   */
  imagesAtOnce?: number;
  /** Input kinds of all targets of the sweep: which feature files a source writes. */
  inputKinds: readonly InputKind[];
}

/**
 * What a trained method prepares and the one loop trains. `loss` and `predict` are pure functions of
 * the parameters and the data; the loop owns order, optimiser, schedule, selection and checkpoints.
 */
export interface TrainingProblem {
  parameters: ParameterStore;
  /** Names of the parameters that the optimiser changes; all others stay as they are. */
  trainable: readonly string[];
  /** Rates and starts of their own; one group of all that is trainable when absent. */
  groups?: readonly ParameterGroup[];
  /** Training examples; batches are indices below this. */
  examples: number;
  /**
   * The same loss in two parts, where it has them: tensors that depend on the batch (float32, the same shapes for all),
   * and operations on them and on the parameters that read no numbers back. An engine may compile the second part.
   */
  staged?: { inputs(indices: Int32Array, step: number): Tensor[]; loss(inputs: readonly Tensor[]): Scalar };
  /** Differentiable mean loss of a batch, called inside a tidy. `step` is there for schedules inside a loss. */
  loss(indices: Int32Array, step: number): Scalar;
  /**
   * What some of the examples weigh in the mean that `loss` is, so that a batch can be taken in parts when memory is
   * short. Absent where a batch is more than the mean of its parts (its examples are compared): it is then never split.
   */
  weightOf?(indices: Int32Array): number;
  /** Losses of every selection image, NaN where it has no label. */
  selectionLosses(pause: () => Promise<void>): Promise<Float32Array>;
}

/** Output of a network on one pool, in packed layout, chunk by chunk. */
export type Predict = (indices: Int32Array) => Tensor;

/** A finished network that answers for images of any pool that its inputs exist for. */
export interface Predictor {
  /** Outputs in packed layout, one image after another. */
  outputs(pool: PoolName, indices: Int32Array): Float32Array;
  dispose(): void;
}

/** A run's context with the finished runs that it may ask. */
export interface MethodContext extends RunContext {
  /** The network of a finished source or transfer of `task`. @throws TaskatlasError `data` if its weights are missing */
  predictorOf(fingerprint: string, task: TaskId): Promise<Predictor>;
}

/** One way to execute recipes of one kind. One file per method; `index.ts` is the only place that lists them. */
export interface Method<R extends Recipe = Recipe> {
  /** Same as in the catalog. */
  id: string;
  execute(recipe: R, context: MethodContext): Promise<RunResult>;
}

/** A way to transfer: what it learned can be asked again. */
export interface TransferMethod extends Method<TransferRecipe> {
  /** @param weights as the run stored them */
  predictor(recipe: TransferRecipe, context: MethodContext, weights: Weights): Promise<Predictor>;
}
