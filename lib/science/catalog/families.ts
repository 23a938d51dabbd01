import type { MethodOptions, PresetName } from '../core';
import { planLayers } from './layers';
import type { Family } from './method-declaration';
import { methodById, optionsOf } from './methods';
import { encoderPlan } from './presets-layers';

/** What the textbook rule calls a way to transfer between encoders of a preset. */
export function familyOf(
  { method, options }: { method: string; options?: MethodOptions | undefined },
  preset: PresetName,
  size: number,
): Family {
  const layers = planLayers(encoderPlan(preset, size)).filter(({ kind }) => kind !== 'max-pool');
  const names = layers.map(({ name }) => name);
  return methodById(method).family?.(optionsOf(method, options), names) ?? 'other';
}
