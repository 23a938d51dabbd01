import type { Family, MethodDeclaration } from './method-declaration';
import { COMMON_OPTIONS, type ResolvedOptions } from './method-options';
import { TAUGHT_METHODS } from './methods-taught';
import { compilePattern } from './pattern';
import { readableLayers } from './presets-layers';

/** A pattern that no layer fits is a mistake: the run would be another one than its name says. */
const fitsNoLayer = (pattern: string, layers: readonly string[]): string | null =>
  pattern === '' || layers.some(compilePattern(pattern).test)
    ? null
    : `fits no layer of the encoder; it has ${layers.join(', ')}`;

/** Whether so many of the topmost layers, and those that a pattern fits, are all there are. */
function coversAll(pattern: string, depth: number, layers: readonly string[]): boolean {
  const rest = layers.slice(0, Math.max(0, layers.length - depth));
  return rest.length === 0 || (pattern !== '' && rest.every(compilePattern(pattern).test));
}

/** Partial fine-tuning by what it trains of the source: nothing, everything, or what lies between. */
function familyOfPartial(options: ResolvedOptions, layers: readonly string[]): Family {
  const [train, depth] = [options.text('train'), options.number('depth')];
  if (options.text('restore') !== '') return 'earlier';
  if (train === '' && depth === 0) return 'head';
  return coversAll(train, depth, layers) ? 'whole' : 'earlier';
}

/** Ways to serve a target by what others have learned. Training code is in lib/train/methods/transfer/<id>.ts. */
export const TRANSFER_METHODS: readonly MethodDeclaration[] = [
  {
    id: 'readout',
    kind: 'transfer',
    name: 'Readout transfer',
    summary: 'Frozen encoders, shallow readout of their codes, decoder from scratch.',
    source: 'Taskonomy, section 3.2',
    version: 2,
    training: 'transfer',
    needs: ['features'],
    options: COMMON_OPTIONS,
    family: () => 'head',
    joins: true,
    runs: () => ({ sources: 'each', members: null }),
  },
  {
    id: 'features',
    kind: 'transfer',
    name: 'Feature extraction',
    summary: 'Frozen encoder, one new affine layer on its code or on the activations of an earlier layer.',
    source: 'Yosinski et al. 2014; Razavian et al. 2014 (off-the-shelf features)',
    version: 2,
    training: 'transfer',
    needs: ['features'],
    options: {
      layer: {
        kind: 'pattern',
        default: 'code',
        doc: 'Name of the encoder layer whose output the head sees: `code` (the bottleneck), or an earlier one such as `conv1`.',
      },
      ...COMMON_OPTIONS,
    },
    misfits: (options, { preset, size }): Record<string, string> => {
      const layer = options.text('layer');
      const known = readableLayers(preset, size);
      return known.includes(layer)
        ? {}
        : { layer: `preset ${preset} has no encoder layer "${layer}" to read; it has ${known.join(', ')}` };
    },
    joins: true,
    family: (options) => (options.text('layer') === 'code' ? 'head' : 'earlier'),
    opens: (options) => options.text('layer') !== 'code',
    runs: () => ({ sources: 'each', members: null }),
  },
  {
    id: 'fine-tune',
    kind: 'transfer',
    name: 'Full fine-tuning',
    summary:
      'Encoder from the source, new readout and decoder, every layer trained, the encoder at a smaller rate.',
    source: 'Girshick et al. 2014; ULMFiT (Howard & Ruder 2018); L2-SP (Li, Grandvalet & Davoine 2018)',
    version: 2,
    training: 'scratch',
    needs: ['weights'],
    leavesEncoder: true,
    family: () => 'whole',
    opens: () => true,
    options: {
      'encoder-rate': {
        kind: 'number',
        default: 0.3,
        min: 0,
        max: 10,
        doc: 'Learning rate of the source’s layers, as a multiple of the new layers’.',
      },
      'layer-decay': {
        kind: 'number',
        default: 1,
        min: 0.01,
        max: 1,
        doc: 'Discriminative rates: each encoder layer’s rate is this multiple of that of the layer above it (ULMFiT: 1/2.6).',
      },
      unfreeze: {
        kind: 'number',
        default: 0,
        min: 0,
        max: 1,
        doc: 'Gradual unfreezing: share of the training over which the encoder’s layers are freed one by one, topmost first; 0 = all from the start.',
      },
      'l2-sp': {
        kind: 'number',
        default: 0,
        min: 0,
        max: 100,
        doc: 'α of the penalty α/2·‖w − w⁰‖² that ties the source’s layers to their starting point.',
      },
      ...COMMON_OPTIONS,
    },
    runs: () => ({ sources: 'each', members: null }),
  },
  {
    id: 'partial',
    kind: 'transfer',
    name: 'Partial fine-tuning',
    summary:
      'Some layers of the source’s encoder are restored, some of those trained, the others stay as they are.',
    source: 'Yosinski et al. 2014 (How transferable are features in deep neural networks?)',
    version: 3,
    training: 'scratch',
    needs: ['weights'],
    leavesEncoder: true,
    family: familyOfPartial,
    opens: () => true,
    options: {
      train: {
        kind: 'pattern',
        default: '',
        doc: 'Layers of the source that are trained, by name, such as `encoder/(conv3|code)`.',
      },
      depth: {
        kind: 'number',
        default: 1,
        min: 0,
        max: 1000,
        integer: true,
        doc: 'So many topmost layers of the source’s encoder are trained too.',
      },
      restore: {
        kind: 'pattern',
        default: '',
        doc: 'Layers taken from the source, by name; empty = the whole encoder. The others start random and are trained.',
      },
      freeze: {
        kind: 'choice',
        default: 'optimiser',
        choices: ['optimiser', 'stop-gradient'],
        doc: 'How layers are kept: left out of the optimiser, or below a stopped gradient.',
      },
      cache: {
        kind: 'flag',
        default: true,
        doc: 'Compute the frozen layers below the first trained one once instead of in every step (not inside an encoder of several pictures).',
      },
      ...COMMON_OPTIONS,
    },
    misfits: (options, { layers }) =>
      Object.fromEntries(
        ['train', 'restore'].flatMap((name) => {
          const wrong = fitsNoLayer(options.text(name), layers);
          return wrong === null ? [] : [[name, wrong]];
        }),
      ),
    runs: () => ({ sources: 'each', members: null }),
  },
  ...TAUGHT_METHODS,
];
