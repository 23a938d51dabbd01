import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { optionsOf } from '@/lib/science/catalog/methods';
import { defaultTraining } from '@/lib/science/catalog/presets';
import { inputBlock } from '@/lib/science/catalog/presets-layers';
import { createRng, type MethodOptions, type PresetName, type TransferRecipe } from '@/lib/science/core';
import { type Engine, memoryCount, openEngine } from '../../engine';
import { initialWeights, type ParameterStore, spaceToDepth, type Weights } from '../../networks';
import { type StagedLoss, stagedLoss } from '../staged-loss';
import { createTestContext } from '../testing/context';
import { otherDomain } from '../testing/other-domain';
import { createShapesDataset } from '../testing/shapes-dataset';
import type { MethodContext } from '../types';
import { type Adaptation, prepareAdaptation } from './adaptation';
import {
  answersOf,
  criticLoss,
  type Game,
  gameOf,
  generatorLoss,
  learnTranslation,
  type Players,
  playersOf,
  translationNetworks,
  translationProblem,
} from './translation';
import { createTranslator, relayout, translationWeights } from './translators';

const SIZE = 16;
let engine: Engine;
const dataset = otherDomain(
  createShapesDataset({ source: 12, transfer: 10, selection: 4, test: 4 }),
  (x) => -x,
);
const recipe = (task: string, preset: PresetName = 'micro'): TransferRecipe => ({
  dataset: dataset.spec,
  version: 1,
  kind: 'transfer',
  method: 'cycada',
  task,
  sources: [],
  preset,
  training: defaultTraining('micro', 'source'),
  images: 10,
  seed: 1,
});

beforeAll(async () => {
  engine = await openEngine({ backend: 'wasm' });
});

const WEIGHTS = { cycle: 10, semantic: 1, identity: 0.5 };

/** Networks of a translation; `moved`: the generators no longer the identity. */
async function networks(task = 'kind', moved = true, preset: PresetName = 'micro') {
  const context = createTestContext(engine, dataset, 'run') as unknown as MethodContext;
  const a = await prepareAdaptation(recipe(task, preset), context);
  const start = initialWeights([...a.encoder, ...a.head], createRng('start'));
  const parameters = translationNetworks(a, start);
  if (moved) {
    const rng = createRng('moved');
    const change = parameters
      .matching(/^to-\w+\/output\//)
      .map(
        (name) =>
          [name, Float32Array.from({ length: parameters.get(name).size }, () => 0.1 * rng.normal())] as const,
      );
    parameters.restore(new Map(change));
  }
  return { a, parameters, players: playersOf(a, parameters), start };
}

const indices = Int32Array.of(0, 1, 2, 3);

/** A batch of four pictures of each domain, translated. */
function game({ a, players }: { a: Adaptation; players: Players }): Game {
  const layout = (pool: 'source' | 'transfer') =>
    relayout(a.tf, a.feed(pool).gather(indices), SIZE, inputBlock(a.recipe.preset, SIZE), 1);
  return gameOf(players, layout('source'), layout('transfer'));
}

const numberOf = (make: () => Tensor): number => {
  const tensor = engine.tf.tidy(make);
  const [value = Number.NaN] = tensor.dataSync() as Float32Array;
  tensor.dispose();
  return value;
};

/** Gradients of a loss by every trained weight, and the loss. */
function gradientsOf(parameters: ParameterStore, loss: () => Scalar): Map<string, Float32Array> {
  const names = parameters.matching(/^(to|knows)-/);
  const { value, grads } = engine.tf.variableGrads(
    loss,
    names.map((name) => parameters.get(name)),
  );
  value.dispose();
  const found = new Map(
    names.map((name) => [
      name,
      (grads[parameters.get(name).name] as Tensor).dataSync().slice() as Float32Array,
    ]),
  );
  engine.tf.dispose(grads);
  return found;
}

let tensors = 0;
describe('translation', () => {
  beforeAll(() => {
    tensors = memoryCount(engine.tf).tensors;
  });
  afterEach(() => expect(memoryCount(engine.tf).tensors).toBe(tensors));

  it('begins as the identity, with nothing lost on the way there and back', async () => {
    const translator = createTranslator(engine.tf, SIZE, translationWeights(SIZE, createRng(1)));
    const pictures = dataset.inputs('source', 'rgb', [0, 1, 2]);
    for (const direction of ['to-target', 'to-source'] as const)
      expect(translator.pictures(direction, pictures)).toEqual(pictures);
    translator.dispose();
    const still = await networks('kind', false);
    const cycle = (weight: number) =>
      numberOf(() =>
        generatorLoss(still.players, game(still), { cycle: weight, semantic: 0, identity: weight }, () =>
          engine.tf.scalar(0),
        ),
      );
    expect(cycle(10)).toBe(cycle(0));
    // On its sharp lowest point |x| pulls nowhere.
    const slopes = (weight: number) =>
      gradientsOf(still.parameters, () =>
        generatorLoss(still.players, game(still), { cycle: weight, semantic: 0, identity: weight }, () =>
          engine.tf.scalar(0),
        ),
      );
    const free = slopes(0);
    expect(free.get('to-target/output/bias')?.every((x) => x !== 0)).toBe(true);
    expect(slopes(10)).toEqual(free);
    still.parameters.dispose();
    const moved = await networks();
    const loss = (weights: typeof WEIGHTS) =>
      numberOf(() => generatorLoss(moved.players, game(moved), weights, () => engine.tf.scalar(0)));
    const none = { cycle: 0, semantic: 0, identity: 0 };
    expect(loss({ ...none, cycle: 1 })).toBeGreaterThan(loss(none) + 0.01);
    expect(loss({ ...none, identity: 1 })).toBeGreaterThan(loss(none) + 0.01);
    moved.parameters.dispose();
  });

  it('keeps its formula: least squares, both ways there and back, each term by its weight', async () => {
    const net = await networks();
    const { tf } = engine;
    const { players } = net;
    const values = (make: () => Tensor): Float32Array => {
      const tensor = tf.tidy(make);
      const numbers = tensor.dataSync().slice() as Float32Array;
      tensor.dispose();
      return numbers;
    };
    const mean = (list: Float32Array, f: (x: number) => number): number =>
      list.reduce((sum, x) => sum + f(x), 0) / list.length;
    const distance = (x: Float32Array, y: Float32Array): number =>
      x.reduce((sum, v, i) => sum + Math.abs(v - (y[i] as number)), 0) / x.length;
    const of = (pick: (g: Game) => Tensor) => values(() => pick(game(net)));
    const [source, target] = [of((g) => g.source), of((g) => g.target)];
    const round =
      distance(
        of((g) => players.translate('to-source', g.asTarget)),
        source,
      ) +
      distance(
        of((g) => players.translate('to-target', g.asSource)),
        target,
      );
    const same =
      distance(
        of((g) => players.translate('to-target', g.target)),
        target,
      ) +
      distance(
        of((g) => players.translate('to-source', g.source)),
        source,
      );
    const scores = {
      asTarget: of((g) => players.judge('knows-target', g.asTarget)),
      asSource: of((g) => players.judge('knows-source', g.asSource)),
      target: of((g) => players.judge('knows-target', g.target)),
      source: of((g) => players.judge('knows-source', g.source)),
    };
    const fooled = mean(scores.asTarget, (d) => (d - 1) ** 2) + mean(scores.asSource, (d) => (d - 1) ** 2);
    const expected = fooled + 10 * round + 2 * 1 * 0.25 + 0.5 * same;
    expect(numberOf(() => generatorLoss(players, game(net), WEIGHTS, () => tf.scalar(0.25)))).toBeCloseTo(
      expected,
      4,
    );
    const told = [
      mean(scores.target, (d) => (d - 1) ** 2),
      mean(scores.asTarget, (d) => d ** 2),
      mean(scores.source, (d) => (d - 1) ** 2),
      mean(scores.asSource, (d) => d ** 2),
    ];
    const half = told.reduce((sum, x) => sum + x, 0) / 2;
    expect(numberOf(() => criticLoss(players, game(net)))).toBeCloseTo(half, 4);
    net.parameters.dispose();
  });

  it('moves each player by its own loss alone', async () => {
    const net = await networks();
    const still = (gradients: Map<string, Float32Array>, who: RegExp): boolean =>
      [...gradients].filter(([name]) => who.test(name)).every(([, g]) => g.every((x) => x === 0));
    const generators = gradientsOf(net.parameters, () =>
      generatorLoss(net.players, game(net), { ...WEIGHTS, semantic: 0 }, () => engine.tf.scalar(0)),
    );
    expect(still(generators, /^knows-/)).toBe(true);
    for (const who of [/^to-target\/conv1\/kernel/, /^to-source\/conv1\/kernel/])
      expect(still(generators, who)).toBe(false);
    const critics = gradientsOf(net.parameters, () => criticLoss(net.players, game(net)));
    expect(still(critics, /^to-/)).toBe(true);
    for (const who of [/^knows-target\/conv1\/kernel/, /^knows-source\/conv1\/kernel/])
      expect(still(critics, who)).toBe(false);
    net.parameters.dispose();
  });

  it.each([
    ['together', 'kind', WEIGHTS],
    ['semantic alone, rows that weigh differently', 'segments', { cycle: 0, semantic: 5, identity: 0 }],
  ])('sends the generators down their whole loss as finite differences say: %s', async (_, task, weights) => {
    const net = await networks(task);
    const { tf } = engine;
    const answers = await answersOf(net.a, net.parameters);
    const semantic = stagedLoss(answers.spec, answers.labels) as StagedLoss;
    const { inputs } = translationProblem(net.a, net.parameters, weights, answers);
    const loss = (): Scalar => {
      const [source, target, ...said] = inputs(indices, 0) as [Tensor, Tensor, ...Tensor[]];
      return generatorLoss(net.players, gameOf(net.players, source, target), weights, (outputs) =>
        semantic.loss(tf, outputs, said),
      );
    };
    const gradients = gradientsOf(net.parameters, loss);
    for (const name of ['to-target/output/bias', 'to-source/output/kernel', 'to-target/conv1/kernel']) {
      const own = net.parameters.snapshot([name]).get(name) as Float32Array;
      const slopes = gradients.get(name) as Float32Array;
      // Along the gradient itself, where a difference is largest against rounding.
      const length = Math.hypot(...slopes);
      const at = (by: number): number => {
        net.parameters.restore(
          new Map([[name, own.map((x, i) => x + (by * (slopes[i] as number)) / length)]]),
        );
        return numberOf(loss);
      };
      const difference = (at(2e-3) - at(-2e-3)) / 4e-3;
      net.parameters.restore(new Map([[name, own]]));
      expect(difference / length).toBeCloseTo(1, 1);
    }
    net.parameters.dispose();
  });

  it.each(['kind', 'segments', 'hue', 'height', 'place', 'islands', 'move'])(
    'asks the frozen network what to keep: %s',
    async (task) => {
      const net = await networks(task, false);
      const answers = await answersOf(net.a, net.parameters);
      expect(answers.labels.examples).toBe(22);
      const lossAt = (parameters: ParameterStore): number => {
        const staged = translationProblem(net.a, parameters, { ...WEIGHTS, cycle: 0, identity: 0 }, answers);
        const without = translationProblem(
          net.a,
          parameters,
          { cycle: 0, semantic: 0, identity: 0 },
          answers,
        );
        const of = ({ inputs, loss }: typeof staged): number => numberOf(() => loss(inputs(indices, 0)));
        return of(staged) - of(without);
      };
      const kept = lossAt(net.parameters);
      const other = await networks(task, true);
      other.parameters.restore(net.start as Weights);
      // Pictures as they are give the answers themselves: the least that there can be, 0 but for likeliest classes.
      if (!answers.labels.ids) expect(kept).toBeCloseTo(0, 4);
      expect(lossAt(other.parameters)).toBeGreaterThan(kept);
      net.parameters.dispose();
      other.parameters.dispose();
    },
  );

  it('asks the frozen network nothing where the semantic term weighs nothing', async () => {
    const net = await networks('kind', false);
    const gathered = async (options: MethodOptions): Promise<number> => {
      let pictures = 0;
      const feed: Adaptation['feed'] = (pool) => ({
        gather: (asked) => {
          pictures += asked.length;
          return net.a.feed(pool).gather(asked);
        },
      });
      const wanted = optionsOf('cycada', { ...options, 'translation-epochs': 1 });
      await learnTranslation({ ...net.a, feed }, net.a.context, net.start, wanted);
      return pictures;
    };
    const without = await gathered({});
    expect(await gathered({ semantic: 1 })).toBe(without + 12 + 10);
    const none = { ...WEIGHTS, semantic: 0 };
    const { inputs, loss } = translationProblem(net.a, net.parameters, none, null);
    const made = (): Tensor[] => inputs(indices, 0);
    expect(engine.tf.tidy(() => made().length)).toBe(2);
    expect(numberOf(() => loss(made()))).toBeGreaterThan(0);
    net.parameters.dispose();
  });

  it.each([1, 2, 4, 16])('moves pixels between layouts of squares of %i as the data layout does', (block) => {
    const pictures = dataset.inputs('source', 'rgb', [0, 1]);
    const { tf } = engine;
    const packed = (to: number): Tensor =>
      tf.tensor(spaceToDepth(pictures, SIZE, 3, to), [2, SIZE / to, SIZE / to, 3 * to * to]);
    for (const to of [1, 2, 4]) {
      const same = numberOf(() =>
        tf.max(tf.abs(tf.sub(relayout(tf, packed(block), SIZE, block, to), packed(to)))),
      );
      expect(same).toBe(0);
    }
  });
});
