import { type PresetName, picturesOf, type TaskShape } from '../core';
import { forwardFlops, trainingFlops } from './flops';
import type { ResolvedOptions } from './method-options';
import { codeShape, encoderPlan, type LayerPlan, type SpatialShape, sourcePlan } from './presets-layers';
import { criticPlan, generatorPlan } from './translators';

/** What the shape of a task-specific network follows from. */
export interface NetworkShape {
  preset: PresetName;
  size: number;
  task: TaskShape;
}

const viewsOf = ({ task }: NetworkShape): number => picturesOf(task.input).length;

const encoderOf = (network: NetworkShape): LayerPlan =>
  encoderPlan(network.preset, network.size, viewsOf(network));

/** The joined codes of all pictures of an example. */
export function joinedCode(network: NetworkShape): SpatialShape {
  const { side, channels } = codeShape(network.preset, network.size);
  return { side, channels: channels * viewsOf(network) };
}

const HIDDEN = 64;

/** Classifier that tells the domain of a code: all of the code → 64 → one logit, above 0 for the source domain. */
export const discriminatorPlan = ({ side, channels }: SpatialShape): LayerPlan => [
  {
    streams: [
      [
        {
          kind: 'dense',
          name: 'domain/dense1',
          inSize: side * side * channels,
          outSize: HIDDEN,
          activation: 'relu',
        },
        { kind: 'dense', name: 'domain/output', inSize: HIDDEN, outSize: 1, activation: 'linear' },
      ],
    ],
  },
];

/**
 * Work of one picture of the source domain in a training of the network on both domains.
 * @param extra layers that tell the domains apart; null: no picture of the target domain is looked at
 * @param supervised as many labelled pictures of the target domain are learned from
 */
export const jointFlops = (network: NetworkShape, extra: LayerPlan | null, supervised: boolean): number =>
  (supervised ? 2 : 1) * trainingFlops(sourcePlan(network.preset, network.size, network.task)) +
  (extra ? trainingFlops(encoderOf(network)) + 6 * forwardFlops(extra) : 0);

/** Work of a pair of pictures in ADDA: the source's encoder asked, the target's trained, both told apart. */
export function addaFlops(network: NetworkShape): number {
  const encoder = encoderOf(network);
  return (
    forwardFlops(encoder) + trainingFlops(encoder) + 9 * forwardFlops(discriminatorPlan(joinedCode(network)))
  );
}

/** What each term of the generators' loss weighs; the GAN's weighs 1. */
export interface TermWeights {
  cycle: number;
  semantic: number;
  identity: number;
}

/** The weights that options of CyCADA give. */
export const termWeights = (options: ResolvedOptions): TermWeights => ({
  cycle: options.number('cycle'),
  semantic: options.number('semantic'),
  identity: options.number('identity'),
});

/**
 * Work of a pair of pictures, one of each domain, in a training of CyCADA's translation: two generators and two critics;
 * each generator once more for the way back and for a picture that should stay as it is; the frozen network, asked about
 * both translations with a gradient to them. A term of weight 0 is not worked out.
 */
export function translationFlops(network: NetworkShape, weights: TermWeights): number {
  const { preset, size, task } = network;
  const critic = criticPlan('knows-target', size);
  const passes = 2 + (weights.cycle > 0 ? 2 : 0) + (weights.identity > 0 ? 2 : 0);
  return (
    passes * trainingFlops(generatorPlan('to-target', size)) +
    2 * (2 * trainingFlops(critic) + 2 * forwardFlops(critic)) +
    (weights.semantic > 0 ? 4 * forwardFlops(sourcePlan(preset, size, task)) : 0)
  );
}
