import type { Tensor } from '@tensorflow/tfjs-core';
import { codeShape, encoderPlan, encoderUpTo, type SpatialShape } from '@/lib/science/catalog/presets-layers';
import {
  type ExternalEncoder,
  type InputKind,
  type PictureKind,
  type PoolName,
  type PresetName,
  picturesOf,
  type Recipe,
  TaskatlasError,
  type TaskDeclaration,
} from '@/lib/science/core';
import { rowsTensor, type Tf } from '../engine';
import { createParameters, forward, pickWeights, valuesOf, type Weights } from '../networks';
import { floatsOf, packFile, roundToHalf, type StoredFile, unpackFile } from './container';
import { refuseBroken } from './evaluate';
import { type Compression, encodeExternal } from './external';
import type { Pause } from './pause';
import { type InputAdapter, networkChunks, type PoolInputs, poolInputs } from './pools';
import type { RunContext } from './types';

/** Pools whose frozen codes are cached; sources themselves are trained on the fourth. */
export const FEATURE_POOLS = ['transfer', 'selection', 'test'] as const satisfies readonly PoolName[];
export type FeaturePool = (typeof FEATURE_POOLS)[number];

export const weightsName = (fingerprint: string): string => `${fingerprint}/weights`;
const featuresName = (fingerprint: string, pool: FeaturePool, kind: PictureKind, layer: string): string =>
  `${fingerprint}/features-${pool}-${kind}${layer === CODE ? '' : `-${layer}`}`;

/** The encoder's last layer: what a transfer sees unless it asks for an earlier one. */
const CODE = 'code';

/** Weights of a source as stored, with what is needed to run its encoder again. */
export interface StoredSource {
  preset: PresetName;
  size: number;
  adapter: InputAdapter;
  /** Columns that cross-stitch units join; absent = 1. */
  columns?: number;
  weights: Weights;
  /** Weights from outside: `weights` then holds the compression to the code (`mean`, `directions`). */
  external?: ExternalEncoder;
  /** What made it; files of older sources lack it. */
  recipe?: Recipe;
}

/**
 * A source's encoder sees the target's own input picture (noisy for denoising), passed through the
 * source's input adapter: an encoder that was trained on grey pictures is given grey ones.
 */
export const adapterOf = (task: TaskDeclaration): InputAdapter => (task.input === 'grey' ? 'grey' : 'none');

export const packSource = (source: StoredSource): Uint8Array =>
  packFile({
    meta: {
      format: 'source-1',
      preset: source.preset,
      size: source.size,
      adapter: source.adapter,
      ...(source.columns ? { columns: source.columns } : {}),
      ...(source.external ? { external: source.external } : {}),
      ...(source.recipe ? { recipe: source.recipe } : {}),
    },
    arrays: source.weights,
  });

function unpackSource(fingerprint: string, bytes: Uint8Array): StoredFile {
  try {
    return unpackFile(bytes);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TaskatlasError('data', `The weights of source ${fingerprint}: ${why}`, { cause });
  }
}

/** Reads a source's weights. @throws TaskatlasError `data` if they are missing or damaged. */
export async function readSource(context: RunContext, fingerprint: string): Promise<StoredSource> {
  const bytes = await context.artifacts.read(weightsName(fingerprint));
  if (!bytes) {
    throw new TaskatlasError('data', `The weights of source ${fingerprint} are missing: retry its run.`);
  }
  const file = unpackSource(fingerprint, bytes);
  const { preset, size, adapter, columns, external, recipe } = file.meta as unknown as Omit<
    StoredSource,
    'weights'
  >;
  const weights = new Map([...file.arrays.keys()].map((name) => [name, floatsOf(file, name)]));
  return {
    preset,
    size,
    adapter,
    weights,
    ...(columns ? { columns } : {}),
    ...(external ? { external } : {}),
    ...(recipe ? { recipe } : {}),
  };
}

const compressionOf = ({ weights }: StoredSource): Compression => ({
  mean: weights.get('mean') ?? new Float32Array(0),
  directions: weights.get('directions') ?? new Float32Array(0),
});

/** Codes of a pool: count × side × side × channels, rounded to half precision. */
export interface Features {
  count: number;
  shape: SpatialShape;
  values: Float32Array;
}

/** A network from outside has one layer to offer: its output, compressed to the preset's code. */
async function encodeForeign(
  context: RunContext,
  source: StoredSource,
  external: ExternalEncoder,
  pool: FeaturePool,
  kind: PictureKind,
  pause: Pause,
): Promise<Features> {
  const { preset } = source;
  const values = await encodeExternal(
    context,
    external,
    compressionOf(source),
    { name: pool, kind, preset },
    pause,
  );
  const shape = codeShape(preset, source.size);
  return { count: context.dataset.count(pool), shape, values: roundToHalf(values) };
}

/** Runs a frozen encoder over a pool. */
async function encodePool(
  context: RunContext,
  source: StoredSource,
  pool: FeaturePool,
  kind: PictureKind,
  pause: Pause,
  layer: string = CODE,
): Promise<Features> {
  const { engine, dataset } = context;
  const { tf } = engine;
  const { preset, adapter, size, columns } = source;
  if (source.external && layer !== CODE) {
    throw new TaskatlasError('invalid-input', `A source from outside has one layer to read, not "${layer}".`);
  }
  if (source.external) return encodeForeign(context, source, source.external, pool, kind, pause);
  const { plan, shape } =
    layer === CODE
      ? { plan: encoderPlan(preset, size, 1, columns), shape: codeShape(preset, size) }
      : encoderUpTo(preset, size, layer, columns);
  const inputs = await poolInputs(dataset, pool, kind, preset, { adapter, pause });
  const parameters = createParameters(tf, plan, pickWeights(source.weights, /^encoder\//));
  const perImage = shape.side ** 2 * shape.channels;
  const values = new Float32Array(inputs.count * perImage);
  try {
    for (const part of networkChunks(context, inputs.count)) {
      const codes = valuesOf(tf, () => {
        const images = batchTensor(tf, [inputs], part, preset, size);
        return forward(tf, plan, parameters.get, images);
      });
      values.set(codes, (part[0] as number) * perImage);
      await pause();
    }
  } finally {
    parameters.dispose();
  }
  refuseBroken(values, 'The codes of the encoder');
  return { count: inputs.count, shape, values: roundToHalf(values) };
}

/**
 * The pictures of the examples `indices` as a tensor views·N × side × side × channels: every example's picture of
 * the first view, then every example's of the second, as siamese blocks take them.
 */
export function batchTensor(
  tf: Tf,
  views: readonly PoolInputs[],
  indices: Int32Array,
  preset: PresetName,
  size: number,
): Tensor {
  const tensors = views.map((inputs) => {
    const side = Math.round(Math.sqrt(inputs.size / inputChannels(preset, size)));
    const shape = [indices.length, side, side, inputs.size / side ** 2];
    if (inputs.rows) return rowsTensor(tf, inputs.rows, inputs.size, indices, shape);
    return tf.tensor(inputs.gather(indices), shape);
  });
  return tensors.length === 1 ? (tensors[0] as Tensor) : tf.concat(tensors, 0);
}

const inputChannels = (preset: PresetName, size: number): number => {
  const first = encoderPlan(preset, size)[0]?.streams[0]?.[0];
  return first?.kind === 'conv' ? first.inChannels : 3;
};

const packFeatures = ({ count, shape, values }: Features): Uint8Array =>
  packFile(
    { meta: { format: 'features-1', count, ...shape }, arrays: new Map([['features', values]]) },
    new Set(['features']),
  );

/** Encodes and stores every pool × picture kind of a source; returns the artifact names. */
export async function writeFeatures(
  context: RunContext,
  source: StoredSource,
  pause: Pause,
): Promise<string[]> {
  const names: string[] = [];
  for (const kind of new Set(context.inputKinds.flatMap(picturesOf))) {
    for (const pool of FEATURE_POOLS) {
      const name = featuresName(context.fingerprint, pool, kind, CODE);
      await context.artifacts.write(name, packFeatures(await encodePool(context, source, pool, kind, pause)));
      names.push(name);
    }
  }
  return names;
}

/** Cached codes of a source; made again from its weights if the file is missing or damaged. */
export async function readFeatures(
  context: RunContext,
  fingerprint: string,
  pool: FeaturePool,
  kind: PictureKind,
  pause: Pause,
  layer: string = CODE,
): Promise<Features> {
  const name = featuresName(fingerprint, pool, kind, layer);
  const bytes = await context.artifacts.read(name);
  const stored = bytes ? parseFeatures(bytes, context.dataset.count(pool)) : null;
  if (stored) return stored;
  const source = await readSource(context, fingerprint);
  const features = await encodePool(context, source, pool, kind, pause, layer);
  await context.artifacts.write(name, packFeatures(features));
  return features;
}

function parseFeatures(bytes: Uint8Array, expected: number): Features | null {
  try {
    const file = unpackFile(bytes);
    const { count, side, channels } = file.meta as { count: number; side: number; channels: number };
    const values = floatsOf(file, 'features');
    if (count !== expected || values.length !== count * side * side * channels) return null;
    return { count, shape: { side, channels }, values };
  } catch {
    return null;
  }
}

/** Fixed statistics of each channel over all positions of the transfer pool. */
export interface FeatureStatistics {
  mean: Float32Array;
  deviation: Float32Array;
}

export function featureStatistics({ values, shape: { channels } }: Features): FeatureStatistics {
  const sum = new Float64Array(channels);
  const square = new Float64Array(channels);
  const rows = values.length / channels;
  for (let at = 0; at < values.length; at += channels) {
    for (let c = 0; c < channels; c++) {
      const x = values[at + c] as number;
      sum[c] = (sum[c] as number) + x;
      square[c] = (square[c] as number) + x * x;
    }
  }
  const mean = Float32Array.from(sum, (s) => s / rows);
  const deviation = Float32Array.from(square, (s, c) => {
    const centre = (sum[c] as number) / rows;
    return Math.sqrt(Math.max(0, s / rows - centre * centre));
  });
  return { mean, deviation };
}

/** (x − mean) / sd, clipped to ±5; a channel that never changes becomes 0. */
export function standardise(features: Features, { mean, deviation }: FeatureStatistics): Features {
  const { channels } = features.shape;
  const values = new Float32Array(features.values.length);
  for (let at = 0; at < values.length; at += channels) {
    for (let c = 0; c < channels; c++) {
      const sd = deviation[c] as number;
      if (sd <= 1e-6) continue;
      const x = ((features.values[at + c] as number) - (mean[c] as number)) / sd;
      values[at + c] = Math.min(5, Math.max(-5, x));
    }
  }
  return { ...features, values };
}

/** Codes of several sources joined channel-wise: k · channels per position. */
export function concatenate(parts: readonly Features[]): Features {
  const [first] = parts;
  if (!first) throw new TaskatlasError('invalid-input', 'A transfer needs at least one source.');
  if (parts.length === 1) return first;
  const { side } = first.shape;
  if (parts.some((part) => part.shape.side !== side || part.count !== first.count)) {
    throw new TaskatlasError('data', 'The sources’ codes differ in side or number of images.');
  }
  const channels = parts.reduce((sum, part) => sum + part.shape.channels, 0);
  const positions = first.count * side * side;
  const values = new Float32Array(positions * channels);
  let offset = 0;
  for (const part of parts) {
    const own = part.shape.channels;
    for (let p = 0; p < positions; p++) {
      values.set(part.values.subarray(p * own, (p + 1) * own), p * channels + offset);
    }
    offset += own;
  }
  return { count: first.count, shape: { side, channels }, values };
}

/**
 * Standardised, joined codes (or activations of an earlier layer) of a transfer's sources on the three pools. An input of several pictures gives the
 * codes of each, whatever the source was trained on: a siamese source's encoder is one picture's encoder.
 */
export async function transferFeatures(
  context: RunContext,
  fingerprints: readonly string[],
  kind: InputKind,
  pause: Pause,
  layer: string = CODE,
): Promise<Record<FeaturePool, Features>> {
  const parts: Record<FeaturePool, Features[]> = { transfer: [], selection: [], test: [] };
  for (const fingerprint of fingerprints) {
    for (const picture of picturesOf(kind)) {
      const read = (pool: FeaturePool) => readFeatures(context, fingerprint, pool, picture, pause, layer);
      const raw = await read('transfer');
      const statistics = featureStatistics(raw);
      parts.transfer.push(standardise(raw, statistics));
      for (const pool of ['selection', 'test'] as const) {
        parts[pool].push(standardise(await read(pool), statistics));
      }
    }
  }
  return {
    transfer: concatenate(parts.transfer),
    selection: concatenate(parts.selection),
    test: concatenate(parts.test),
  };
}
