import { optionsOf } from '@/lib/science/catalog/methods';
import { compilePattern } from '@/lib/science/catalog/pattern';
import { type LayerPlan, planLayers, scratchPlan } from '@/lib/science/catalog/presets-layers';
import { levelOf } from '@/lib/science/catalog/stitched';
import { TaskatlasError } from '@/lib/science/core';
import { rowsTensor } from '../../engine';
import { createParameters, forward, valuesOf, type Weights } from '../../networks';
import { imagesOf, spacingOf, taskOf } from '../evaluate';
import { FEATURE_POOLS } from '../features';
import { createPause, type Pause } from '../pause';
import { networkChunks } from '../pools';
import { imageFeeds } from '../source';
import type { Feed } from '../trained';
import type { MethodContext } from '../types';
import { startingEncoder } from './fine-tune';
import { networkMethod } from './transfer-method';

/**
 * The same network with every layer of its single streams a block of its own, so that it can be cut anywhere. Pictures
 * of an example are joined after the last of what was one block.
 */
const inLayers = (plan: LayerPlan): LayerPlan =>
  plan.flatMap((block) => {
    const [only] = block.streams;
    return block.streams.length === 1 && only
      ? only.map((layer, i) => ({
          ...block,
          streams: [[layer]],
          joinsViews: block.joinsViews === true && i === only.length - 1,
        }))
      : [block];
  });

/** Which layers are trained: new ones and those not restored always; of the source's those that the options name. */
function trainedLayers(
  plan: LayerPlan,
  restored: ReadonlySet<string>,
  { pattern, depth }: { pattern: string; depth: number },
): Set<string> {
  const levels = [...new Set([...restored].map(levelOf))];
  const top = new Set(depth > 0 ? levels.slice(-depth) : []);
  const chosen = pattern === '' ? null : compilePattern(pattern);
  return new Set(
    planLayers(plan)
      .map((layer) => layer.name)
      .filter((name) => !restored.has(name) || top.has(levelOf(name)) || (chosen?.test(name) ?? false)),
  );
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Outputs of the frozen first layers on all pools, computed once in single precision: training sees the same numbers. */
async function cachedBelow(
  context: MethodContext,
  below: LayerPlan,
  weights: Weights,
  feed: (pool: (typeof FEATURE_POOLS)[number]) => Feed,
  pause: Pause,
): Promise<(pool: string) => Feed> {
  const { tf } = context.engine;
  const parameters = createParameters(tf, below, weights);
  const made = new Map<string, Feed>();
  try {
    for (const pool of FEATURE_POOLS) {
      const count = context.dataset.count(pool);
      let shape: number[] = [];
      let values = new Float32Array(0);
      for (const part of networkChunks(context, count)) {
        const outputs = valuesOf(tf, () => {
          const out = forward(tf, below, parameters.get, feed(pool).gather(part));
          shape = out.shape.slice(1);
          return out;
        });
        const size = outputs.length / part.length;
        if (values.length === 0) values = new Float32Array(count * size);
        values.set(outputs, (part[0] as number) * size);
        await pause();
      }
      const size = values.length / count;
      made.set(pool, {
        gather: (indices) => rowsTensor(tf, values, size, indices, [indices.length, ...shape]),
      });
    }
  } finally {
    parameters.dispose();
  }
  return (pool) => {
    const found = made.get(pool);
    if (!found) throw new TaskatlasError('internal', `The ${pool} pool was not cached.`);
    return found;
  };
}

/**
 * Partial fine-tuning (Yosinski et al. 2014): some layers of the source's encoder are restored (`restore`), some of
 * those are trained (`train` by name, or the topmost `depth`), the others stay bit for bit: left out of the optimiser,
 * or below a stopped gradient. Frozen layers below the first trained one are computed once and cached, unless they end
 * where the pictures of an example are not joined yet: the cache holds examples.
 */
export const partial = networkMethod('partial', async (recipe, context) => {
  const options = optionsOf(recipe.method, recipe.options);
  const task = taskOf(context, recipe.task);
  const { from, adapter, columns, encoder } = await startingEncoder(context, recipe);
  const plan = inLayers(scratchPlan(recipe.preset, context.dataset.size, task, columns));
  const layerOf = (name: string): string => name.slice(0, name.lastIndexOf('/'));
  // Whole layers: a pattern is held against their names, as `train` is. The empty one fits all.
  const wanted = compilePattern(options.text('restore'));
  const taken: Weights = new Map([...encoder].filter(([name]) => wanted.test(layerOf(name))));
  const restored = new Set([...taken.keys()].map(layerOf));
  const trained = trainedLayers(plan, restored, {
    pattern: options.text('train'),
    depth: options.number('depth'),
  });
  const frozen = [...restored].filter((name) => !trained.has(name));
  const cut = plan.findIndex((block) => planLayers([block]).some((layer) => trained.has(layer.name)));
  const feed = await imageFeeds(context, recipe, FEATURE_POOLS, adapter);
  const common = {
    task,
    preset: recipe.preset,
    pool: 'transfer' as const,
    images: imagesOf(context, 'transfer', recipe.images),
    training: recipe.training,
    spacing: spacingOf(context, recipe),
    seed: recipe.seed,
    purpose: `partial ${from.task} > ${task.id}`,
    restored: taken,
    adapter,
    columns,
    ...(frozen.length > 0 ? { frozen: new RegExp(`^(${frozen.map(escaped).join('|')})/`) } : {}),
  };
  const joined = plan[cut]?.views === undefined;
  if (cut > 0 && joined && options.flag('cache')) {
    const below = plan.slice(0, cut);
    const pause = createPause(context.signal);
    const cached = await cachedBelow(context, below, taken, feed, pause);
    return { ...common, plan: plan.slice(cut), feed: cached, kept: taken };
  }
  if (options.text('freeze') === 'optimiser') return { ...common, plan, feed };
  // With a stopped gradient nothing below it has a slope; frozen layers above it are still left out by name.
  return { ...common, plan, feed, detached: Math.max(0, cut) };
});
