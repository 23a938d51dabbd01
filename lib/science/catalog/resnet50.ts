import type { Block, Layer, LayerPlan } from './layers';

/** Bottlenecks of the four stages: how many, channels inside, stride of the first. The last keeps 16×16 (Taskonomy). */
const STAGES = [
  { blocks: 3, width: 64, stride: 1 },
  { blocks: 4, width: 128, stride: 2 },
  { blocks: 6, width: 256, stride: 2 },
  { blocks: 3, width: 512, stride: 1 },
] as const;
/** A bottleneck gives four times the channels that it has inside. */
const EXPANSION = 4;

interface Place {
  side: number;
  channels: number;
}

/** Convolution without activation, then normalisation, then ReLU where asked for. */
function normalised(
  name: string,
  kernel: number,
  stride: 1 | 2,
  from: Place,
  outChannels: number,
  after: 'relu' | 'starts-at-zero' | 'nothing',
): Layer[] {
  const outSide = Math.ceil(from.side / stride);
  const norm = { kind: 'layer-norm', name: `${name}-norm`, side: outSide, channels: outChannels } as const;
  return [
    {
      kind: 'conv',
      name,
      kernel,
      stride,
      inSide: from.side,
      outSide,
      inChannels: from.channels,
      outChannels,
      activation: 'linear',
    },
    {
      ...norm,
      ...(after === 'relu' ? { activation: 'relu' } : {}),
      ...(after === 'starts-at-zero' ? { startsAtZero: true } : {}),
    },
  ];
}

/**
 * 1×1 → 3×3 (with the stride) → 1×1 beside the shortcut, added, ReLU. The last gain starts at 0, so that the block
 * starts as its shortcut (Goyal et al. 2017): without it Adam's first steps at 1e-4 threw the outputs off tenfold.
 */
function bottleneck(name: string, from: Place, width: number, stride: 1 | 2): { block: Block; to: Place } {
  const to = { side: Math.ceil(from.side / stride), channels: width * EXPANSION };
  const main = [
    ...normalised(`${name}/conv1`, 1, 1, from, width, 'relu'),
    ...normalised(`${name}/conv2`, 3, stride, { ...from, channels: width }, width, 'relu'),
    ...normalised(`${name}/conv3`, 1, 1, { ...to, channels: width }, to.channels, 'starts-at-zero'),
  ];
  const same = stride === 1 && from.channels === to.channels;
  const shortcut = same ? [] : normalised(`${name}/shortcut`, 1, stride, from, to.channels, 'nothing');
  return { block: { streams: [main, shortcut], join: 'sum' }, to };
}

/**
 * ResNet-50 (He et al. 2016, stride in the 3×3 convolution) as Taskonomy uses it: no global pooling, the last stage
 * at stride 1, so size/16 × size/16 × 2048; then a 3×3 convolution to the code. Normalisation is per image (one group
 * of GroupNorm, Wu & He 2018) where the original has batch statistics: a frozen encoder must give an image the same
 * code whatever lies beside it in the batch (DESIGN §4).
 */
export function resnet50Plan(size: number, codeChannels: number): LayerPlan {
  const stem = normalised('encoder/conv1', 7, 2, { side: size, channels: 3 }, 64, 'relu');
  let place: Place = { side: size / 4, channels: 64 };
  const pool: Layer = { kind: 'max-pool', name: 'encoder/pool1', outSide: place.side, channels: 64 };
  const blocks: Block[] = [{ streams: [[...stem, pool]] }];
  STAGES.forEach(({ blocks: count, width, stride }, stage) => {
    for (let i = 0; i < count; i++) {
      const made = bottleneck(`encoder/stage${stage + 2}/block${i + 1}`, place, width, i === 0 ? stride : 1);
      blocks.push(made.block);
      place = made.to;
    }
  });
  const code: Layer = {
    kind: 'conv',
    name: 'encoder/code',
    kernel: 3,
    stride: 1,
    inSide: place.side,
    outSide: place.side,
    inChannels: place.channels,
    outChannels: codeChannels,
    activation: 'linear',
  };
  return [...blocks, { streams: [[code]] }];
}
