import { recipeFlops } from '@/lib/science/catalog/costs';
import { methodVersion } from '@/lib/science/catalog/methods';
import { defaultTraining } from '@/lib/science/catalog/presets';
import {
  type DatasetSpec,
  type InputKind,
  type Recipe,
  type RunKind,
  type SourceRecipe,
  TaskatlasError,
  type TaskDeclaration,
  type TaskId,
  type TrainingOptions,
} from '@/lib/science/core';
import type { SweepSpec } from '../contracts';
import type { PlannedRun } from '../ports';
import { checkTasks } from './check';
import { fingerprintOf } from './fingerprint';

/** Everything that a sweep will do, worked out before anything is stored. */
export interface SweepPlan {
  runs: readonly PlannedRun[];
  /** The sweep's own dictionary, in the order of its file. */
  tasks: readonly TaskDeclaration[];
  sources: readonly TaskId[];
  targets: readonly TaskId[];
  counts: Readonly<Record<RunKind, number>>;
  /** Estimated work of all runs. */
  flops: number;
}

export interface PlanInput {
  /** The dictionary of the data set. */
  tasks: readonly TaskDeclaration[];
  dataset: DatasetSpec;
}

/** Bases of the order of work within one layer of seeds; smaller is sooner. */
const ORDER = { dataset: 0, mean: 1_000, probe: 2_000, source: 3_000, tournament: 10_000, layer: 1_000_000 };
/** Places in one target's part of the order: its scratch run, then its transfers. */
const TOURNAMENT_STRIDE = 1_000;
/** Images of one shard of a data set: a second or two of rendering, so that all workers share it. */
const SHARD_IMAGES = 300;

/** An untrained source has no optimiser; equal settings give equal fingerprints in every sweep. */
const UNTRAINED: TrainingOptions = { epochs: 0, batchSize: 1, learningRate: 0, weightDecay: 0 };

class Planner {
  readonly runs = new Map<string, PlannedRun>();
  private readonly byId: ReadonlyMap<TaskId, TaskDeclaration>;
  private readonly inputKinds: number;
  private readonly shards: readonly string[];

  constructor(
    private readonly spec: SweepSpec,
    private readonly dataset: DatasetSpec,
    tasks: readonly TaskDeclaration[],
    readonly sources: readonly TaskId[],
    readonly targets: readonly TaskId[],
  ) {
    this.byId = new Map(tasks.map((task) => [task.id, task]));
    this.inputKinds = new Set(targets.map((id): InputKind => this.task(id).input)).size;
    this.shards = this.planShards();
  }

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
    if (!this.runs.has(fingerprint)) {
      this.runs.set(fingerprint, {
        fingerprint,
        recipe,
        dependsOn,
        priority,
        estimatedFlops: recipeFlops(recipe, (id) => this.task(id).head, this.inputKinds),
        target: place.target ?? null,
        layer: place.layer ?? 0,
      });
    }
    return fingerprint;
  }

  private planShards(): string[] {
    const { source, transfer, selection, test } = this.dataset.pools;
    const images = source + transfer + selection + test;
    const shards =
      this.dataset.kind === 'rooms' ? Math.min(Math.max(Math.ceil(images / SHARD_IMAGES), 1), 64) : 1;
    return Array.from({ length: shards }, (_, shard) =>
      this.add(
        { kind: 'dataset', dataset: this.dataset, version: this.dataset.version, shard, shards },
        [],
        ORDER.dataset + shard,
      ),
    );
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
        this.shards,
        ORDER.mean + i,
        { target: task },
      );
    });
  }

  /** Task-specific networks of one seed: the sources, and the gold of targets that are no sources. */
  planSources(seed: number, layer: number): Map<TaskId, string> {
    const ids = [...new Set([...this.sources, ...this.targets])];
    return new Map(
      ids.map((task, i) => {
        const recipe: SourceRecipe = {
          kind: 'source',
          dataset: this.dataset,
          version: methodVersion('source'),
          taskVersions: this.versions(task),
          task,
          preset: this.spec.preset,
          training: this.task(task).untrained ? UNTRAINED : this.training('source'),
          seed,
        };
        const place = this.targets.includes(task) ? { target: task, layer } : { layer };
        return [task, this.add(recipe, this.shards, layer * ORDER.layer + ORDER.source + i, place)];
      }),
    );
  }

  /** The preliminary matrix, from the first seed's sources. */
  planProbes(trained: ReadonlyMap<TaskId, string>): void {
    this.sources.forEach((task, i) => {
      const fingerprint = trained.get(task) ?? '';
      this.add(
        {
          kind: 'probe',
          dataset: this.dataset,
          version: methodVersion('probe'),
          taskVersions: this.versions(...this.targets),
          targets: this.targets,
          source: { task, fingerprint },
          images: this.dataset.pools.transfer,
        },
        [fingerprint],
        ORDER.probe + i,
      );
    });
  }

  /** One target's tournament of one seed: scratch, then a transfer from every source (T→T among them). */
  planTournament(
    target: TaskId,
    position: number,
    seed: number,
    layer: number,
    trained: ReadonlyMap<TaskId, string>,
  ) {
    const { dataset, spec } = this;
    const base = layer * ORDER.layer + ORDER.tournament + position * TOURNAMENT_STRIDE;
    const common = { dataset, taskVersions: this.versions(target), task: target, preset: spec.preset, seed };
    const images = dataset.pools.transfer;
    const place = { target, layer };
    this.add(
      {
        ...common,
        kind: 'scratch',
        version: methodVersion('scratch'),
        training: this.training('scratch'),
        images,
      },
      this.shards,
      base,
      place,
    );
    this.sources.forEach((task, i) => {
      const fingerprint = trained.get(task) ?? '';
      this.add(
        {
          ...common,
          kind: 'transfer',
          version: methodVersion(spec.method),
          method: spec.method,
          sources: [{ task, fingerprint }],
          training: this.training('transfer'),
          images,
        },
        [fingerprint],
        base + 1 + i,
        place,
      );
    });
  }
}

/**
 * Spec → runs with identity, dependencies, order and cost (DESIGN §5). Pure: the same spec gives the same plan.
 * Order of work: the data set, the mean predictors, sources with their probes as soon as they can be had, then one
 * tournament after the other, then the next seed.
 * @throws TaskatlasError `invalid-input` naming the fields: unknown tasks, wrong roles, nothing to do.
 */
export function planSweep(spec: SweepSpec, input: PlanInput): SweepPlan {
  const { tasks, sources, targets } = checkTasks(spec, input.tasks);
  const planner = new Planner(spec, input.dataset, tasks, sources, targets);
  planner.planMeans();
  spec.seeds.forEach((seed, layer) => {
    const trained = planner.planSources(seed, layer);
    if (layer === 0 && spec.probe) planner.planProbes(trained);
    targets.forEach((target, position) => {
      planner.planTournament(target, position, seed, layer, trained);
    });
  });
  const runs = [...planner.runs.values()];
  const counts: Record<RunKind, number> = {
    dataset: 0,
    source: 0,
    scratch: 0,
    mean: 0,
    probe: 0,
    transfer: 0,
  };
  for (const run of runs) counts[run.recipe.kind]++;
  return {
    runs,
    tasks,
    sources,
    targets,
    counts,
    flops: runs.reduce((sum, run) => sum + run.estimatedFlops, 0),
  };
}
