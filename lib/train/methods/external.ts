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
import { asOutOfMemory, type Tf } from '../engine';
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

/** What a foreign model's code throws is a fault of its files, and says of which; memory that ran out stays that. */
function blamed(tf: Tf, external: ExternalEncoder, error: unknown): unknown {
  const known = asOutOfMemory(tf, error);
  if (known instanceof TaskatlasError) return known;
  const [first = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return wrong(external, first);
}

type Shape = readonly (number | null)[] | undefined;

/** Height and width that the model wants; 0 or less for any. @throws TaskatlasError `data` where it takes no pictures */
function wantedSize(
  external: ExternalEncoder,
  inputs: readonly { readonly shape?: Shape }[],
): [number, number] {
  const shape = inputs[0]?.shape;
  const free = (side: number | null | undefined): number => side ?? 0;
  const pictures = !shape || (shape.length === 4 && (free(shape[3]) <= 0 || shape[3] === 3));
  if (inputs.length !== 1 || !pictures) {
    const taken = inputs.map((input) => `[${input.shape?.map((side) => side ?? '?')}]`).join(' and ');
    throw wrong(external, `it takes ${taken || 'no input'}; one input of pictures N×h×w×3 is needed.`);
  }
  return [free(shape?.[1]), free(shape?.[2])];
}

/** Pictures as the model takes them: its own size, its own range. */
function adapt(
  tf: Tf,
  pictures: Tensor4D,
  [high, wide]: readonly [number, number],
  [low, top]: ExternalEncoder['range'],
): Tensor4D {
  const [, h, w] = pictures.shape;
  const [height, width] = [high > 0 ? high : h, wide > 0 ? wide : w];
  const sized = height === h && width === w ? pictures : tf.image.resizeBilinear(pictures, [height, width]);
  return low === -1 && top === 1 ? sized : tf.add(tf.mul(sized, (top - low) / 2), (top + low) / 2);
}

/** Frees the model where `look` refuses it. */
function looked<T>(model: { dispose(): unknown }, look: () => T): T {
  try {
    return look();
  } catch (error) {
    model.dispose();
    throw error;
  }
}

async function openLayers(tf: Tf, external: ExternalEncoder, handler: object): Promise<Encoder> {
  const whole: LayersModel = await tf.loadLayersModel(handler as never);
  return looked(whole, () => {
    const layer = whole.layers.find(({ name }) => name === external.layer);
    if (!layer) {
      const known = whole.layers.slice(-12).map(({ name }) => name);
      throw wrong(external, `there is no such layer; the last ones are ${known.join(', ')}.`);
    }
    const size = wantedSize(external, whole.inputs);
    const cut = tf.model({ inputs: whole.inputs, outputs: layer.output as never });
    return {
      encode: (pictures) => cut.predict(adapt(tf, pictures, size, external.range)) as Tensor4D,
      dispose: () => whole.dispose(),
    };
  });
}

async function openGraph(tf: Tf, external: ExternalEncoder, handler: object): Promise<Encoder> {
  const model = await tf.loadGraphModel(handler as never);
  const size = looked(model, () => wantedSize(external, model.inputs));
  return {
    encode: (pictures) =>
      model.execute(adapt(tf, pictures, size, external.range), external.layer) as Tensor4D,
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
  try {
    const encoder = await (format === 'graph' ? openGraph : openLayers)(tf, external, handler);
    return {
      dispose: encoder.dispose,
      encode: (pictures) => {
        try {
          return encoder.encode(pictures);
        } catch (error) {
          throw blamed(tf, external, error);
        }
      },
    };
  } catch (error) {
    throw blamed(tf, external, error);
  }
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
    if (!numbers.every(Number.isFinite)) throw wrong(external, 'it gives numbers that are not finite.');
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
