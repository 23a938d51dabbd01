import { TaskatlasError } from '../core';
import type { Layer, LayerPlan } from './layers';

/** α of a column's own activations at the start; the other columns share the rest (Misra et al. 2016, section 5). */
export const OWN_SHARE = 0.9;

const STITCH = '-stitch';
const stitchOf = (column: number, layer: string): string =>
  `encoder/column${column}/${layer.slice('encoder/'.length)}${STITCH}`;

/** The encoder's layer that a column's layer or stitch belongs to: `encoder/column2/conv1-stitch` → `encoder/conv1`. */
export const levelOf = (layer: string): string =>
  layer.replace(/^encoder\/column\d+\//, 'encoder/').replace(new RegExp(`${STITCH}$`), '');

/**
 * Columns (copies) of an encoder side by side, joined after every layer by cross-stitch units (Misra et al. 2016,
 * eq. 1): column i goes on with Σⱼ αᵢⱼ ⊙ xⱼ, one α for each channel. Input as the encoder's; output what `column` (from
 * 1) is given of the last layer, in the shape of the encoder's own code.
 * @param plan one stream of convolutions
 * @throws TaskatlasError `invalid-input` if it is something else (residual blocks)
 */
export function stitched(plan: LayerPlan, columns: number, column: number): LayerPlan {
  const [block, ...more] = plan;
  const [layers = [], ...others] = block?.streams ?? [];
  const convs = layers.flatMap((layer) => (layer.kind === 'conv' ? [layer] : []));
  const last = convs.at(-1);
  if (!last || convs.length < layers.length || more.length + others.length > 0) {
    throw new TaskatlasError(
      'invalid-input',
      'Cross-stitch units join stacks of convolutions, and this preset’s encoder is none: choose tiny, small or mlp.',
    );
  }
  const stitch = (of: (typeof convs)[number], to: number): Layer => ({
    kind: 'stitch',
    name: stitchOf(to, of.name),
    columns,
    own: to,
    side: of.outSide,
    channels: of.outChannels,
  });
  const all = Array.from({ length: columns }, (_, i) => i + 1);
  const blocks = convs.map((conv, i) => {
    const below = convs[i - 1];
    return {
      streams: all.map((c): readonly Layer[] => [
        ...(below ? [stitch(below, c)] : []),
        { ...conv, name: conv.name.replace(/^encoder/, `encoder/column${c}`) },
      ]),
    };
  });
  return [...blocks, { streams: [[stitch(last, column)]] }];
}
