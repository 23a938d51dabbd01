import { z } from 'zod';
import { SAMPLE_ROLES } from '@/lib/science/core';
import { sweepNote } from './notes';
import { candidateSet, verdict } from './standing';

/** Shapes of API answers; the dashboard, the CLI and the OpenAPI document all come from these. */

export const estimate = z.object({
  value: z.number(),
  low: z.number().nullable(),
  high: z.number().nullable(),
});

/** The figure that people report of a task, such as accuracy; the mean over test images of their own. */
export const taskMetric = z.object({ name: z.string(), unit: z.string(), higherIsBetter: z.boolean() });

/** The task's metric of a transfer beside its losses. */
export const reported = {
  /** In the metric's unit (`targetRow.metric`); null where it is not known. */
  metric: estimate.nullable(),
  /** Its difference to scratch's on the same images, positive = better, whatever the metric's direction. */
  metricGain: estimate.nullable(),
};

export const taskView = z.object({
  id: z.string(),
  name: z.string(),
  family: z.enum(['texture', 'geometry', 'semantics', 'layout', 'control']),
  summary: z.string(),
  source: z.boolean(),
  target: z.boolean(),
  labelCost: z.number(),
  /** Null of imported results that do not name one. */
  metric: taskMetric.nullable(),
});

const stateCounts = z.object({
  waiting: z.number(),
  queued: z.number(),
  running: z.number(),
  lost: z.number(),
  done: z.number(),
  failed: z.number(),
  cancelled: z.number(),
});

export const progressView = z.object({
  counts: stateCounts,
  total: z.number(),
  /** Runs still to be planned while it runs (higher orders), not in `total`. */
  later: z.number(),
  /** Share of the planned work (FLOPs) done, 0–1. */
  share: z.number(),
  imagesPerSecond: z.number(),
  etaSeconds: z.number().nullable(),
  elapsedSeconds: z.number(),
  /** Seconds from submission to each milestone that was reached. */
  phases: z.record(z.string(), z.number()),
  workers: z.number(),
  /** Analyses of targets, or the policy (null), that could not be computed when they were last tried, and why. */
  troubles: z.array(z.object({ target: z.string().nullable(), reason: z.string() })),
  /** What keeps runs waiting: a full disk, versions that no worker has. */
  alarms: z.array(z.string()),
});

export const sweepView = z.object({
  id: z.string(),
  number: z.number(),
  name: z.string(),
  state: z.enum(['submitting', 'active', 'paused', 'stopped', 'cancelled', 'done']),
  origin: z.enum(['measured', 'imported']),
  source: z.string().nullable(),
  notes: z.array(sweepNote),
  createdAt: z.string(),
  finishedAt: z.string().nullable(),
  tasks: z.array(taskView),
  seeds: z.array(z.number()),
  dataset: z.string(),
  datasetKind: z.string(),
  preset: z.string(),
  /** Its ways to transfer, with options as in candidate keys; `paired`: from one source at a time. */
  methods: z.array(z.object({ id: z.string(), label: z.string(), paired: z.boolean() })),
  progress: progressView,
  /** The sentence of finding that opens the page. */
  finding: z.string(),
});

/** State of one matrix cell. `predicted` = ridge probe; `missing` = never planned. */
export const cellState = z.enum([
  'done',
  'predicted',
  'running',
  'queued',
  'waiting',
  'failed',
  'lost',
  'cancelled',
  'missing',
]);

export const cellView = z.object({
  source: z.string(),
  target: z.string(),
  state: cellState,
  /** AHP weight over that of its row's set (`targetRows[].set`) and the own network. Null until the tournament is complete. */
  affinity: estimate.nullable(),
  gain: estimate.nullable(),
  quality: estimate.nullable(),
  /** Median over test images of ln(loss / scratch loss), negative = better. */
  effect: estimate.nullable(),
  loss: z.number().nullable(),
  ...reported,
  /** 1 − loss / mean-predictor loss; at most 0: a constant is as good. */
  skill: z.number().nullable(),
  /** Ridge-probe skill (1 − L/L of the mean predictor), preliminary. */
  probe: z.number().nullable(),
  /** Place in its row's set; null outside of it. */
  rank: z.number().nullable(),
  helps: verdict,
  /** The one that is recommended: the first of the set that helps. */
  best: z.boolean(),
  /** Cannot be told from the leader of the set; false where the leader is alone. */
  tied: z.boolean(),
  probabilityBest: z.number().nullable(),
  progress: z.number().nullable(),
  runs: z.array(z.string()),
});

export const targetView = z.object({
  target: z.string(),
  kept: z.boolean(),
  reasons: z.array(z.string()),
  complete: z.boolean(),
  testImages: z.number(),
  goldSkill: estimate.nullable(),
  scratchSkill: z.number().nullable(),
  signalToNoise: z.number().nullable(),
  lambdaMax: z.number().nullable(),
  consistencyIndex: z.number().nullable(),
  tieRate: z.number().nullable(),
  /** Engines that its trainings ran on; more than one: candidates may differ by their rounding too. */
  backends: z.array(z.string()),
  losses: z.object({
    mean: z.number().nullable(),
    scratch: z.number().nullable(),
    gold: z.number().nullable(),
  }),
  /** What people report of the target; null where nothing names it. */
  metric: taskMetric.nullable(),
  /** The same of the references: constant predictor, scratch, own network. */
  metrics: z.object({
    mean: estimate.nullable(),
    scratch: estimate.nullable(),
    gold: estimate.nullable(),
  }),
  /** Why the metric or its intervals are not known; null where they are. */
  metricNote: z.string().nullable(),
  /** The detached "own network" column: affinity of `self` beside the set; with those of the set it sums to 1. */
  self: estimate.nullable(),
  /** What rank, P(best), ties and affinities of this answer speak of. */
  set: candidateSet,
});

export const matrixView = z.object({
  sweepId: z.string(),
  /** With options, as in candidate keys; `methods` are all that the sweep has. */
  method: z.string(),
  methods: z.array(z.object({ id: z.string(), label: z.string() })),
  sources: z.array(z.string()),
  targets: z.array(z.string()),
  cells: z.array(cellView),
  targetRows: z.array(targetView),
  /** Row and column orders, by name of the order: ids. */
  orders: z.record(z.string(), z.object({ sources: z.array(z.string()), targets: z.array(z.string()) })),
  /** Merge tables for the dendrograms: [left, right, height] with leaves 0…n−1 in `leaves` order. Null below 3 tasks or while incomplete. */
  dendrogram: z
    .object({ leaves: z.array(z.string()), merges: z.array(z.tuple([z.number(), z.number(), z.number()])) })
    .nullable(),
  targetDendrogram: z
    .object({ leaves: z.array(z.string()), merges: z.array(z.tuple([z.number(), z.number(), z.number()])) })
    .nullable(),
  preliminary: z.boolean(),
  seeds: z.number(),
});

export const rankedSource = z.object({
  rank: z.number(),
  source: z.string(),
  method: z.string(),
  sources: z.array(z.string()),
  order: z.number(),
  affinity: estimate.nullable(),
  gain: estimate.nullable(),
  quality: estimate.nullable(),
  /** Median over test images of ln(loss / scratch loss), negative = better. */
  effect: estimate.nullable(),
  ...reported,
  /** 1 − mean loss / mean-predictor loss; at most 0: a constant is as good. */
  skill: z.number().nullable(),
  probabilityBest: z.number().nullable(),
  /** Cannot be told from the leader of the set; false where the leader is alone. */
  tied: z.boolean(),
  helps: verdict,
});

export const bestSourceView = z.object({
  sweepId: z.string(),
  target: z.string(),
  preliminary: z.boolean(),
  /** Which measured number of labels answers for the one that was asked for; null where none was: the largest. */
  labels: z
    .object({
      asked: z.number(),
      answered: z.number(),
      measured: z.array(z.number()),
      match: z.enum(['exact', 'between', 'below', 'above']),
      words: z.string(),
    })
    .nullable(),
  /** Recommendation in words, with its evidence. */
  advice: z.string(),
  /** What the ranks speak of; `sources` may be its first k only. */
  set: candidateSet,
  sources: z.array(rankedSource),
  targetRow: targetView,
});

const curvePoint = z.object({
  step: z.number(),
  epoch: z.number(),
  trainLoss: z.number().nullable(),
  selectionLoss: z.number().nullable(),
});

export const pairView = z.object({
  sweepId: z.string(),
  method: z.string(),
  source: z.string(),
  target: z.string(),
  cell: cellView,
  targetRow: targetView,
  /** Per-image log loss ratios against scratch, sorted ascending, first seed. */
  sortedLogRatios: z.array(z.number()),
  rivals: z.array(z.object({ source: z.string(), winRate: estimate })),
  curves: z.array(z.object({ label: z.string(), seed: z.number().nullable(), points: z.array(curvePoint) })),
  /** Image strip: one row per test image, URLs of PNGs. */
  strips: z.array(
    z.object({
      index: z.number(),
      logRatio: z.number().nullable(),
      images: z.array(
        z.object({ role: z.enum(['input', 'truth', 'scratch', 'transfer', 'gold']), url: z.string() }),
      ),
    }),
  ),
  runs: z.array(
    z.object({
      fingerprint: z.string(),
      kind: z.string(),
      seed: z.number().nullable(),
      state: z.string(),
      seconds: z.number().nullable(),
      backend: z.string().nullable(),
      failure: z.string().nullable(),
    }),
  ),
});

export const runView = z.object({
  fingerprint: z.string(),
  kind: z.string(),
  label: z.string(),
  state: z.string(),
  attempt: z.number(),
  failure: z.object({ class: z.string(), message: z.string() }).nullable(),
  progress: z.number().nullable(),
  seconds: z.number().nullable(),
  backend: z.string().nullable(),
  worker: z.string().nullable(),
});

/** A run with its recipe, curve, cost and the samples that can be fetched. */
export const runDetailView = runView.extend({
  recipe: z.record(z.string(), z.unknown()),
  seed: z.number().nullable(),
  meanLoss: z.number().nullable(),
  metric: z.number().nullable(),
  testImages: z.number(),
  curve: z.array(curvePoint),
  /** What the method measured beside its losses, such as the task affinity of a joint training. */
  tables: z.array(
    z.object({
      name: z.string(),
      meaning: z.string(),
      rows: z.array(z.string()),
      columns: z.array(z.string()),
      values: z.array(z.array(z.number().nullable())),
    }),
  ),
  cost: z
    .object({ steps: z.number(), images: z.number(), seconds: z.number(), flops: z.number() })
    .nullable(),
  samples: z.array(z.object({ index: z.number(), role: z.enum(SAMPLE_ROLES), url: z.string() })),
});

/** One page of a sweep's runs; `total` counts all that match the filter. */
export const runListView = z.object({
  runs: z.array(runView),
  total: z.number(),
  offset: z.number(),
  limit: z.number(),
});

export const targetListItem = targetView.extend({
  name: z.string(),
  /** `set.verdicts`: how many of the single sources, by whatever method, help. */
  verdicts: candidateSet.shape.verdicts,
  /** The source that is recommended (`set.best`), else the leader of the set. */
  best: rankedSource.nullable(),
  advice: z.string(),
});

/** Every task on the same test images, from the task-specific networks that are done. */
export const galleryView = z.object({
  sweepId: z.string(),
  images: z.array(
    z.object({
      index: z.number(),
      tasks: z.array(
        z.object({
          task: z.string(),
          /** Pictures in the task's own input; the `input` strip shows all of them. */
          pictures: z.number(),
          input: z.string().nullable(),
          truth: z.string().nullable(),
          prediction: z.string().nullable(),
        }),
      ),
    }),
  ),
});

export const workerView = z.object({
  id: z.string(),
  host: z.string(),
  pid: z.number(),
  backend: z.string(),
  device: z.string(),
  startedAt: z.string(),
  seenAt: z.string(),
  alive: z.boolean(),
  run: runView.nullable(),
  imagesPerSecond: z.number().nullable(),
});

export const problem = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    issues: z.array(z.object({ path: z.string(), message: z.string() })),
  }),
});

export type Estimate = z.infer<typeof estimate>;
export type TaskMetric = z.infer<typeof taskMetric>;
export type TaskView = z.infer<typeof taskView>;
export type ProgressView = z.infer<typeof progressView>;
export type SweepView = z.infer<typeof sweepView>;
export type CellState = z.infer<typeof cellState>;
export type CellView = z.infer<typeof cellView>;
export type TargetView = z.infer<typeof targetView>;
export type MatrixView = z.infer<typeof matrixView>;
export type RankedSource = z.infer<typeof rankedSource>;
export type BestSourceView = z.infer<typeof bestSourceView>;
export type PairView = z.infer<typeof pairView>;
export type RunView = z.infer<typeof runView>;
export type RunDetailView = z.infer<typeof runDetailView>;
export type RunListView = z.infer<typeof runListView>;
export type TargetListItem = z.infer<typeof targetListItem>;
export type GalleryView = z.infer<typeof galleryView>;
export type WorkerView = z.infer<typeof workerView>;
export type Problem = z.infer<typeof problem>;

/** What workers have in hand now. It changes each second, so it is apart from the views of results. */
export const runningView = z.object({
  runs: z.array(
    z.object({
      fingerprint: z.string(),
      /** Lost: its worker has been silent for longer than its claim holds. */
      state: z.enum(['running', 'lost']),
      /** Share of the run's own work, 0 to 1. */
      progress: z.number(),
    }),
  ),
});
export type RunningView = z.infer<typeof runningView>;
