import type { LayersModel, Tensor, Tensor4D } from '@tensorflow/tfjs';
import { codeShape } from '@/lib/science/catalog/presets-layers';
import {
  type ExternalEncoder,
  type PictureKind,
  type PoolName,
  type PresetName,
  TaskatlasError,
} from '@/lib/science/core';
import { readExternalModel } from '@/lib/science/datasets';
import { principalDirections } from '@/lib/science/numerics';
import type { Tf } from '../engine';
import { valuesOf } from '../networks';
import type { Pause } from './pause';
import { chunks } from './pools';
import type { RunContext } from './types';

/** Images that a foreign network sees at once: they are often large inside. */
const CHUNK = 8;

/** A foreign network cut off at its layer: pictures N×side×side×3 in [−1, 1] → N×h×w×C. */
interface Encoder {
  encode(pictures: Tensor4D): Tensor4D;
  dispose(): void;
}

function wrong(external: ExternalEncoder, what: string): TaskatlasError {
  return new TaskatlasError('data', `External model ${external.model}, layer "${external.layer}": ${what}`);
}

/** Side that the model wants, 0 for any. */
const sideOf = (shape: readonly (number | null)[] | undefined): number => shape?.[1] ?? 0;

/** Pictures as the model takes them: its own side, its own range. */
function adapt(tf: Tf, pictures: Tensor4D, side: number, [low, high]: ExternalEncoder['range']): Tensor4D {
  const sized =
    side > 0 && side !== pictures.shape[1] ? tf.image.resizeBilinear(pictures, [side, side]) : pictures;
  return low === -1 && high === 1 ? sized : tf.add(tf.mul(sized, (high - low) / 2), (high + low) / 2);
}

async function openLayers(tf: Tf, external: ExternalEncoder, handler: object): Promise<Encoder> {
  const whole: LayersModel = await tf.loadLayersModel(handler as never);
  const layer = whole.layers.find(({ name }) => name === external.layer);
  if (!layer) {
    const known = whole.layers.slice(-12).map(({ name }) => name);
    throw wrong(external, `there is no such layer; the last ones are ${known.join(', ')}.`);
  }
  const cut = tf.model({ inputs: whole.inputs, outputs: layer.output as never });
  const side = sideOf(whole.inputs[0]?.shape);
  return {
    encode: (pictures) => cut.predict(adapt(tf, pictures, side, external.range)) as Tensor4D,
    dispose: () => whole.dispose(),
  };
}

async function openGraph(tf: Tf, external: ExternalEncoder, handler: object): Promise<Encoder> {
  const model = await tf.loadGraphModel(handler as never);
  const side = sideOf(model.inputs[0]?.shape);
  return {
    encode: (pictures) =>
      model.execute(adapt(tf, pictures, side, external.range), external.layer) as Tensor4D,
    dispose: () => model.dispose(),
  };
}

async function open(tf: Tf, external: ExternalEncoder): Promise<Encoder> {
  const { format, topology, weightSpecs, weights, sha256 } = readExternalModel(external.model);
  if (sha256 !== external.sha256) {
    throw wrong(external, 'the files are not those that were planned with; submit the sweep anew.');
  }
  const { buffer, byteOffset, byteLength } = weights;
  const weightData = buffer.slice(byteOffset, byteOffset + byteLength);
  const handler = { load: async () => ({ modelTopology: topology, weightSpecs, weightData }) };
  return await (format === 'graph' ? openGraph : openLayers)(tf, external, handler);
}

/** What turns a foreign network's output into a code of the preset's shape. */
export interface Compression {
  /** Mean of each channel over the transfer pool, C. */
  mean: Float32Array;
  /** Principal directions, C × channels of the code. */
  directions: Float32Array;
}

/** Output at the code's side, as rows: (N·side²) × C. */
function rows(tf: Tf, external: ExternalEncoder, output: Tensor, side: number): Tensor {
  if (output.rank !== 4) throw wrong(external, `it gives rank ${output.rank}; a map N×h×w×C is needed.`);
  const map = output as Tensor4D;
  const sized =
    map.shape[1] === side && map.shape[2] === side ? map : tf.image.resizeBilinear(map, [side, side]);
  return tf.reshape(sized, [-1, map.shape[3]]);
}

/** Runs the encoder over a pool and hands the rows of each chunk to `use`, inside a tidy. */
async function eachChunk(
  context: RunContext,
  external: ExternalEncoder,
  encoder: Encoder,
  pool: { name: PoolName; kind: PictureKind; side: number },
  use: (values: Tensor, part: Int32Array) => Tensor,
  keep: (numbers: Float32Array, part: Int32Array) => void,
  pause: Pause,
): Promise<void> {
  const { dataset, engine } = context;
  const { tf } = engine;
  for (const part of chunks(dataset.count(pool.name), CHUNK)) {
    const pictures = dataset.inputs(pool.name, pool.kind, part);
    const numbers = valuesOf(tf, () => {
      const input = tf.tensor(pictures, [part.length, dataset.size, dataset.size, 3]) as Tensor4D;
      return use(rows(tf, external, encoder.encode(input), pool.side), part);
    });
    keep(numbers, part);
    await pause();
  }
}

/**
 * Fits the compression on the transfer pool's pictures (no labels): principal components of the output, as many as the
 * preset's code has channels, so that every source of a tournament hands on a code of the same size.
 */
export async function fitExternal(
  context: RunContext,
  external: ExternalEncoder,
  preset: PresetName,
  pause: Pause,
): Promise<Compression> {
  const { tf } = context.engine;
  const shape = codeShape(preset, context.dataset.size);
  const encoder = await open(tf, external);
  let [count, channels] = [0, 0];
  let moments = new Float64Array(0);
  try {
    await eachChunk(
      context,
      external,
      encoder,
      { name: 'transfer', kind: 'rgb', side: shape.side },
      (x) => {
        // One product gives sums and second moments: a column of ones beside the channels.
        const bordered = tf.concat([x, tf.ones([x.shape[0] as number, 1])], 1);
        return tf.matMul(bordered as never, bordered as never, true);
      },
      (numbers) => {
        channels = Math.round(Math.sqrt(numbers.length)) - 1;
        if (moments.length === 0) moments = new Float64Array(numbers.length);
        for (let i = 0; i < numbers.length; i++) moments[i] = (moments[i] as number) + (numbers[i] as number);
      },
      pause,
    );
  } finally {
    encoder.dispose();
  }
  const width = channels + 1;
  count = moments[width * width - 1] ?? 0;
  const mean = Float32Array.from(
    { length: channels },
    (_, i) => (moments[i * width + channels] ?? 0) / count,
  );
  const covariance = Float64Array.from({ length: channels * channels }, (_, at) => {
    const [i, j] = [Math.floor(at / channels), at % channels];
    return (moments[i * width + j] ?? 0) / count - (mean[i] as number) * (mean[j] as number);
  });
  const directions = Float32Array.from(principalDirections(covariance, channels, shape.channels));
  return { mean, directions };
}

/** Codes of a pool in the preset's shape: (output − mean) · directions, count × side × side × channels. */
export async function encodeExternal(
  context: RunContext,
  external: ExternalEncoder,
  compression: Compression,
  pool: { name: PoolName; kind: PictureKind; preset: PresetName },
  pause: Pause,
): Promise<Float32Array> {
  const { tf } = context.engine;
  const { side, channels } = codeShape(pool.preset, context.dataset.size);
  const values = new Float32Array(context.dataset.count(pool.name) * side * side * channels);
  const encoder = await open(tf, external);
  const [mean, directions] = [
    tf.tensor(compression.mean),
    tf.tensor(compression.directions, [compression.mean.length, channels]),
  ];
  try {
    await eachChunk(
      context,
      external,
      encoder,
      { name: pool.name, kind: pool.kind, side },
      (x) => tf.matMul(tf.sub(x, mean) as never, directions as never),
      (numbers, part) => values.set(numbers, (part[0] as number) * side * side * channels),
      pause,
    );
  } finally {
    tf.dispose([mean, directions]);
    encoder.dispose();
  }
  return values;
}
