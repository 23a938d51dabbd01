import { type PresetName, picturesOf, TaskatlasError, type TaskHead, type TaskShape } from '../core';
import type { Block, Layer, LayerPlan } from './layers';
import { type ConvShape, PRESETS, type PresetShape } from './presets';
import { resnet50Plan } from './resnet50';
import { stitched } from './stitched';

export { type Layer, type LayerPlan, planLayers } from './layers';

export interface SpatialShape {
  side: number;
  channels: number;
}

const blockOf = ({ block }: PresetShape, size: number): number => (block === 'image' ? size : block);

/** Space-to-depth factor of a preset's inputs at an image size. */
export const inputBlock = (presetName: PresetName, size: number): number =>
  blockOf(PRESETS[presetName], size);

/** What the image side must be a multiple of. */
function stepOf({ architecture, block, encoder, outputReduction }: PresetShape): number {
  if (architecture === 'resnet50') return 16;
  return block === 'image' ? outputReduction : block * totalStride(encoder) * 2;
}

/** Shape after space-to-depth of the input image. */
function inputShape(preset: PresetShape, size: number): SpatialShape {
  const step = stepOf(preset);
  const block = blockOf(preset, size);
  if (size % step !== 0) {
    throw new TaskatlasError(
      'invalid-input',
      `Preset ${preset.name} needs an image size that is a multiple of ${step}, not ${size}.`,
    );
  }
  return { side: size / block, channels: 3 * block * block };
}

const totalStride = (convs: readonly ConvShape[]): number => convs.reduce((s, c) => s * c.stride, 1);

/** The code: what a frozen encoder gives. */
export function codeShape(presetName: PresetName, size: number): SpatialShape {
  const preset = PRESETS[presetName];
  if (preset.architecture === 'resnet50') return { side: size / 16, channels: 8 };
  const input = inputShape(preset, size);
  const last = preset.encoder[preset.encoder.length - 1];
  return { side: input.side / totalStride(preset.encoder), channels: last ? last.channels : input.channels };
}

/** Side of pixel outputs and labels. */
export const outputSide = (presetName: PresetName, size: number): number =>
  size / PRESETS[presetName].outputReduction;

/** Whether two presets lay out the pixels of their outputs alike. */
export const sameOutputs = (a: PresetName, b: PresetName, size: number): boolean =>
  outputSide(a, size) === outputSide(b, size) && codeShape(a, size).side === codeShape(b, size).side;

function stack(prefix: string, convs: readonly ConvShape[], from: SpatialShape): [Layer[], SpatialShape] {
  let { side, channels } = from;
  const layers = convs.map((shape): Layer => {
    const outSide = Math.ceil(side / shape.stride);
    const layer: Layer = {
      kind: 'conv',
      name: `${prefix}/${shape.name}`,
      // On a single position only the middle of a window meets anything.
      kernel: side === 1 ? 1 : shape.kernel,
      stride: shape.stride,
      inSide: side,
      outSide,
      inChannels: channels,
      outChannels: shape.channels,
      activation: shape.activation,
    };
    side = outSide;
    channels = shape.channels;
    return layer;
  });
  return [layers, { side, channels }];
}

/**
 * Encoder: space-to-depth image → code; of several views, the codes of all joined channel-wise. Of several columns
 * joined by cross-stitch units, the code that `column` (from 1) is given.
 */
export function encoderPlan(
  presetName: PresetName,
  size: number,
  views = 1,
  columns = 1,
  column = 1,
): LayerPlan {
  const preset = PRESETS[presetName];
  const input = inputShape(preset, size);
  const plain =
    preset.architecture === 'resnet50'
      ? resnet50Plan(size, codeShape(presetName, size).channels)
      : [{ streams: [stack('encoder', preset.encoder, input)[0]] }];
  const plan = columns === 1 ? plain : stitched(plain, columns, column);
  if (views === 1) return plan;
  return plan.map((block, i) => ({ ...block, views, joinsViews: i === plan.length - 1 }));
}

/** Pictures in one example of a task. */
const viewsOf = (task: TaskShape): number => picturesOf(task.input).length;
/** Output of the last layer of a plan that ends in one stream of convolutions. */
function outputShape(plan: LayerPlan): SpatialShape {
  const last = plan.at(-1)?.streams[0]?.at(-1);
  if (last?.kind === 'conv') return { side: last.outSide, channels: last.outChannels };
  if (last?.kind === 'layer-norm') return { side: last.side, channels: last.channels };
  throw new TaskatlasError('internal', 'The plan does not end in a spatial map.');
}

/** Layers of the plain encoder that a head may read, without the room: all but those of parallel streams. */
export const readableLayers = (presetName: PresetName, size: number): string[] =>
  encoderPlan(presetName, size).flatMap(({ streams }) =>
    streams.length === 1 ? (streams[0] ?? []).map(({ name }) => name.slice('encoder/'.length)) : [],
  );

/**
 * The encoder up to and with one of its layers, named without the room (`code`, `conv1`), and the shape of that
 * layer's output; of several columns what the first is given of that layer.
 * @throws TaskatlasError `invalid-input` listing the layers that can be cut at
 */
export function encoderUpTo(
  presetName: PresetName,
  size: number,
  layer: string,
  columns = 1,
): { plan: LayerPlan; shape: SpatialShape } {
  const blocks: Block[] = [];
  for (const block of encoderPlan(presetName, size)) {
    const [stream = []] = block.streams;
    if (block.streams.length === 1) {
      const at = stream.findIndex(({ name }) => name === `encoder/${layer}`);
      if (at >= 0) {
        const plan = [...blocks, { ...block, streams: [stream.slice(0, at + 1)] }];
        return { plan: columns === 1 ? plan : stitched(plan, columns, 1), shape: outputShape(plan) };
      }
    }
    blocks.push(block);
  }
  throw new TaskatlasError(
    'invalid-input',
    `Preset ${presetName} has no encoder layer "${layer}" to read; it has ${readableLayers(presetName, size).join(', ')}.`,
  );
}

/** One affine layer from a spatial map to a task's output: for pixels at every position of the code, else of all of it. */
export function affinePlan(
  presetName: PresetName,
  size: number,
  head: TaskHead,
  from: SpatialShape,
): LayerPlan {
  const name = 'decoder/output';
  if (head.kind === 'vector' || head.kind === 'classes') {
    const outSize = head.kind === 'vector' ? head.size : head.classes;
    return [
      {
        streams: [
          [{ kind: 'dense', name, inSize: from.side ** 2 * from.channels, outSize, activation: 'linear' }],
        ],
      },
    ];
  }
  const r = outputSide(presetName, size) / from.side;
  const channels = r * r * pixelChannels(head);
  const output: ConvShape = { name: 'output', kernel: 1, stride: 1, channels, activation: 'linear' };
  return [{ streams: [stack('decoder', [output], from)[0]] }];
}

/** Readout of k codes (paper, section 3.2; DESIGN §4): parallel streams of 3×3 convolutions. */
function readoutPlan(presetName: PresetName, size: number, order: number, views: number): LayerPlan {
  const { readout } = PRESETS[presetName];
  const code = codeShape(presetName, size);
  const channels = Math.max(readout.minChannels, readout.channelsPerSource * order);
  const from = { side: code.side, channels: code.channels * order * views };
  const convs = Array.from(
    { length: readout.convs },
    (_, i): ConvShape => ({ name: `conv${i + 1}`, kernel: 3, stride: 1, channels, activation: 'relu' }),
  );
  const streams = Array.from(
    { length: readout.streams },
    (_, i) => stack(`readout/stream${i + 1}`, convs, from)[0],
  );
  const blocks: Block[] = [{ streams }];
  if (readout.normalised) {
    const out = channels * readout.streams;
    blocks.push({
      streams: [[{ kind: 'layer-norm', name: 'readout/norm', side: code.side, channels: out }]],
    });
  }
  return blocks;
}

/** Channels that the readout of `order` sources hands to its decoder. */
function readoutChannels(presetName: PresetName, order: number): number {
  const { readout } = PRESETS[presetName];
  return Math.max(readout.minChannels, readout.channelsPerSource * order) * readout.streams;
}

function vectorLayers(preset: PresetShape, from: SpatialShape, size: number): Layer[] {
  const reduce: ConvShape = {
    name: 'reduce',
    kernel: 3,
    stride: 2,
    channels: preset.vector.channels,
    activation: 'relu',
  };
  const [layers, { side, channels }] = stack('decoder', [reduce], from);
  let inSize = side * side * channels;
  preset.vector.hidden.forEach((outSize, i) => {
    layers.push({ kind: 'dense', name: `decoder/dense${i + 1}`, inSize, outSize, activation: 'relu' });
    inSize = outSize;
  });
  layers.push({ kind: 'dense', name: 'decoder/output', inSize, outSize: size, activation: 'linear' });
  return layers;
}

/** Output channels of a pixel. */
function pixelChannels(head: Exclude<TaskHead, { kind: 'vector' }>): number {
  if (head.kind === 'pixels') return head.channels;
  return head.kind === 'pixel-embedding' ? head.size : head.classes;
}

/** Decoder from a spatial map to a task's output; pixel outputs are in space-to-depth layout: side × side × r²·C. */
function decoderPlan(
  presetName: PresetName,
  size: number,
  head: TaskHead,
  hidden: readonly ConvShape[],
  inChannels: number,
): LayerPlan {
  const preset = PRESETS[presetName];
  const from = { side: codeShape(presetName, size).side, channels: inChannels };
  if (head.kind === 'vector') return [{ streams: [vectorLayers(preset, from, head.size)] }];
  if (head.kind === 'classes') return [{ streams: [vectorLayers(preset, from, head.classes)] }];
  const r = outputSide(presetName, size) / from.side;
  const channels = pixelChannels(head);
  const output: ConvShape = {
    name: 'output',
    kernel: 1,
    stride: 1,
    channels: r * r * channels,
    activation: 'linear',
  };
  return [{ streams: [stack('decoder', [...hidden, output], from)[0]] }];
}

/** Task-specific network: encoder (of each picture of an example) and decoder. */
export function sourcePlan(preset: PresetName, size: number, task: TaskShape): LayerPlan {
  const views = viewsOf(task);
  const { channels } = codeShape(preset, size);
  return [
    ...encoderPlan(preset, size, views),
    ...decoderPlan(preset, size, task.head, PRESETS[preset].decoder, channels * views),
  ];
}

/** What a transfer of `order` sources trains: readout of the codes of all pictures, and decoder from scratch. */
export const transferPlan = (preset: PresetName, size: number, task: TaskShape, order: number): LayerPlan => [
  ...readoutPlan(preset, size, order, viewsOf(task)),
  ...decoderPlan(preset, size, task.head, PRESETS[preset].transferDecoder, readoutChannels(preset, order)),
];

/** Scratch reference: the same network as a first-order transfer, its encoder (of so many columns) random and trained. */
export const scratchPlan = (preset: PresetName, size: number, task: TaskShape, columns = 1): LayerPlan => [
  ...encoderPlan(preset, size, viewsOf(task), columns),
  ...transferPlan(preset, size, task, 1),
];
