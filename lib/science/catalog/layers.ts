/** One layer with its input and output shape worked out. Names are full: `encoder/conv1`. */
export type Layer =
  | {
      kind: 'conv';
      name: string;
      kernel: number;
      stride: 1 | 2;
      inSide: number;
      outSide: number;
      inChannels: number;
      outChannels: number;
      activation: 'relu' | 'linear' | 'sigmoid';
    }
  | { kind: 'dense'; name: string; inSize: number; outSize: number; activation: 'relu' | 'linear' }
  | {
      kind: 'layer-norm';
      name: string;
      side: number;
      channels: number;
      activation?: 'relu';
      /** The gain starts at 0 in place of 1. */
      startsAtZero?: true;
    }
  /** Maximum over 3×3 windows, stride 2, SAME padding; no parameters. */
  | { kind: 'max-pool'; name: string; outSide: number; channels: number }
  /** Cross-stitch unit: the joined outputs of all columns → their mixture for column `own` (from 1), channel by channel. */
  | { kind: 'stitch'; name: string; columns: number; own: number; side: number; channels: number };

/**
 * Parallel stacks over the same input. Their outputs are concatenated channel-wise, or with `join: 'sum'` added and
 * passed through a ReLU (residual block); an empty stack hands its input on.
 */
export interface Block {
  streams: readonly (readonly Layer[])[];
  /** Siamese: pictures of each example that the block sees, one by one. */
  views?: number;
  /** The outputs of an example's pictures are then concatenated channel-wise. */
  joinsViews?: boolean;
  join?: 'sum';
}

/** A network as data: blocks in sequence. The one shape from which parameters, forward pass and FLOPs follow. */
export type LayerPlan = readonly Block[];

/** Every layer of a plan in order. */
export const planLayers = (plan: LayerPlan): readonly Layer[] =>
  plan.flatMap((block) => block.streams.flat());
