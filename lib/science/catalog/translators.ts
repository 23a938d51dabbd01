import type { Layer, LayerPlan } from './layers';

/** The two directions of translation, and the two domains whose pictures a critic knows. */
export type Direction = 'to-target' | 'to-source';
export type Critic = 'knows-target' | 'knows-source';

/** Side of the squares of pixels that critics look at: any preset's size is a multiple of 2. */
export const patchBlock = (size: number): number => (size % 4 === 0 ? 4 : 2);

/** Channels between a generator's first and last layer, and a critic's. */
const GENERATOR_WIDTH = 8;
const CRITIC_WIDTH = 32;

interface Shape {
  side: number;
  channels: number;
}

const conv = (
  name: string,
  from: Shape,
  kernel: number,
  stride: 1 | 2,
  outChannels: number,
  activation: 'relu' | 'linear' = 'relu',
): Layer => ({
  kind: 'conv',
  name,
  kernel,
  stride,
  inSide: from.side,
  outSide: Math.ceil(from.side / stride),
  inChannels: from.channels,
  outChannels,
  activation,
});

/** The correction that a generator adds to a picture: three 3×3 convolutions that treat all pixels alike. */
export function generatorPlan(direction: Direction, size: number): LayerPlan {
  const picture = { side: size, channels: 3 };
  const wide = { side: size, channels: GENERATOR_WIDTH };
  return [
    {
      streams: [
        [
          conv(`${direction}/conv1`, picture, 3, 1, GENERATOR_WIDTH),
          conv(`${direction}/conv2`, wide, 3, 1, GENERATOR_WIDTH),
          conv(`${direction}/output`, wide, 3, 1, picture.channels, 'linear'),
        ],
      ],
    },
  ];
}

/**
 * A patch discriminator on space-to-depth pictures: one number for each patch of three by three squares, 1 for the
 * domain that it knows, else 0.
 */
export function criticPlan(critic: Critic, size: number): LayerPlan {
  const block = patchBlock(size);
  const side = size / block;
  const wide = { side, channels: CRITIC_WIDTH };
  const half = { side: Math.ceil(side / 2), channels: CRITIC_WIDTH };
  return [
    {
      streams: [
        [
          conv(`${critic}/conv1`, { side, channels: 3 * block * block }, 1, 1, CRITIC_WIDTH),
          conv(`${critic}/conv2`, wide, 3, 2, CRITIC_WIDTH),
          conv(`${critic}/output`, half, 1, 1, 1, 'linear'),
        ],
      ],
    },
  ];
}
