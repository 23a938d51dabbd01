/** Identifier of a task in a dictionary: kebab case, e.g. `surface-normals`. */
export type TaskId = string;

/** DESIGN §4: four scene-disjoint pools. Nothing is ever selected on `test`. */
export const POOLS = ['source', 'transfer', 'selection', 'test'] as const;
export type PoolName = (typeof POOLS)[number];

/**
 * One picture that an encoder sees. The first six are the image itself, all but `rgb` changed by a seed fixed per
 * image; the others are further views of the image's own scene (only data sets with several views have them).
 */
export type PictureKind = 'rgb' | 'noisy' | 'masked' | 'grey' | 'tiles' | 'rotated' | ViewKind;

/** `orbit-1`, `orbit-2`: the same point in the middle, seen from elsewhere; `shifted`: another place and heading;
 * `candidate`: `orbit-1` or `shifted`, by the image's seed (is the middle the same point?). */
export type ViewKind = 'orbit-1' | 'orbit-2' | 'shifted' | 'candidate';

/** The pictures of one example in order: encoded one by one (siamese), their codes joined channel-wise. */
const TUPLES = {
  'fixated-pair': ['rgb', 'orbit-1'],
  'fixated-triplet': ['rgb', 'orbit-1', 'orbit-2'],
  pair: ['rgb', 'shifted'],
  'candidate-pair': ['rgb', 'candidate'],
} as const satisfies Readonly<Record<string, readonly PictureKind[]>>;

/** What a task's network is given: one picture, or several views of one scene. */
export type InputKind = PictureKind | keyof typeof TUPLES;

/** The pictures of an input, one for most tasks. */
export const picturesOf = (kind: InputKind): readonly PictureKind[] =>
  kind in TUPLES ? TUPLES[kind as keyof typeof TUPLES] : [kind as PictureKind];

const VIEWS: ReadonlySet<PictureKind> = new Set<ViewKind>(['orbit-1', 'orbit-2', 'shifted', 'candidate']);

/** Whether an input needs further views of the scene beside the image itself. */
export const needsViews = (kind: InputKind): boolean =>
  picturesOf(kind).some((picture) => VIEWS.has(picture));

/** The shape of what a task's decoder must give. */
export type TaskHead =
  | { kind: 'pixels'; channels: number }
  | { kind: 'pixel-classes'; classes: number }
  /** A vector of `size` numbers per pixel; pixels of one segment are to lie close together. */
  | { kind: 'pixel-embedding'; size: number }
  | { kind: 'vector'; size: number }
  | { kind: 'classes'; classes: number };

export type LossName =
  | 'l1'
  | 'l2'
  | 'cross-entropy'
  | 'soft-cross-entropy'
  | 'balanced-cross-entropy'
  | 'metric';

/**
 * The figure that people report of a task, beside the loss. It is computed per image; the metric of a run is the mean
 * over its test images that have a label, of whichever metric: mean intersection over union is the mean over the
 * classes in an image, then over images.
 */
export interface TaskMetric {
  /** E.g. "mean angular error". */
  name: string;
  /** E.g. "%", "°". */
  unit: string;
  higherIsBetter: boolean;
}

/** What the shape of a task's network depends on. */
export type TaskShape = Pick<TaskDeclaration, 'head' | 'input'>;

/** Declaration of one task of a dictionary (DESIGN §2). */
export interface TaskDeclaration {
  id: TaskId;
  /** Name for people, e.g. "Surface normals". */
  name: string;
  /** One sentence: what is predicted from what. */
  summary: string;
  roles: readonly ('source' | 'target')[];
  /** Family used for display order and the label-permutation test of related blocks. */
  family: 'texture' | 'geometry' | 'semantics' | 'layout' | 'control';
  input: InputKind;
  head: TaskHead;
  loss: LossName;
  metric: TaskMetric;
  /** Labels that a fully supervised example costs, in label units (self-supervised tasks cost 0). */
  labelCost: number;
  /** Raised by hand when the target function changes; part of the fingerprint. */
  version: number;
  /** True for a source that is never trained (random projection). */
  untrained?: boolean;
  /** True for weights from outside: a source of this sweep, not a task of the data set. */
  external?: boolean;
  /** An encoder that a sweep teaches by a method: how, and whose labels are behind it. */
  taught?: { method: string; tasks: readonly TaskId[] };
}
