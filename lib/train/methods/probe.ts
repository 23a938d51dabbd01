import type { Tensor2D } from '@tensorflow/tfjs-core';
import { hasProbe } from '@/lib/science/catalog/tasks';
import type { InputKind, ProbeRecipe, RunResult, TaskDeclaration } from '@/lib/science/core';
import { choleskySolve } from '@/lib/science/numerics';
import type { Tf } from '../engine';
import { type PackedLabels, valuesOf } from '../networks';
import { imagesOf, taskOf } from './evaluate';
import { type FeaturePool, type Features, transferFeatures } from './features';
import type { LossSpec } from './losses';
import { createPause } from './pause';
import { type LabelSides, labelsAt, taskLoss } from './pools';
import {
  type Design,
  designMatrix,
  type ProbeTargets,
  probeLosses,
  reduceTargets,
  sliceExamples,
} from './probe-data';
import type { Method, RunContext } from './types';

/** Ridge strengths relative to the mean diagonal of XᵀX; the selection pool chooses. */
const STRENGTHS = [1e-4, 1e-3, 1e-2, 1e-1, 1];

/** The classes' weights in a loss are those of the plain presets, whose labels have half of the picture's side. */
const PRESET = 'tiny' as const;

interface Pools<T> {
  transfer: T;
  selection: T;
  test: T;
}

interface Normal {
  gram: Float64Array;
  cross: Float64Array;
  inputs: number;
  outputs: number;
}

/** XᵀX and XᵀY over the rows that are valid in every output. Computed by the engine in single precision. */
function normalEquations(tf: Tf, x: Design, y: ProbeTargets): Normal {
  const rows = y.examples * y.positions;
  const normal: Normal = {
    gram: new Float64Array(x.columns ** 2),
    cross: new Float64Array(x.columns * y.outputs),
    inputs: x.columns,
    outputs: y.outputs,
  };
  tf.tidy(() => {
    const kept = tf.tensor(y.complete, [rows, 1]);
    const design = tf.mul(tf.tensor(x.values, [rows, x.columns]), kept) as Tensor2D;
    const transposed = tf.transpose(design);
    normal.gram.set(tf.matMul(transposed, design).dataSync());
    normal.cross.set(tf.matMul(transposed, tf.tensor(y.values, [rows, y.outputs]) as Tensor2D).dataSync());
  });
  return normal;
}

/** (XᵀX + λ·mean diagonal·I)⁻¹ XᵀY; the last column of X is the constant and is not shrunk. */
function solveRidge({ gram, cross, inputs, outputs }: Normal, strength: number): Float32Array {
  const system = gram.slice();
  let trace = 0;
  for (let i = 0; i < inputs; i++) trace += gram[i * inputs + i] as number;
  if (trace === 0) return new Float32Array(inputs * outputs);
  const shrink = (strength * trace) / inputs;
  for (let i = 0; i < inputs; i++) {
    const at = i * inputs + i;
    system[at] = (system[at] as number) + (i === inputs - 1 ? 1e-9 * trace : shrink);
  }
  return Float32Array.from(choleskySolve(system, cross, inputs, outputs));
}

function predict(tf: Tf, x: Design, weights: Float32Array, outputs: number): Float32Array {
  const rows = x.values.length / x.columns;
  return valuesOf(tf, () =>
    tf.matMul(
      tf.tensor(x.values, [rows, x.columns]) as Tensor2D,
      tf.tensor(weights, [x.columns, outputs]) as Tensor2D,
    ),
  );
}

const meanOf = (losses: Float32Array): number => {
  const valid = losses.filter((loss) => !Number.isNaN(loss));
  return valid.reduce((sum, loss) => sum + loss, 0) / Math.max(1, valid.length);
};

/**
 * Test loss of the constant predictor in the probe's own units: at each position and output the mean of the
 * transfer pool's labels. What the probe's losses are divided by, so that 1 − loss is a skill for every head.
 */
function constantLoss(y: Pools<ProbeTargets>, spec: LossSpec): number {
  const { examples, positions, outputs, values, complete } = y.transfer;
  const width = positions * outputs;
  const sums = new Float64Array(width);
  const counts = new Float64Array(positions);
  for (let row = 0; row < examples * positions; row++) {
    if (complete[row] === 0) continue;
    const position = row % positions;
    counts[position] = (counts[position] as number) + 1;
    for (let o = 0; o < outputs; o++) {
      const at = position * outputs + o;
      sums[at] = (sums[at] as number) + (values[row * outputs + o] as number);
    }
  }
  const means = sums.map((sum, at) => sum / Math.max(1, counts[Math.floor(at / outputs)] as number));
  const output = new Float32Array(y.test.examples * width);
  for (let example = 0; example < y.test.examples; example++) output.set(means, example * width);
  return meanOf(probeLosses(spec, output, y.test));
}

/**
 * Fits one target with every ridge strength and returns the test losses of the one that selection prefers,
 * relative to the constant predictor's mean loss.
 */
function fitTarget(tf: Tf, x: Pools<Design>, y: Pools<ProbeTargets>, spec: LossSpec): Float32Array {
  const normal = normalEquations(tf, x.transfer, y.transfer);
  let best = { loss: Number.POSITIVE_INFINITY, weights: new Float32Array(0) };
  for (const strength of STRENGTHS) {
    const weights = solveRidge(normal, strength) as Float32Array<ArrayBuffer>;
    const loss = meanOf(
      probeLosses(spec, predict(tf, x.selection, weights, y.selection.outputs), y.selection),
    );
    if (loss < best.loss) best = { loss, weights };
  }
  const unit = constantLoss(y, spec);
  const losses = probeLosses(spec, predict(tf, x.test, best.weights, y.test.outputs), y.test);
  return unit > 0 ? losses.map((loss) => loss / unit) : losses;
}

/** Design matrices of one input kind and head shape; shared by all targets that use them. */
function createDesigns(context: RunContext, recipe: ProbeRecipe, images: number) {
  const features = new Map<InputKind, Promise<Record<FeaturePool, Features>>>();
  const designs = new Map<string, Pools<Design>>();
  const pause = createPause(context.signal);
  return async (task: TaskDeclaration): Promise<{ x: Pools<Design>; codeSide: number }> => {
    const { input, head } = task;
    const codes = features.get(input) ?? transferFeatures(context, [recipe.source.fingerprint], input, pause);
    features.set(input, codes);
    const { transfer, selection, test } = await codes;
    const codeSide = transfer.shape.side;
    // A code of one position has no windows.
    const pooled = head.kind === 'vector' || head.kind === 'classes' || codeSide === 1;
    const key = `${input} ${pooled}`;
    const x = designs.get(key) ?? {
      transfer: designMatrix(transfer, images, pooled),
      selection: designMatrix(selection, selection.count, pooled),
      test: designMatrix(test, test.count, pooled),
    };
    designs.set(key, x);
    return { x, codeSide };
  };
}

async function targetsOf(
  context: RunContext,
  task: TaskDeclaration,
  images: number,
  sides: LabelSides,
  pause: () => Promise<void>,
): Promise<Pools<ProbeTargets>> {
  const labels = async (pool: FeaturePool): Promise<PackedLabels> =>
    labelsAt(context.dataset, pool, task, sides, pause);
  const positions = (packed: PackedLabels) => reduceTargets(packed, sides);
  return {
    transfer: positions(sliceExamples(await labels('transfer'), images)),
    selection: positions(await labels('selection')),
    test: positions(await labels('test')),
  };
}

/**
 * Ridge probe: a linear map from each 3×3 window of the standardised code to labels averaged over
 * 4×4 pixels (vectors and classes: from the pooled code), solved in closed form. It ranks sources in seconds. Its losses are
 * at reduced resolution, and for classes squared errors of class shares, so they are given relative to the
 * constant predictor's in the same units: 1 − loss is a skill, comparable with other probes only. Embedding targets
 * have no labels to regress on and get no probe.
 */
export const probe: Method<ProbeRecipe> = {
  id: 'probe',
  execute: async (recipe, context): Promise<RunResult> => {
    const started = performance.now();
    const pause = createPause(context.signal);
    const images = imagesOf(context, 'transfer', recipe.images);
    const designsOf = createDesigns(context, recipe, images);
    const losses: Record<string, Float32Array> = {};
    for (const id of recipe.targets) {
      const task = taskOf(context, id);
      if (!hasProbe(task)) continue;
      const { x, codeSide } = await designsOf(task);
      const sides = { outputSide: context.dataset.size / 2, codeSide };
      const y = await targetsOf(context, task, images, sides, pause);
      const spec = await taskLoss(context.dataset, task, PRESET, pause);
      losses[id] = fitTarget(context.engine.tf, x, y, spec);
      await pause();
    }
    return {
      testLosses: null,
      probeLosses: losses,
      metric: null,
      curve: [],
      samples: [],
      artifacts: [],
      cost: { steps: 0, images, seconds: (performance.now() - started) / 1000, flops: 0 },
    };
  },
};
