import type { PresetName, TrainingOptions } from '../core';

/** One convolution of a preset, SAME padding. `name` becomes part of its parameters' names. */
export interface ConvShape {
  name: string;
  kernel: 1 | 3 | 7;
  stride: 1 | 2;
  channels: number;
  activation: 'relu' | 'linear' | 'sigmoid';
}

/** Readout from k frozen codes to the head: `streams` parallel stacks of `convs` 3×3 convolutions. */
export interface ReadoutShape {
  streams: 1 | 2;
  convs: 1 | 2;
  /** Channels of each convolution: max(minChannels, channelsPerSource · k). */
  channelsPerSource: number;
  minChannels: number;
  /** Per-image layer normalisation at the readout's output (its input is always standardised). */
  normalised: boolean;
}

/** Head of vector and class targets: one stride-2 3×3 convolution, then dense layers. */
export interface VectorShape {
  channels: number;
  hidden: readonly number[];
}

export type TrainingRole = 'source' | 'transfer' | 'scratch';

/**
 * Shape of every network of a sweep, relative to the image size (fully convolutional up to
 * the vector heads), with default training options. Changing one needs a new method version.
 */
export interface PresetShape {
  name: PresetName;
  summary: string;
  /** Image side that the figures in the summary refer to; other multiples work too. */
  nominalSize: number;
  architecture: 'plain' | 'resnet50';
  /**
   * Space-to-depth factor of the inputs: size × size × 3 → (size/b) × (size/b) × 3b². No information is lost.
   * `image`: the whole picture at one position, where 1×1 convolutions are fully connected layers.
   */
  block: number | 'image';
  /** Pixel labels are averaged (classes: majority) over squares of this side before the loss. */
  outputReduction: number;
  /** Ends in the code: the spatial bottleneck that a transfer sees. */
  encoder: readonly ConvShape[];
  /** Hidden convolutions of a task-specific network's decoder, between code and output. */
  decoder: readonly ConvShape[];
  readout: ReadoutShape;
  /** Hidden convolutions of a transfer's decoder, between readout and output. */
  transferDecoder: readonly ConvShape[];
  vector: VectorShape;
  /** Adam with a cosine schedule to 0; the learning rate is the first step's. */
  training: Readonly<Record<TrainingRole, TrainingOptions>>;
  /** Evaluations on the selection pool during a head's training; every other run has the same steps between two. */
  evaluations: number;
}

const conv = (
  name: string,
  kernel: ConvShape['kernel'],
  stride: ConvShape['stride'],
  channels: number,
  activation: ConvShape['activation'] = 'relu',
): ConvShape => ({ name, kernel, stride, channels, activation });

const training = (epochs: number, learningRate: number, batchSize = 32): TrainingOptions => ({
  epochs,
  batchSize,
  learningRate,
  weightDecay: 2e-6,
});

const micro: PresetShape = {
  name: 'micro',
  summary: 'For tests and micro-sweeps: 16×16 images, code 2×2×4, trained in well under a second.',
  nominalSize: 16,
  architecture: 'plain',
  block: 4,
  outputReduction: 2,
  encoder: [conv('conv1', 1, 1, 6), conv('conv2', 3, 2, 8), conv('code', 1, 1, 4, 'linear')],
  decoder: [conv('conv1', 3, 1, 8)],
  readout: { streams: 1, convs: 1, channelsPerSource: 4, minChannels: 8, normalised: false },
  transferDecoder: [],
  vector: { channels: 4, hidden: [8] },
  training: {
    source: training(3, 4e-3, 8),
    transfer: training(4, 4e-3, 8),
    scratch: training(8, 4e-3, 8),
  },
  evaluations: 4,
};

const tiny: PresetShape = {
  name: 'tiny',
  summary: '64×64 images, code 8×8×8 (24:1), one-convolution heads: a first look in minutes on two cores.',
  nominalSize: 64,
  architecture: 'plain',
  block: 4,
  outputReduction: 2,
  encoder: [
    conv('conv1', 1, 1, 24),
    conv('conv2', 3, 2, 32),
    conv('conv3', 3, 1, 32),
    conv('code', 1, 1, 8, 'linear'),
  ],
  decoder: [conv('conv1', 3, 1, 24), conv('conv2', 3, 1, 24)],
  readout: { streams: 1, convs: 1, channelsPerSource: 8, minChannels: 24, normalised: false },
  transferDecoder: [],
  vector: { channels: 16, hidden: [32] },
  training: {
    source: training(20, 3e-3, 16),
    transfer: training(60, 1e-2, 16),
    scratch: training(120, 3e-3, 16),
  },
  evaluations: 20,
};

const small: PresetShape = {
  name: 'small',
  summary:
    '128×128 images, code 16×16×8 (24:1), the paper’s two-stream readout: hours on CPUs, minutes on a GPU.',
  nominalSize: 128,
  architecture: 'plain',
  block: 4,
  outputReduction: 2,
  encoder: [
    conv('conv1', 3, 1, 32),
    conv('conv2', 3, 2, 64),
    conv('conv3', 3, 1, 64),
    conv('conv4', 3, 1, 64),
    conv('code', 1, 1, 8, 'linear'),
  ],
  decoder: [conv('conv1', 3, 1, 48), conv('conv2', 3, 1, 48), conv('conv3', 3, 1, 48)],
  readout: { streams: 2, convs: 2, channelsPerSource: 8, minChannels: 8, normalised: true },
  transferDecoder: [conv('conv1', 3, 1, 48)],
  vector: { channels: 32, hidden: [64] },
  training: {
    source: training(30, 2e-3),
    transfer: training(60, 2e-3),
    scratch: training(120, 2e-3),
  },
  evaluations: 15,
};

const mlp: PresetShape = {
  name: 'mlp',
  summary:
    'Three fully connected sigmoid layers on small pictures (IDX at 16–32), code of 64 numbers: what a deep belief net can pre-train.',
  nominalSize: 32,
  architecture: 'plain',
  block: 'image',
  outputReduction: 2,
  encoder: [
    conv('hidden1', 1, 1, 256, 'sigmoid'),
    conv('hidden2', 1, 1, 128, 'sigmoid'),
    conv('code', 1, 1, 64, 'sigmoid'),
  ],
  decoder: [conv('hidden', 1, 1, 128)],
  readout: { streams: 1, convs: 1, channelsPerSource: 64, minChannels: 64, normalised: false },
  transferDecoder: [],
  vector: { channels: 64, hidden: [] },
  training: {
    source: training(20, 3e-3, 16),
    transfer: training(40, 3e-3, 16),
    scratch: training(80, 3e-3, 16),
  },
  evaluations: 10,
};

const decoder15 = Array.from({ length: 14 }, (_, i) => conv(`conv${i + 1}`, 3, 1, i < 6 ? 64 : 32));

const resnet50: PresetShape = {
  name: 'resnet50',
  summary:
    'The paper’s network: ResNet-50 without pooling, 256×256 images, code 16×16×8, 15-layer decoder. Wants a GPU.',
  nominalSize: 256,
  architecture: 'resnet50',
  block: 1,
  outputReduction: 1,
  encoder: [],
  decoder: decoder15,
  readout: { streams: 2, convs: 2, channelsPerSource: 8, minChannels: 8, normalised: true },
  transferDecoder: decoder15,
  vector: { channels: 64, hidden: [256, 64] },
  training: {
    source: training(100, 1e-4),
    transfer: training(30, 1e-4),
    scratch: training(60, 1e-4),
  },
  evaluations: 20,
};

export const PRESETS: Readonly<Record<PresetName, PresetShape>> = { micro, tiny, small, mlp, resnet50 };

/** Default optimiser settings of a preset for one role. */
export const defaultTraining = (preset: PresetName, role: TrainingRole): TrainingOptions =>
  PRESETS[preset].training[role];
