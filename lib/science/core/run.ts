import type { TaskId } from './task';

/** Where images and labels come from. Everything that determines the pixels is in here and so in the fingerprint. */
export type DatasetSpec = (
  | {
      kind: 'rooms';
      version: number;
      seed: number;
      size: number;
      pools: PoolSizes;
      /** Furniture from a library of meshes (`.sh3f`); procedural when absent. Resolved specs carry the file's SHA-256. */
      furniture?: { library: string; hash?: string | undefined } | undefined;
    }
  | {
      kind: 'idx';
      version: number;
      seed: number;
      size: number;
      pools: PoolSizes;
      directory: string;
      manifest: string;
    }
  | (FolderSet & {
      kind: 'taskonomy';
      /** What every image has files of. */
      domains: readonly string[];
      /** 99th percentiles of the responses whose unit is not documented. */
      scales: Readonly<Record<string, number>>;
    })
  | (FolderSet & {
      kind: 'image-folder';
      classes: number;
      /** What transparent pixels are put on, `#rrggbb`. */
      background: string;
      /** 16-bit samples are divided by 2^bits − 1. */
      bits: number;
      /** Decoders and their versions: other ones may give other pixels. */
      decoder: string;
    })
) & {
  /** Two domains: every pool but `source` has another appearance. One domain when this and `target` are absent. */
  shift?: DomainShift | undefined;
  /** Two domains: every pool but `source` comes from a folder of its own, of the same kind (idx, image-folder). */
  target?: { directory: string; manifest: string; skipped?: number; bits?: number } | undefined;
};

export const hasTwoDomains = ({ shift, target }: DatasetSpec): boolean =>
  shift !== undefined || target !== undefined;

export const DOMAIN_SHIFTS = ['inverted', 'dim', 'tinted', 'noisy', 'textured'] as const;

/** How pictures of the target domain look different; strength 0 = not at all, 1 = fully. */
export interface DomainShift {
  kind: (typeof DOMAIN_SHIFTS)[number];
  strength: number;
}

/** A data set of files in a folder; the manifest is the hash of the images chosen from it. */
interface FolderSet {
  version: number;
  seed: number;
  size: number;
  pools: PoolSizes;
  directory: string;
  manifest: string;
  /** What becomes of images whose files are damaged or missing. */
  onError: 'skip' | 'fail';
  /** How many images were left out for that. */
  skipped: number;
}

export interface PoolSizes {
  source: number;
  transfer: number;
  selection: number;
  test: number;
}

export type PresetName = 'micro' | 'tiny' | 'small' | 'mlp' | 'resnet50';

/** Optimiser settings of one training; Adam with a cosine schedule to 0 unless it says otherwise (SCIENCE.md). */
export interface TrainingOptions {
  epochs: number;
  batchSize: number;
  learningRate: number;
  weightDecay: number;
  /** Adam when absent. `adam` adds the weight decay to the gradient, `adamw` shrinks the weights themselves. */
  optimiser?: 'adam' | 'adamw' | 'sgd';
  /** Of `sgd`. */
  momentum?: number;
  /** Cosine when absent. */
  schedule?: 'cosine' | 'step' | 'constant';
  /** Epochs between two drops of the step schedule. */
  stepEpochs?: number;
  /** What a drop multiplies the rate by. */
  stepFactor?: number;
  /** Epochs of linear warm-up before the schedule begins. */
  warmUpEpochs?: number;
}

/**
 * What determines a run's result and is known when it is planned (DESIGN §5). A run's
 * fingerprint is the SHA-256 of its recipe's canonical JSON. Sources are named by fingerprint.
 */
export type Recipe =
  | DatasetRecipe
  | SourceRecipe
  | PretrainRecipe
  | ScratchRecipe
  | MeanRecipe
  | ProbeRecipe
  | TransferRecipe;

interface OnDataset {
  dataset: DatasetSpec;
  /** Method version from the catalog, raised by hand. */
  version: number;
  /** Declared versions of the tasks whose labels this run reads: a changed target function is another run. */
  taskVersions?: Readonly<Record<TaskId, number>>;
}

/** Renders or imports one shard of the data set into the cache. Its result is a file; it has no losses. */
export interface DatasetRecipe extends OnDataset {
  kind: 'dataset';
  shard: number;
  shards: number;
  /** The further views of the images instead of the images; only planned for tasks of several pictures. */
  views?: true;
}

/** Weights from outside that serve as a source: a TensorFlow.js model on disk, cut off at one of its layers. */
export interface ExternalEncoder {
  /** Folder or model.json. */
  model: string;
  /** Layer (layers model) or node (graph model) whose output N×h×w×C is the representation. */
  layer: string;
  /** What the model takes the darkest and the brightest pixel for, e.g. [0, 1]. */
  range: readonly [number, number];
  /** Of all of the model's files: other weights are another source. */
  sha256: string;
}

/** Task-specific network on the source pool. Its test losses are the gold reference; its encoder is the source. */
export interface SourceRecipe extends OnDataset {
  kind: 'source';
  /** Nothing is trained: the encoder comes from outside, `task` is its name in the sweep. */
  external?: ExternalEncoder;
  task: TaskId;
  preset: PresetName;
  training: TrainingOptions;
  seed: number;
}

/** The same network as a transfer would give, random weights, trained on the transfer pool only. */
export interface ScratchRecipe extends OnDataset {
  kind: 'scratch';
  task: TaskId;
  preset: PresetName;
  training: TrainingOptions;
  images: number;
  seed: number;
}

/** Constant or mean-image predictor fitted on the transfer pool. */
export interface MeanRecipe extends OnDataset {
  kind: 'mean';
  task: TaskId;
}

/** Closed-form ridge read-out of every target from one source's frozen features: the preliminary matrix. */
export interface ProbeRecipe extends OnDataset {
  kind: 'probe';
  targets: readonly TaskId[];
  source: { task: TaskId; fingerprint: string };
  images: number;
}

/** A finished run whose encoder is used, with the name of the task (or of the taught encoder) that it stands for. */
export interface SourceRef {
  task: TaskId;
  fingerprint: string;
}

/** A finished transfer whose predictions are used: a teacher, or a member of an ensemble. */
export interface MemberRef {
  fingerprint: string;
  /** Its candidate key in the target's tournament. */
  key: string;
}

/** What a method was asked to do differently from its defaults (catalog/methods). */
export type MethodOptions = Readonly<Record<string, number | string | boolean>>;

/** Transfer of `sources` (order = their number) to `task` by `method`. */
export interface TransferRecipe extends OnDataset {
  kind: 'transfer';
  method: string;
  /** Options that differ from the method's defaults; absent when none does. */
  options?: MethodOptions;
  task: TaskId;
  sources: readonly SourceRef[];
  /** Teachers or members, for methods that learn from other transfers. */
  members?: readonly MemberRef[];
  preset: PresetName;
  training: TrainingOptions;
  images: number;
  seed: number;
}

/** Training that ends in an encoder for others to start from, without a target of its own. */
export interface PretrainRecipe extends OnDataset {
  kind: 'pretrain';
  method: string;
  options?: MethodOptions;
  /** Tasks whose labels it learns from; none for unsupervised methods. */
  tasks: readonly TaskId[];
  /** Encoders that it starts from. */
  sources: readonly SourceRef[];
  preset: PresetName;
  training: TrainingOptions;
  seed: number;
}

/**
 * Whether a run is the target's own network on all labels, the gold reference. Of two domains the source pool belongs to
 * the other one, so that no network is: the one of the same task is trained where the target is not.
 */
export const isGold = (recipe: Recipe, target: TaskId): boolean =>
  recipe.kind === 'source' && recipe.task === target && !hasTwoDomains(recipe.dataset);

export type RunKind = Recipe['kind'];

/** DESIGN §5. `lost` is a display state of `running` with an expired heartbeat, not a stored one. */
export const RUN_STATES = ['waiting', 'queued', 'running', 'done', 'failed', 'cancelled'] as const;
export type RunState = (typeof RUN_STATES)[number];

/** `place`: the machine's disk or folders, not the run; such a failure is no attempt. */
export type FailureClass = 'out-of-memory' | 'diverged' | 'data' | 'code' | 'lost-machine' | 'place';

/** One point of a learning curve. Losses are means over the pool named. */
export interface CurvePoint {
  step: number;
  epoch: number;
  /** Over the batches since the last point; null before the first step. */
  trainLoss: number | null;
  selectionLoss: number | null;
}

/**
 * What a sample shows. `…-translated`: a picture of either domain, as the other domain would show it, and back again,
 * side by side.
 */
export const SAMPLE_ROLES = [
  'input',
  'truth',
  'prediction',
  'source-translated',
  'target-translated',
] as const;
export type SampleRole = (typeof SAMPLE_ROLES)[number];

/** One image of a sample strip as stored: PNG bytes. */
export interface SampleImage {
  /** Index in the test pool; of `source-translated` in the source pool. */
  index: number;
  role: SampleRole;
  png: Uint8Array;
}

/** A small table that a method measured on the way, beside its losses: values[row][column]. */
export interface RunTable {
  name: string;
  /** What a value says. */
  meaning: string;
  rows: readonly string[];
  columns: readonly string[];
  values: readonly (readonly number[])[];
}

/** Name of the table of how far two domains lie apart: measures in rows, places (pictures, codes) in columns. */
export const DOMAIN_DISTANCES = 'Distances between the domains';

/** The columns that every such table has; a method may compare more between them. */
export const DOMAIN_PLACES = {
  pictures: 'pictures',
  before: 'codes before',
  after: 'codes after',
} as const;

/**
 * Name and columns of the table of whether a network still does its task in the source domain, whose labels it learned
 * from: one row, in losses but for the skill 1 − network / constant.
 */
export const SOURCE_TASK = 'Task in the source domain';
export const SOURCE_TASK_COLUMNS = ['network', 'constant answer', 'skill'] as const;

/** What a finished run hands over, written in one transaction with its state. */
export interface RunResult {
  /** One loss per test image in pool order; NaN where the image has no valid pixel. Null for dataset runs. */
  testLosses: Float32Array | null;
  /** Probe runs: test losses per target, relative to the constant predictor (1 = no better). */
  probeLosses?: Readonly<Record<TaskId, Float32Array>>;
  /**
   * The task's metric (`TaskDeclaration.metric`) of each test image in pool order, in its unit; NaN where the image has
   * no label. Absent of dataset, source-only and probe runs, and of runs from before it was kept.
   */
  testMetrics?: Float32Array;
  /** Mean of `testMetrics` over the images that have one. Runs from before they were kept: over all labelled rows of the pool. */
  metric: number | null;
  /** Only methods that measure more than losses have them, such as the task affinity of a joint training. */
  tables?: readonly RunTable[];
  curve: readonly CurvePoint[];
  samples: readonly SampleImage[];
  /** Names of artifacts written (weights, features), relative to the artifact store. */
  artifacts: readonly string[];
  /** Training work done by this run. */
  cost: { steps: number; images: number; seconds: number; flops: number };
}
