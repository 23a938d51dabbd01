/** Identifier of a task in a dictionary: kebab case, e.g. `surface-normals`. */
export type TaskId = string;

/** DESIGN §4: four scene-disjoint pools. Nothing is ever selected on `test`. */
export const POOLS = ['source', 'transfer', 'selection', 'test'] as const;
export type PoolName = (typeof POOLS)[number];

/** Which picture the encoder sees. Every kind but `rgb` is derived from rgb with a seed fixed per image. */
export type InputKind = 'rgb' | 'noisy' | 'masked' | 'grey' | 'tiles' | 'rotated';

/** The shape of what a task's decoder must give. */
export type TaskHead =
  | { kind: 'pixels'; channels: number }
  | { kind: 'pixel-classes'; classes: number }
  | { kind: 'vector'; size: number }
  | { kind: 'classes'; classes: number };

export type LossName = 'l1' | 'l2' | 'cross-entropy' | 'soft-cross-entropy' | 'balanced-cross-entropy';

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
  /** A metric for people beside the loss, e.g. "mean angular error (degrees)". */
  metric: { name: string; unit: string; higherIsBetter: boolean };
  /** Labels that a fully supervised example costs, in label units (self-supervised tasks cost 0). */
  labelCost: number;
  /** Raised by hand when the target function changes; part of the fingerprint. */
  version: number;
  /** True for a source that is never trained (random projection). */
  untrained?: boolean;
  /** True for weights from outside: a source of this sweep, not a task of the data set. */
  external?: boolean;
}
