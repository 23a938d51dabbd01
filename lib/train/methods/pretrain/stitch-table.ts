import { levelOf } from '@/lib/science/catalog/stitched';
import type { RunTable } from '@/lib/science/core';
import type { Joint } from './joint';

/** Whether a parameter is that of a cross-stitch unit. */
export const isStitch = (name: string): boolean => name.endsWith('-stitch/mix');

/**
 * How much every column takes of every other one after each layer: mean |α| over the channels. Not the mean of α: a unit
 * adds some channels and takes others away, which would look like nothing taken.
 */
export function stitchTable({ branches, parameters }: Joint): RunTable {
  const tasks = branches.map(({ task }) => task.id);
  const units = parameters.names.filter(isStitch).map((name) => {
    const layer = name.slice(0, name.lastIndexOf('/'));
    const column = Number(/column(\d+)/.exec(layer)?.[1]) - 1;
    const mix = parameters.get(name).dataSync() as Float32Array;
    const channels = mix.length / tasks.length;
    const mean = (from: number): number =>
      mix.subarray(from * channels, (from + 1) * channels).reduce((sum, a) => sum + Math.abs(a), 0) /
      channels;
    return { level: levelOf(layer).slice('encoder/'.length), column, means: tasks.map((_, j) => mean(j)) };
  });
  const levels = [...new Set(units.map(({ level }) => level))];
  const rows = levels.flatMap((level) =>
    units.filter((unit) => unit.level === level).sort((a, b) => a.column - b.column),
  );
  return {
    name: 'Cross-stitch units',
    meaning:
      'How much the row’s task takes, after this layer, of the activations of the column’s task: size of the weights, mean over channels; began at 0.9 for its own, 0.1 shared by the others.',
    rows: rows.map(({ level, column }) => `${level}: ${tasks[column]}`),
    columns: tasks,
    values: rows.map(({ means }) => means),
  };
}
