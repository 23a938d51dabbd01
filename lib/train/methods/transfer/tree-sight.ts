import type { ResolvedMethodOptions } from '@/lib/science/catalog/methods';
import { picturesOf, type TransferRecipe } from '@/lib/science/core';
import { taskOf } from '../evaluate';
import { FEATURE_POOLS, type FeaturePool, transferFeatures } from '../features';
import { createPause } from '../pause';
import { chunks } from '../pools';
import type { MethodContext } from '../types';

/** What questions can be about: one row of numbers for each image, and what each number is. */
export interface Sight {
  width: number;
  rows: Readonly<Record<FeaturePool, Float32Array>>;
  name(feature: number): string;
}

/**
 * Means over the cells of a grid: count × side × side × channels to count × grid × grid × channels. A grid finer than
 * the side is the side itself.
 */
export function averageCells(
  values: Float32Array,
  { side, channels }: { side: number; channels: number },
  grid: number,
): Float32Array {
  const cells = Math.min(grid, side);
  const count = values.length / (side * side * channels);
  const out = new Float32Array(count * cells * cells * channels);
  const edge = (cell: number): number => Math.floor((cell * side) / cells);
  for (let image = 0; image < count; image++) {
    for (let row = 0; row < cells; row++) {
      for (let column = 0; column < cells; column++) {
        const area = (edge(row + 1) - edge(row)) * (edge(column + 1) - edge(column));
        const to = ((image * cells + row) * cells + column) * channels;
        for (let y = edge(row); y < edge(row + 1); y++) {
          for (let x = edge(column); x < edge(column + 1); x++) {
            const from = ((image * side + y) * side + x) * channels;
            for (let c = 0; c < channels; c++)
              out[to + c] = (out[to + c] as number) + (values[from + c] as number) / area;
          }
        }
      }
    }
  }
  return out;
}

/** Luminance of RGB pixels (ITU-R BT.601). */
const luminance = (pixels: Float32Array): Float32Array =>
  Float32Array.from(
    { length: pixels.length / 3 },
    (_, i) =>
      0.299 * (pixels[3 * i] as number) +
      0.587 * (pixels[3 * i + 1] as number) +
      0.114 * (pixels[3 * i + 2] as number),
  );

const place = (cell: number, cells: number): string =>
  `row ${Math.floor(cell / cells) + 1} column ${(cell % cells) + 1}`;

async function brightness(recipe: TransferRecipe, context: MethodContext, grid: number): Promise<Sight> {
  const { dataset } = context;
  const [picture = 'rgb'] = picturesOf(taskOf(context, recipe.task).input);
  const pause = createPause(context.signal);
  const cells = Math.min(grid, dataset.size);
  const rows: Partial<Record<FeaturePool, Float32Array>> = {};
  for (const pool of FEATURE_POOLS) {
    const all = new Float32Array(dataset.count(pool) * cells * cells);
    for (const part of chunks(dataset.count(pool))) {
      const grey = luminance(dataset.inputs(pool, picture, part));
      const pooled = averageCells(grey, { side: dataset.size, channels: 1 }, cells);
      all.set(pooled, (part[0] as number) * cells * cells);
      await pause();
    }
    rows[pool] = all;
  }
  return {
    width: cells * cells,
    rows: rows as Sight['rows'],
    name: (feature) => `brightness at ${place(feature, cells)}`,
  };
}

async function codes(recipe: TransferRecipe, context: MethodContext, grid: number): Promise<Sight> {
  const fingerprints = recipe.sources.map((source) => source.fingerprint);
  const pause = createPause(context.signal);
  const found = await transferFeatures(context, fingerprints, taskOf(context, recipe.task).input, pause);
  const { side, channels } = found.transfer.shape;
  const cells = Math.min(grid, side);
  const each = channels / recipe.sources.length;
  return {
    width: cells * cells * channels,
    rows: Object.fromEntries(
      FEATURE_POOLS.map((pool) => [pool, averageCells(found[pool].values, found[pool].shape, cells)]),
    ) as Record<FeaturePool, Float32Array>,
    name: (feature) => {
      const [cell, channel] = [Math.floor(feature / channels), feature % channels];
      const source = recipe.sources[Math.floor(channel / each)]?.task ?? '';
      return `${source} code ${(channel % each) + 1} at ${place(cell, cells)}`;
    },
  };
}

/** What the tree of a recipe looks at. */
export const sightOf = (
  recipe: TransferRecipe,
  context: MethodContext,
  options: ResolvedMethodOptions,
): Promise<Sight> =>
  (options.text('see') === 'code' ? codes : brightness)(recipe, context, options.number('grid'));
