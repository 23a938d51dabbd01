import type { PresetName, SampleImage, TaskDeclaration } from '@/lib/science/core';
import type { PackedLabels } from '../networks';
import type { RunContext } from './types';

export function renderSamples(
  _context: RunContext,
  _task: TaskDeclaration,
  _preset: PresetName,
  _labels: PackedLabels,
  _outputs: Float32Array,
): SampleImage[] {
  return [];
}
