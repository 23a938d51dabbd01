import { planLayers } from '@/lib/science/catalog/layers';
import type { MethodSetting } from '@/lib/science/catalog/method-declaration';
import { methodById, optionsOf, trainingOf } from '@/lib/science/catalog/methods';
import { defaultTraining } from '@/lib/science/catalog/presets';
import { encoderPlan } from '@/lib/science/catalog/presets-layers';
import {
  type DatasetSpec,
  type FieldIssue,
  hasTwoDomains,
  type MethodOptions,
  TaskatlasError,
  type TaskId,
} from '@/lib/science/core';
import { methodsOf, type SweepSpec } from '../contracts';

/** Layers of all encoders of a sweep: the preset's own, and those of sources in several columns. */
function layersOf({ preset, dataset, pretrained = [] }: SweepSpec): string[] {
  const columns = pretrained.map(
    ({ method, options, tasks }) =>
      methodById(method).columns?.(optionsOf(method, options), tasks.length) ?? 1,
  );
  const plans = [...new Set([1, ...columns])].map((count) => encoderPlan(preset, dataset.size, 1, count));
  return [...new Set(plans.flatMap((plan) => planLayers(plan).map(({ name }) => name)))];
}

/** Pools that are too small for a method that goes between two domains: each once, by the method that needs the most. */
function smallPools(spec: SweepSpec, dataset: DatasetSpec): FieldIssue[] {
  if (!hasTwoDomains(dataset)) return [];
  const needs = methodsOf(spec).map(({ label, method }) => ({
    label,
    least: methodById(method).leastImages ?? 0,
  }));
  const [most] = needs.sort((a, b) => b.least - a.least);
  if (!most) return [];
  return (['source', 'transfer'] as const).flatMap((pool) => {
    const images = dataset.pools[pool];
    const message = `${most.label} needs at least ${most.least} pictures of either domain, and this pool has ${images}`;
    return images < most.least ? [{ path: `dataset.pools.${pool}`, message }] : [];
  });
}

/**
 * What is wrong with the methods of a sweep that only the whole sweep tells: options that do not go together or not
 * with preset, tasks and pools, and sources that it does not have.
 * @throws TaskatlasError `invalid-input`, one issue for each wrong field
 */
export function checkMethods(spec: SweepSpec, dataset: DatasetSpec, sources: readonly TaskId[]): void {
  const layers = layersOf(spec);
  const misfits = (path: string, id: string, options: MethodOptions = {}, tasks = 0): FieldIssue[] => {
    const base = spec.training.source ?? defaultTraining(spec.preset, 'source');
    const setting: MethodSetting = {
      preset: spec.preset,
      size: spec.dataset.size,
      layers,
      tasks,
      images: spec.dataset.pools.source,
      batch: trainingOf(base, options).batchSize,
    };
    const found = methodById(id).misfits?.(optionsOf(id, options), setting) ?? {};
    return Object.entries(found).map(([name, message]) => ({ path: `${path}.options.${name}`, message }));
  };
  const issues = [
    ...smallPools(spec, dataset),
    ...(spec.methods ?? []).flatMap((entry, i): FieldIssue[] => {
      if (!('options' in entry || 'sources' in entry)) return [];
      const unknown = (entry.sources ?? []).flatMap((source, at): FieldIssue[] => {
        const message = `"${source}" is no source of this sweep; it has ${sources.join(', ')}`;
        return sources.includes(source) ? [] : [{ path: `methods[${i}].sources[${at}]`, message }];
      });
      return [...misfits(`methods[${i}]`, entry.method, entry.options), ...unknown];
    }),
    ...(spec.pretrained ?? []).flatMap(({ method, options, tasks }, i) =>
      misfits(`pretrained[${i}]`, method, options, tasks.length),
    ),
  ];
  if (issues.length > 0)
    throw new TaskatlasError('invalid-input', `The sweep "${spec.name}" cannot be planned.`, { issues });
}
