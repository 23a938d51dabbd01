import type { NamedTensorMap, Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { RunTable } from '@/lib/science/core';
import { valuesOf } from '../../networks';
import { floatsOf, packFile, unpackFile } from '../container';
import { createBatches } from '../loop';
import type { RunContext } from '../types';
import { type Joint, taskLosses } from './joint';

/** Batches that one measurement averages over. */
const BATCHES = 4;

/**
 * Task affinity by look-ahead (TAG, Fifty et al. 2021, eq. 2): Z[i][j] = 1 − Lⱼ(θ − η∇Lᵢ) / Lⱼ(θ) with θ the shared
 * trunk, heads as they are. Above 0: a gradient step for task i helps task j. Mean over `batches`; T × T, row by row.
 * Leaves the weights as they were.
 */
export function lookAhead(joint: Joint, batches: readonly Int32Array[], rate: number): Float32Array {
  const { tf, branches, parameters } = joint;
  const names = parameters.matching(/^encoder\//);
  const trunk = names.map((name) => parameters.get(name));
  const before = parameters.snapshot(names);
  const losses = (indices: Int32Array): Float32Array =>
    valuesOf(tf, () => tf.stack(taskLosses(joint, indices, 0).map((loss) => tf.reshape(loss, []))));
  const size = branches.length;
  const table = new Float32Array(size * size);
  for (const indices of batches) {
    const now = losses(indices);
    for (let i = 0; i < size; i++) {
      const { value, grads } = tf.variableGrads(() => taskLosses(joint, indices, 0)[i] as Scalar, trunk) as {
        value: Scalar;
        grads: NamedTensorMap;
      };
      tf.tidy(() => {
        for (const weight of trunk) weight.assign(tf.sub(weight, tf.mul(grads[weight.name] as Tensor, rate)));
      });
      tf.dispose([value, grads as never]);
      losses(indices).forEach((ahead, j) => {
        const at = i * size + j;
        table[at] = (table[at] as number) + (1 - ahead / (now[j] as number)) / batches.length;
      });
      parameters.restore(before);
    }
  }
  return table;
}

const fileName = (fingerprint: string): string => `${fingerprint}/task-affinity`;

/** Affinities that an interrupted training has measured already, by step; none if the file is missing or damaged. */
async function measured(context: RunContext): Promise<Map<string, Float32Array>> {
  const bytes = await context.artifacts.read(fileName(context.fingerprint));
  try {
    const file = bytes ? unpackFile(bytes) : null;
    if (file?.meta.format !== 'task-affinity-1') return new Map();
    return new Map([...file.arrays.keys()].map((step) => [step, floatsOf(file, step)]));
  } catch {
    return new Map();
  }
}

/**
 * The affinities of a training, measured at each of its evaluations and kept as a file of the run. A measurement is a
 * function of the weights at its step, so that a resumed training overwrites it with the same numbers.
 */
export async function affinityLog(context: RunContext, joint: Joint, seed: number, rate: number) {
  const byStep = await measured(context);
  const tasks = joint.branches.map(({ task }) => task.id);
  const examples = joint.branches[0]?.labels.examples ?? 0;
  const nextBatch = createBatches(seed + 1, examples, 32);
  return {
    file: fileName(context.fingerprint),
    measure: async (step: number): Promise<void> => {
      const batches = Array.from({ length: BATCHES }, (_, i) => nextBatch(step * BATCHES + i));
      byStep.set(String(step), lookAhead(joint, batches, rate));
      const file = { meta: { format: 'task-affinity-1', tasks }, arrays: byStep };
      await context.artifacts.write(fileName(context.fingerprint), packFile(file));
    },
    /** Mean over the training. */
    table: (): RunTable => ({
      name: 'Task affinity',
      meaning:
        'Share of the column’s loss that one gradient step of the trunk for the row’s task takes away; below 0 it hurts.',
      rows: tasks,
      columns: tasks,
      values: tasks.map((_, i) =>
        tasks.map((__, j) =>
          [...byStep.values()].reduce(
            (sum, values) => sum + (values[i * tasks.length + j] as number) / byStep.size,
            0,
          ),
        ),
      ),
    }),
  };
}
