import { levelOf } from '@/lib/science/catalog/stitched';
import type { RunTable } from '@/lib/science/core';
import type { Joint } from './joint';

/** Whether a parameter is that of a cross-stitch unit. */
export const isStitch = (name: string): boolean => name.endsWith('-stitch/mix');

/** What every column takes of every other one after each layer: the units' weights, mean over channels. */
export function stitchTable({ branches, parameters }: Joint): RunTable {
  const tasks = branches.map(({ task }) => task.id);
  const units = parameters.names.filter(isStitch).map((name) => {
    const layer = name.slice(0, name.lastIndexOf('/'));
    const column = Number(/column(\d+)/.exec(layer)?.[1]) - 1;
    const mix = parameters.get(name).dataSync() as Float32Array;
    const channels = mix.length / tasks.length;
    const mean = (from: number): number =>
      mix.subarray(from * channels, (from + 1) * channels).reduce((sum, a) => sum + a, 0) / channels;
    return { level: levelOf(layer).slice('encoder/'.length), column, means: tasks.map((_, j) => mean(j)) };
  });
  const levels = [...new Set(units.map(({ level }) => level))];
  const rows = levels.flatMap((level) =>
    units.filter((unit) => unit.level === level).sort((a, b) => a.column - b.column),
  );
  return {
    name: 'Cross-stitch units',
    meaning:
      'Weight that the row’s task gives after this layer to the activations of the column’s task, mean over channels; began at 0.9 for its own.',
    rows: rows.map(({ level, column }) => `${level}: ${tasks[column]}`),
    columns: tasks,
    values: rows.map(({ means }) => means),
  };
}
