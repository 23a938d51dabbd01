import { methodById, optionsOf, type ResolvedMethodOptions } from '@/lib/science/catalog/methods';
import { type PoolName, type RunTable, TaskatlasError, type TransferRecipe } from '@/lib/science/core';
import {
  type Criterion,
  growTree,
  leafOf,
  leafProbabilities,
  prune,
  type TreeNode,
  treeLines,
} from '@/lib/science/learning';
import type { PackedLabels, Weights } from '../../networks';
import { imagesOf, taskOf } from '../evaluate';
import { FEATURE_POOLS, type FeaturePool } from '../features';
import { imageLosses, type LossSpec } from '../losses';
import { createPause } from '../pause';
import { poolLabels } from '../pools';
import { combineOutputs, softmaxRows } from '../soft';
import type { MethodContext, Predictor, TransferMethod } from '../types';
import { answer, memberOutputs, teachableLoss } from './answers';
import { storeTransfer } from './transfer-method';
import { type Sight, sightOf } from './tree-sight';

/** A label as a distribution: its class, or the soft label itself. */
function ownLabel(labels: PackedLabels, image: number, c: number): number {
  if (labels.values) return labels.values[image * labels.channels + c] as number;
  return labels.ids?.[image] === c ? 1 : 0;
}

/**
 * What the tree learns from: rows of features, and (1 − w)·label + w·teacher for the first `labelled` images, the
 * teacher alone for the rest where `unlabelled` says so. Without a teacher only labelled images count.
 */
export function taughtLabels(
  labels: PackedLabels,
  teacher: Float32Array | null,
  { labelled, weight, unlabelled }: { labelled: number; weight: number; unlabelled: boolean },
): { images: number[]; values: Float32Array } {
  const { channels } = labels;
  const images: number[] = [];
  const values: number[] = [];
  const most = teacher && unlabelled ? labels.examples : labelled;
  for (let image = 0; image < most; image++) {
    const known = image < labelled && labels.valid[image] === 1;
    const share = known ? (teacher ? weight : 0) : 1;
    if (!known && (!teacher || image < labelled)) continue;
    images.push(image);
    for (let c = 0; c < channels; c++) {
      const own = known ? ownLabel(labels, image, c) : 0;
      values.push((1 - share) * own + share * (teacher?.[image * channels + c] ?? 0));
    }
  }
  return { images, values: Float32Array.from(values) };
}

/** ln of the class probabilities of every row, after at most `depth` questions. */
function ask(tree: TreeNode, rows: Float32Array, width: number, indices: ArrayLike<number>): Float32Array {
  const classes = tree.mass.length;
  const out = new Float32Array(indices.length * classes);
  for (let i = 0; i < indices.length; i++) {
    const p = leafProbabilities(leafOf(tree, rows, (indices[i] as number) * width));
    for (let c = 0; c < classes; c++) out[i * classes + c] = Math.log(p[c] as number);
  }
  return out;
}

const everyIndex = (count: number): Int32Array => Int32Array.from({ length: count }, (_, i) => i);

/** The tree cut off at the depth whose answers lose least on the selection pool; the shallowest of equals. */
function selectDepth(
  tree: TreeNode,
  sight: Sight,
  spec: LossSpec,
  selection: PackedLabels,
  most: number,
): TreeNode {
  const indices = everyIndex(selection.examples);
  const trees = Array.from({ length: most + 1 }, (_, depth) => prune(tree, depth));
  const losses = trees.map((candidate) => {
    const outputs = ask(candidate, sight.rows.selection, sight.width, indices);
    const each = imageLosses(spec, outputs, selection, indices).filter(Number.isFinite);
    return each.reduce((sum, loss) => sum + loss, 0) / each.length;
  });
  const best = losses.reduce((at, loss, depth) => (loss < (losses[at] as number) ? depth : at), 0);
  return trees[best] as TreeNode;
}

/** The mean of the teachers' probabilities on the transfer pool; null where it learns from labels alone. */
async function teacherOf(
  recipe: TransferRecipe,
  context: MethodContext,
  options: ResolvedMethodOptions,
  spec: LossSpec,
  channels: number,
): Promise<Float32Array | null> {
  if (methodById(recipe.method).runs?.(options).members === null) return null;
  const outputs = await memberOutputs(context, recipe.members ?? [], recipe.task, 'transfer');
  return softmaxRows(combineOutputs(spec, channels, outputs), channels, options.number('temperature'));
}

/** Nodes in the order of `treeLines`, as arrays that the container stores. */
function packTree(tree: TreeNode): Weights {
  const nodes: TreeNode[] = [];
  const visit = (node: TreeNode): void => {
    nodes.push(node);
    if (node.split) {
      visit(node.split.yes);
      visit(node.split.no);
    }
  };
  visit(tree);
  return new Map([
    ['tree/feature', Float32Array.from(nodes, (node) => node.split?.feature ?? -1)],
    ['tree/threshold', Float32Array.from(nodes, (node) => node.split?.threshold ?? 0)],
    ['tree/mass', Float32Array.from(nodes.flatMap((node) => [...node.mass]))],
  ]);
}

/** @throws TaskatlasError `data` when the arrays hold no tree */
function unpackTree(weights: Weights, classes: number): TreeNode {
  const [features, thresholds, masses] = ['feature', 'threshold', 'mass'].map((name) =>
    weights.get(`tree/${name}`),
  );
  let next = 0;
  const read = (): TreeNode => {
    const i = next++;
    const feature = features?.[i];
    const threshold = thresholds?.[i];
    if (feature === undefined || threshold === undefined || masses === undefined)
      throw new TaskatlasError('data', 'The stored tree ends in the middle of a branch.');
    const mass = Float64Array.from(masses.subarray(i * classes, (i + 1) * classes));
    return feature < 0
      ? { mass, split: null }
      : { mass, split: { feature, threshold, yes: read(), no: read() } };
  };
  return read();
}

async function predictor(
  recipe: TransferRecipe,
  context: MethodContext,
  weights: Weights,
): Promise<Predictor> {
  const sight = await sightOf(recipe, context, optionsOf(recipe.method, recipe.options));
  const { channels } = await poolLabels(
    context.dataset,
    'test',
    taskOf(context, recipe.task),
    recipe.preset,
    createPause(),
  );
  const tree = unpackTree(weights, channels);
  return {
    outputs: (pool, indices) => ask(tree, sight.rows[featurePool(pool)], sight.width, indices),
    dispose: () => undefined,
  };
}

function featurePool(pool: PoolName): FeaturePool {
  const found = FEATURE_POOLS.find((name) => name === pool);
  if (!found) throw new TaskatlasError('invalid-input', `A tree cannot be asked about the ${pool} pool.`);
  return found;
}

/** The tree for people: a line for each node, numbered, since two branches may ask the same. */
function treeTable(tree: TreeNode, sight: Sight): RunTable {
  const lines = treeLines(tree, sight.name);
  return {
    name: 'Tree',
    meaning:
      'A question, its yes branch, then its no branch. Images that came there (a soft label counts as parts of one), their likeliest class, its probability.',
    rows: lines.map((line, i) => `${i + 1}  ${line.text}`),
    columns: ['images', 'class', 'probability'],
    values: lines.map((line) => [line.mass, line.class, line.certainty]),
  };
}

/**
 * Born-Again Trees (Breiman & Shang 1996): one classification tree learns what an ensemble of finished transfers says of
 * labelled and unlabelled images, and can be read. The selection pool chooses its depth.
 */
export const bornAgainTree: TransferMethod = {
  id: 'born-again-tree',
  predictor,
  execute: async (recipe, context) => {
    const started = performance.now();
    const options = optionsOf(recipe.method, recipe.options);
    const task = taskOf(context, recipe.task);
    const { dataset } = context;
    const pause = createPause(context.signal);
    const spec = await teachableLoss(context, recipe);
    const labels = await poolLabels(dataset, 'transfer', task, recipe.preset, pause);
    const selection = await poolLabels(dataset, 'selection', task, recipe.preset, pause);
    const sight = await sightOf(recipe, context, options);
    const { images, values } = taughtLabels(
      labels,
      await teacherOf(recipe, context, options, spec, labels.channels),
      {
        labelled: imagesOf(context, 'transfer', recipe.images),
        weight: options.number('weight'),
        unlabelled: options.flag('unlabelled'),
      },
    );
    const { width } = sight;
    const rows = new Float32Array(images.length * width);
    images.forEach((image, i) => {
      rows.set(sight.rows.transfer.subarray(image * width, (image + 1) * width), i * width);
    });
    const depth = options.number('depth');
    const whole = growTree(rows, values, {
      classes: labels.channels,
      depth,
      minLeaf: options.number('min-leaf'),
      criterion: options.text('criterion') as Criterion,
    });
    const tree = selectDepth(whole, sight, spec, selection, depth);
    const test = ask(tree, sight.rows.test, width, everyIndex(dataset.count('test')));
    const result = await answer(context, recipe, test, {
      curve: [],
      // Every level looks at each value of each feature once, and at every class for it.
      cost: {
        steps: 0,
        images: images.length,
        seconds: (performance.now() - started) / 1000,
        flops: depth * images.length * width * labels.channels * 8,
      },
      artifacts: await storeTransfer(context, recipe, packTree(tree)),
    });
    return { ...result, tables: [treeTable(tree, sight)] };
  },
};
