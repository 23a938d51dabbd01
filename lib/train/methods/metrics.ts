import type { TaskDeclaration } from '@/lib/science/core';
import type { PackedLabels } from '../networks';

/** Placeholder signature filled below. */
export function taskMetric(
  _task: TaskDeclaration,
  _outputs: Float32Array,
  _labels: PackedLabels,
): number | null {
  return null;
}
