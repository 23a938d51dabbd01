import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { type Layer, type LayerPlan, planLayers } from '@/lib/science/catalog/presets-layers';
import { OWN_SHARE } from '@/lib/science/catalog/stitched';
import { type Rng, TaskatlasError } from '@/lib/science/core';
import { glorotUniform, heNormal, type Tf } from '../engine';

/** A named array of weights. Names are paths such as `encoder/conv1/kernel`: later methods choose by pattern. */
export interface ParameterSpec {
  name: string;
  shape: number[];
  /** How it is drawn: `he` before a ReLU, `glorot` before a linear output; or the numbers themselves. */
  initial: 'he' | 'glorot' | 'zeros' | 'ones' | Float32Array;
}

/** Weights as plain numbers: what is stored, compared and restored. */
export type Weights = ReadonlyMap<string, Float32Array>;

function layerParameters(layer: Layer): ParameterSpec[] {
  const { name } = layer;
  if (layer.kind === 'layer-norm') {
    return [
      { name: `${name}/gain`, shape: [layer.channels], initial: layer.startsAtZero ? 'zeros' : 'ones' },
      { name: `${name}/bias`, shape: [layer.channels], initial: 'zeros' },
    ];
  }
  if (layer.kind === 'max-pool') return [];
  if (layer.kind === 'stitch') {
    const { columns, own, channels } = layer;
    const initial = new Float32Array(columns * channels).fill((1 - OWN_SHARE) / (columns - 1));
    initial.fill(OWN_SHARE, (own - 1) * channels, own * channels);
    return [{ name: `${name}/mix`, shape: [columns, channels], initial }];
  }
  const initial = layer.activation === 'relu' ? 'he' : 'glorot';
  if (layer.kind === 'dense') {
    return [
      { name: `${name}/kernel`, shape: [layer.inSize, layer.outSize], initial },
      { name: `${name}/bias`, shape: [layer.outSize], initial: 'zeros' },
    ];
  }
  const { kernel, inChannels, outChannels } = layer;
  return [
    { name: `${name}/kernel`, shape: [kernel, kernel, inChannels, outChannels], initial },
    { name: `${name}/bias`, shape: [outChannels], initial: 'zeros' },
  ];
}

/** Every parameter of a plan, in the order of its layers. */
export const planParameters = (plan: LayerPlan): readonly ParameterSpec[] =>
  planLayers(plan).flatMap(layerParameters);

/** Starting weights; each array has a generator of its own, so adding a layer changes no other's numbers. */
export function initialWeights(plan: LayerPlan, rng: Rng): Weights {
  const weights = new Map<string, Float32Array>();
  for (const { name, shape, initial } of planParameters(plan)) {
    const size = shape.reduce((product, side) => product * side, 1);
    if (initial === 'he') weights.set(name, heNormal(rng.child(name), shape));
    else if (initial === 'glorot') weights.set(name, glorotUniform(rng.child(name), shape));
    else if (initial instanceof Float32Array) weights.set(name, initial);
    else weights.set(name, new Float32Array(size).fill(initial === 'ones' ? 1 : 0));
  }
  return weights;
}

/** The live weights of a network on the engine. */
export interface ParameterStore {
  readonly names: readonly string[];
  /** @throws TaskatlasError `internal` if there is no such parameter. */
  get(name: string): Variable;
  /** Names that match; the way later methods choose what to train or restore. */
  matching(pattern: RegExp): readonly string[];
  /** Copies of the present numbers. */
  snapshot(names?: readonly string[]): Weights;
  /** Overwrites those parameters that `weights` names. */
  restore(weights: Weights): void;
  dispose(): void;
}

/**
 * Puts weights on the engine as variables. `weights` must name every parameter of the plan with the right size, and
 * those of `extra`, which belong to no layer (weights of tasks, learned rates).
 */
export function createParameters(
  tf: Tf,
  plan: LayerPlan,
  weights: Weights,
  extra: readonly Pick<ParameterSpec, 'name' | 'shape'>[] = [],
): ParameterStore {
  const shapes = new Map([...planParameters(plan), ...extra].map((spec) => [spec.name, spec.shape]));
  const variables = new Map<string, Variable>();
  const get = (name: string): Variable => {
    const variable = variables.get(name);
    if (!variable) throw new TaskatlasError('internal', `There is no parameter ${name}.`);
    return variable;
  };
  for (const [name, shape] of shapes) {
    const values = weights.get(name);
    const size = shape.reduce((product, side) => product * side, 1);
    if (values?.length !== size) {
      throw new TaskatlasError(
        'data',
        `Weights for ${name} should be ${size} numbers, not ${values?.length}.`,
      );
    }
    variables.set(
      name,
      tf.tidy(() => tf.variable(tf.tensor(values.slice(), shape), true)),
    );
  }
  const names = [...variables.keys()];
  return {
    names,
    get,
    matching: (pattern) => names.filter((name) => pattern.test(name)),
    snapshot: (chosen = names) =>
      new Map(chosen.map((name) => [name, (get(name).dataSync() as Float32Array).slice()])),
    restore: (saved) => {
      for (const [name, values] of saved) {
        const variable = get(name);
        const fresh: Tensor = tf.tensor(values.slice(), variable.shape);
        variable.assign(fresh);
        fresh.dispose();
      }
    },
    dispose: () => {
      for (const variable of variables.values()) variable.dispose();
    },
  };
}

/** The part of `weights` whose names match. */
export const pickWeights = (weights: Weights, pattern: RegExp): Weights =>
  new Map([...weights].filter(([name]) => pattern.test(name)));
