import type { PresetName } from '../core';
import { trainingFlops } from './flops';
import { planLayers } from './layers';
import type { MethodDeclaration } from './method-declaration';
import { COMMON_OPTIONS } from './method-options';
import { encoderPlan } from './presets-layers';
import { contrastivePlan } from './projection';

/** Five products of batch × visible × hidden units to a step of contrastive divergence, 2 operations each. */
const divergenceFlops = (preset: PresetName, size: number): number =>
  planLayers(encoderPlan(preset, size)).reduce(
    (sum, layer) => sum + (layer.kind === 'conv' ? 10 * layer.inChannels * layer.outChannels : 0),
    0,
  );

/** Ways to teach an encoder without labels. Training code is in lib/train/methods/pretrain/<id>.ts. */
export const UNSUPERVISED_METHODS: readonly MethodDeclaration[] = [
  {
    id: 'contrastive',
    kind: 'pretrain',
    name: 'Contrastive encoder',
    summary: 'Two views of one picture get like codes, views of different pictures unlike ones; no labels.',
    source: 'SimCLR: Chen, Kornblith, Norouzi & Hinton 2020',
    version: 2,
    training: 'source',
    needs: [],
    unlabelled: true,
    // Two views of each picture.
    exampleFlops: (preset, size) => 2 * trainingFlops(contrastivePlan(preset, size)),
    options: {
      temperature: {
        kind: 'number',
        default: 0.5,
        min: 0.01,
        max: 10,
        doc: 'τ of the loss: smaller looks harder at the nearest rivals.',
      },
      batch: {
        kind: 'number',
        default: 64,
        min: 2,
        max: 4096,
        integer: true,
        doc: 'Pictures of a batch; each view is told apart from the 2N − 2 views of the others.',
      },
      crop: {
        kind: 'number',
        default: 0.4,
        min: 0.05,
        max: 1,
        doc: 'Smallest share of the picture that a view shows.',
      },
      jitter: {
        kind: 'number',
        default: 0.4,
        min: 0,
        max: 1,
        doc: 'Strength of brightness, contrast and saturation changes.',
      },
      grey: { kind: 'number', default: 0.2, min: 0, max: 1, doc: 'Share of views without colour.' },
      flip: { kind: 'flag', default: true, doc: 'Mirror half of the views; not for digits or text.' },
      ...COMMON_OPTIONS,
    },
  },
  {
    id: 'deep-belief',
    kind: 'pretrain',
    name: 'Deep belief net',
    summary: 'A stack of restricted Boltzmann machines, trained layer by layer without labels (preset mlp).',
    source: 'Hinton, Osindero & Teh 2006; CD-1: Hinton 2002',
    version: 2,
    training: 'source',
    needs: [],
    unlabelled: true,
    presets: () => ['mlp'],
    exampleFlops: divergenceFlops,
    options: {
      rate: {
        kind: 'number',
        default: 0.1,
        min: 0,
        max: 10,
        doc: 'Learning rate of contrastive divergence, the same for all of the training.',
      },
      momentum: { kind: 'number', default: 0.5, min: 0, max: 0.99, doc: 'Of the steps.' },
      epochs: {
        ...COMMON_OPTIONS.epochs,
        doc: 'Passes of each layer; 0 = what the sweep and its preset say.',
      },
    },
  },
];
