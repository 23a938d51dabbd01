import { FURTHER_VIEWS, recipeFlops } from '@/lib/science/catalog/costs';
import {
  methodById,
  methodVersion,
  readsLabels,
  recipeOptions,
  trainingOf,
} from '@/lib/science/catalog/methods';
import { joinedOrders } from '@/lib/science/catalog/orders';
import { defaultTraining } from '@/lib/science/catalog/presets';
import { hasProbe } from '@/lib/science/catalog/tasks';
import { trainingAtSize } from '@/lib/science/catalog/transfer-sizes';
import {
  type DatasetSpec,
  hasTwoDomains,
  needsViews,
  type PretrainRecipe,
  picturesOf,
  type Recipe,
  type RunKind,
  type SourceRecipe,
  TaskatlasError,
  type TaskDeclaration,
  type TaskId,
  type TrainingOptions,
  type TransferRecipe,
} from '@/lib/science/core';
import { mainSizeOf, methodsOf, type SweepMethod, type SweepSpec, transferSizesOf } from '../contracts';
import type { NewSweep, PlannedRun } from '../ports';
import { checkTasks } from './check';
import { countKinds } from './counts';
import { type ExternalEncoders, externalTasks } from './external';
import { fingerprintOf } from './fingerprint';
import { layerOf, ORDER, TOURNAMENT_STRIDE } from './layers';
import { checkMethods } from './method-fit';
import { orderMethods, planMethods, servable, type TransferWish } from './plan-methods';
import { taughtSources } from './taught';

/** Everything that a sweep will do, worked out before anything is stored. */
export interface SweepPlan extends Pick<NewSweep, 'tasks' | 'notes'> {
  runs: readonly PlannedRun[];
  sources: readonly TaskId[];
  targets: readonly TaskId[];
  counts: Readonly<Record<RunKind, number>>;
  /** Estimated work of all runs. */
  flops: number;
  /** What will be planned while the sweep runs (higher orders), when the sources it depends on are known. */
  growth: { runs: number; flops: number };
  dataset: DatasetSpec;
  /** What no run is planned for, since the method cannot serve it: `method → target at n images`. */
  skipped: readonly string[];
}

export interface PlanInput {
  /** The dictionary of the data set. */
  tasks: readonly TaskDeclaration[];
  dataset: DatasetSpec;
  /** The files behind the spec's external sources. */
  external?: ExternalEncoders;
}

/** Images of one shard of a data set: a second or two of rendering, so that all workers share it. */
const SHARD_IMAGES = 300;
const MAX_SHARDS = 64;

/** An untrained source has no optimiser; equal settings give equal fingerprints in every sweep. */
const UNTRAINED: TrainingOptions = { epochs: 0, batchSize: 1, learningRate: 0, weightDecay: 0 };

/** Targets that get a network of their own; of two domains none does: the source pool belongs to the other one. */
const goldOf = (spec: SweepSpec, dataset: DatasetSpec, targets: readonly TaskId[]): readonly TaskId[] =>
  spec.gold === false || hasTwoDomains(dataset) ? [] : targets;

class Planner {
  readonly runs = new Map<string, PlannedRun>();
  readonly skipped = new Set<string>();
  private readonly byId: ReadonlyMap<TaskId, TaskDeclaration>;
  private readonly pictureKinds: number;
  private readonly shards: readonly string[];
  /** Further views of the images, where a task of the sweep sees several pictures. */
  private readonly viewShards: readonly string[];
  /** Members before those that learn from them. */
  private readonly methods: readonly SweepMethod[];

  constructor(
    private readonly spec: SweepSpec,
    private readonly dataset: DatasetSpec,
    private readonly external: ExternalEncoders,
    tasks: readonly TaskDeclaration[],
    readonly sources: readonly TaskId[],
    readonly targets: readonly TaskId[],
  ) {
    this.byId = new Map(tasks.map((task) => [task.id, task]));
    this.pictureKinds = new Set(targets.flatMap((id) => picturesOf(this.task(id).input))).size;
    this.shards = this.planShards(false);
    const views = [...sources, ...targets].some((id) => needsViews(this.task(id).input));
    this.viewShards = views ? this.planShards(true) : [];
    this.methods = orderMethods(methodsOf(spec));
  }

  private readonly recipeOf = (run: string): Recipe | undefined => this.runs.get(run)?.recipe;

  task(id: TaskId): TaskDeclaration {
    const task = this.byId.get(id);
    if (!task) throw new TaskatlasError('internal', `Task "${id}" was not checked.`);
    return task;
  }

  add(
    recipe: Recipe,
    dependsOn: readonly string[],
    priority: number,
    place: { target?: TaskId; layer?: number } = {},
  ): string {
    const fingerprint = fingerprintOf(recipe);
    const known = this.runs.get(fingerprint);
    // A chained transfer serves a target beside being a source.
    if (known && known.target === null && place.target) this.runs.set(fingerprint, { ...known, ...place });
    if (!known) {
      this.runs.set(fingerprint, {
        fingerprint,
        recipe,
        dependsOn,
        priority,
        estimatedFlops: recipeFlops(recipe, (id) => this.task(id), this.pictureKinds, this.recipeOf),
        target: place.target ?? null,
        layer: place.layer ?? 0,
      });
    }
    return fingerprint;
  }

  private planShards(views: boolean): string[] {
    // Another domain is made of the same stored pictures when they are read.
    const { shift: _, ...dataset } = this.dataset;
    const { source, transfer, selection, test } = dataset.pools;
    const images = (views ? FURTHER_VIEWS : 1) * (source + transfer + selection + test);
    const shards =
      dataset.kind !== 'idx' ? Math.min(Math.max(Math.ceil(images / SHARD_IMAGES), 1), MAX_SHARDS) : 1;
    return Array.from({ length: shards }, (_, shard) =>
      this.add(
        {
          kind: 'dataset',
          dataset,
          version: dataset.version,
          shard,
          shards,
          ...(views ? { views: true as const } : {}),
        },
        [],
        ORDER.dataset + (views ? MAX_SHARDS : 0) + shard,
      ),
    );
  }

  /** What must be rendered before a task's pictures and labels can be read. */
  private imagesOf(...ids: readonly TaskId[]): readonly string[] {
    return ids.some((id) => needsViews(this.task(id).input))
      ? [...this.shards, ...this.viewShards]
      : this.shards;
  }

  private versions(...ids: TaskId[]): Record<TaskId, number> {
    return Object.fromEntries(ids.map((id) => [id, this.task(id).version]));
  }

  private training(role: 'source' | 'transfer' | 'scratch'): TrainingOptions {
    return this.spec.training[role] ?? defaultTraining(this.spec.preset, role);
  }

  planMeans(): void {
    this.targets.forEach((task, i) => {
      this.add(
        {
          kind: 'mean',
          dataset: this.dataset,
          version: methodVersion('mean'),
          taskVersions: this.versions(task),
          task,
        },
        this.imagesOf(task),
        ORDER.mean + i,
        { target: task },
      );
    });
  }

  /** Task-specific networks of one seed: the sources, and the gold of targets that are no sources. */
  planSources(seed: number, layer: number): Map<TaskId, string> {
    const gold = goldOf(this.spec, this.dataset, this.targets);
    const ids = [...new Set([...this.sources, ...gold])].filter((id) => !this.task(id).taught);
    return new Map(
      ids.map((task, i) => {
        const external = this.external.get(task);
        const recipe: SourceRecipe = {
          kind: 'source',
          dataset: this.dataset,
          version: methodVersion('source'),
          taskVersions: this.versions(task),
          task,
          preset: this.spec.preset,
          training: this.task(task).untrained ? UNTRAINED : this.training('source'),
          seed: external ? 0 : seed,
          ...(external ? { external } : {}),
        };
        const place = gold.includes(task) ? { target: task, layer } : { layer };
        // a source also encodes the pictures of every target
        const images = this.imagesOf(task, ...this.targets);
        return [task, this.add(recipe, images, layer * ORDER.layer + ORDER.source + i, place)];
      }),
    );
  }

  /** The part of a transfer's recipe that its method decides. */
  private transferOf({ method, sources, members }: TransferWish, images: number) {
    const role = methodById(method.method).training ?? 'transfer';
    const training = trainingOf(this.training(role), method.options);
    return {
      kind: 'transfer' as const,
      version: methodVersion(method.method),
      method: method.method,
      ...recipeOptions(method.method, method.options),
      sources,
      ...(members.length > 0 ? { members } : {}),
      // What learns from the source pool has as many images at every size.
      training: role === 'source' ? training : trainingAtSize(training, images, this.dataset.pools.transfer),
    };
  }

  /** The preliminary matrix, from the first seed's sources. */
  planProbes(trained: ReadonlyMap<TaskId, string>): void {
    const targets = this.targets.filter((id) => hasProbe(this.task(id)));
    if (targets.length === 0) return;
    this.sources.forEach((task, i) => {
      const fingerprint = trained.get(task) ?? '';
      this.add(
        {
          kind: 'probe',
          dataset: this.dataset,
          version: methodVersion('probe'),
          taskVersions: this.versions(...targets),
          targets,
          source: { task, fingerprint },
          images: mainSizeOf(this.spec),
        },
        [fingerprint],
        ORDER.probe + i,
      );
    });
  }

  /** Encoders that the sweep teaches, each from what comes before it; adds them to the trained ones. */
  planTaught(seed: number, layer: number, trained: Map<TaskId, string>): void {
    this.spec.pretrained?.forEach((entry, i) => {
      const { kind, training } = methodById(entry.method);
      const sources = entry.sources.map((task) => ({ task, fingerprint: trained.get(task) ?? '' }));
      const common = {
        dataset: this.dataset,
        version: methodVersion(entry.method),
        taskVersions: this.versions(...entry.tasks),
        method: entry.method,
        ...recipeOptions(entry.method, entry.options),
        sources,
        preset: this.spec.preset,
        training: trainingOf(this.training(training ?? 'source'), entry.options),
        seed,
      };
      const recipe: PretrainRecipe | TransferRecipe =
        kind === 'transfer'
          ? { ...common, kind, task: entry.tasks[0] ?? '', images: this.dataset.pools.transfer }
          : { ...common, kind: 'pretrain', tasks: entry.tasks };
      const parents = sources.length > 0 ? sources.map((source) => source.fingerprint) : this.shards;
      const priority = layer * ORDER.layer + ORDER.taught + i;
      trained.set(entry.id, this.add(recipe, parents, priority, { layer }));
    });
  }

  /**
   * One target's transfers of one seed at one size of the transfer set: scratch, then by every method from every source
   * (T→T among them). The smaller sizes come after all tournaments of their seed.
   */
  planTransfers(
    target: TaskId,
    position: number,
    size: { images: number; index: number; main: boolean },
    seeded: { seed: number; layer: number; trained: ReadonlyMap<TaskId, string> },
  ): void {
    const { dataset, spec } = this;
    const { seed, layer, trained } = seeded;
    const tournament = layer * ORDER.layer + ORDER.tournament + position * TOURNAMENT_STRIDE;
    const base = size.main ? tournament : tournament - ORDER.tournament + ORDER.sizes + size.index;
    const common = { dataset, taskVersions: this.versions(target), task: target, preset: spec.preset, seed };
    const { images } = size;
    const training = (role: 'scratch' | 'transfer'): TrainingOptions =>
      trainingAtSize(this.training(role), images, dataset.pools.transfer);
    const place = { target, layer: size.main ? layer : layerOf.size(size.index, layer) };
    // codes of further views that a source of an earlier sweep lacks are made when they are first read
    const further = needsViews(this.task(target).input) ? this.viewShards : [];
    this.add(
      {
        ...common,
        kind: 'scratch',
        version: methodVersion('scratch'),
        training: training('scratch'),
        images,
      },
      this.imagesOf(target),
      base,
      place,
    );
    let at = 0;
    const { pools } = dataset;
    const asked = {
      preset: spec.preset,
      size: dataset.size,
      task: this.task(target),
      images,
      pool: pools.transfer,
      shifted: hasTwoDomains(dataset),
    };
    const { methods, skipped } = servable(this.methods, target, asked);
    const foreign = [...this.external.keys()];
    const have = { target, images, sources: this.sources, foreign, trained };
    const lacking = planMethods(methods, have, (wish) => {
      const sized = readsLabels(wish.method);
      const of = sized ? images : pools.transfer;
      const recipe = { ...common, images: of, ...this.transferOf(wish, of) };
      const learned = [...wish.sources, ...wish.members].map((run) => run.fingerprint);
      const parents = learned.length > 0 ? [...learned, ...further] : this.imagesOf(target);
      at = Math.min(at + 1, TOURNAMENT_STRIDE - 1);
      // One run for all sizes belongs to the tournament, where it is waited for.
      return sized
        ? this.add(recipe, parents, base + at, place)
        : this.add(recipe, parents, tournament + at, { target, layer });
    });
    for (const words of [...skipped, ...lacking]) this.skipped.add(words);
  }

  /** What higher orders will add: their number is known before it is known which. */
  growth(): SweepPlan['growth'] {
    const orders = (target: TaskId) =>
      joinedOrders(this.sources.filter((source) => source !== target).length, this.spec.maxOrder ?? 1);
    let [runs, flops] = [0, 0];
    for (const { recipe } of this.runs.values()) {
      // One first-order run stands for all of its target and seed.
      if (recipe.kind !== 'scratch' || recipe.images !== mainSizeOf(this.spec)) continue;
      for (const order of orders(recipe.task)) {
        runs++;
        flops += this.joinedFlops(recipe, order);
      }
    }
    return { runs, flops };
  }

  private joinedFlops(scratch: Extract<Recipe, { kind: 'scratch' }>, order: number): number {
    const sources = Array.from({ length: order }, () => ({ task: scratch.task, fingerprint: '' }));
    const training = trainingAtSize(this.training('transfer'), scratch.images, this.dataset.pools.transfer);
    const recipe: Recipe = { ...scratch, kind: 'transfer', method: this.spec.method, sources, training };
    return recipeFlops(recipe, (id) => this.task(id));
  }
}

/**
 * Spec → runs with identity, dependencies, order and cost (DESIGN §5). Pure: the same spec gives the same plan.
 * Order of work: the data set, the mean predictors, sources with their probes as soon as they can be had, then one
 * tournament after the other, then smaller transfer sets, then the next seed. Higher orders are planned later, from
 * what the first order has measured (grow.ts).
 * @throws TaskatlasError `invalid-input` naming the fields: unknown tasks, wrong roles, nothing to do.
 */
export function planSweep(spec: SweepSpec, input: PlanInput): SweepPlan {
  const checked = checkTasks(spec, input.tasks);
  const encoders: ExternalEncoders = input.external ?? new Map();
  const foreign = externalTasks(spec, input.tasks, encoders);
  const fixed = [...checked.sources, ...foreign.map(({ id }) => id)];
  const known = [...checked.tasks, ...foreign];
  const own = goldOf(spec, input.dataset, checked.targets);
  const taught = taughtSources(spec, known, [...fixed, ...own]);
  const tasks = [...known, ...taught];
  const sources = [...fixed, ...taught.map(({ id }) => id)];
  const { targets } = checked;
  checkMethods(spec, input.dataset, sources);
  const planner = new Planner(spec, input.dataset, encoders, tasks, sources, targets);
  const sizes = transferSizesOf(spec);
  planner.planMeans();
  spec.seeds.forEach((seed, layer) => {
    const trained = planner.planSources(seed, layer);
    planner.planTaught(seed, layer, trained);
    if (layer === 0 && spec.probe) planner.planProbes(trained);
    sizes.forEach((images, index) => {
      const size = { images, index, main: index === sizes.length - 1 };
      targets.forEach((target, position) => {
        planner.planTransfers(target, position, size, { seed, layer, trained });
      });
    });
  });
  const runs = [...planner.runs.values()];
  return {
    runs,
    tasks,
    sources,
    targets,
    counts: countKinds(runs),
    flops: runs.reduce((sum, run) => sum + run.estimatedFlops, 0),
    growth: planner.growth(),
    skipped: [...planner.skipped],
    dataset: input.dataset,
  };
}
