import type { PresetName, RunKind, TaskDeclaration } from '../core';
import type { NetworkShape } from './adaptation';
import type { OptionSpecs, ResolvedOptions } from './method-options';

/** What the textbook rule of four quadrants chooses among. */
export type Family = 'head' | 'earlier' | 'whole' | 'other';

/** Which runs a method makes of one target (kind `transfer`). */
export interface MethodRuns {
  /** One run for each source; one for all of them together; one from the target's own network; one without a source. */
  sources: 'each' | 'joined' | 'self' | 'none';
  /** Names of methods whose transfers, from the same sources, are its teachers or members. */
  members: readonly string[] | null;
}

/** What a method is asked to serve. */
export interface MethodCase {
  preset: PresetName;
  /** Side of the pictures. */
  size: number;
  task: Pick<TaskDeclaration, 'head' | 'loss' | 'family'>;
  /** Labelled images, and all images of the transfer pool. */
  images: number;
  pool: number;
  /** Whether the transfer pool is of another domain than the source pool. */
  shifted: boolean;
}

/** A method of a sweep that another one learns from. */
export interface Member {
  id: string;
  options: ResolvedOptions;
}

/** What of a sweep decides whether a method's options make sense. */
export interface MethodSetting {
  preset: PresetName;
  /** Side of the pictures. */
  size: number;
  /** Layers of the encoders that it may be given, by full name. */
  layers: readonly string[];
  /** Tasks that a pre-training is given. */
  tasks: number;
  /** Images of the source pool, and how many of them are in a batch. */
  images: number;
  batch: number;
}

/** One training of a run on the source pool. */
export interface SourceTraining {
  /** Passes over the pool; 0 = as many as the run's training says. */
  epochs: number;
  /** Work of one picture with all that is done beside it. */
  flops: number;
}

/** Declaration of one way to learn a task, trained or fitted. */
export interface MethodDeclaration {
  id: string;
  kind: RunKind;
  name: string;
  summary: string;
  /** Where the method comes from. */
  source: string;
  /** Raised by hand when results change for the same recipe: it is part of the fingerprint (DESIGN §5). */
  version: number;
  /** Which default training options of a preset apply; null when nothing is trained by gradient. */
  training: 'source' | 'transfer' | 'scratch' | null;
  /** What the method needs of its sources' artifacts. */
  needs: readonly ('features' | 'weights')[];
  options?: OptionSpecs;
  /** For transfers. */
  runs?(options: ResolvedOptions): MethodRuns;
  /** Why a method of the same sweep cannot be its member; null where it can. Every one can when absent. */
  refuses?(options: ResolvedOptions, member: Member): string | null;
  /** Whether it can serve a case, or why not; always when absent. What it cannot is not planned. */
  serves?(asked: MethodCase, options: ResolvedOptions): boolean | string;
  /** Options that are allowed one by one, but not with each other or in this setting: what is wrong, by option. */
  misfits?(options: ResolvedOptions, setting: MethodSetting): Readonly<Record<string, string>>;
  /** For transfers: whether it learns from labels of the transfer set; yes when absent. If not, its size changes nothing. */
  readsLabels?(options: ResolvedOptions): boolean;
  /** For transfers between domains: pictures of either that it needs, in the source and in the transfer pool. */
  leastImages?: number;
  /** Preset of the network that it trains, where the sweep's is another. */
  learner?(options: ResolvedOptions): PresetName | null;
  /** How many trainings of its network one run is, for cost estimates; 1 when absent. */
  trainings?(options: ResolvedOptions): number;
  /** For transfers that learn from the source pool: their trainings, for cost estimates. */
  stages?(network: NetworkShape, options: ResolvedOptions): readonly SourceTraining[];
  /** For pre-trainings: what one picture of one epoch costs, where that is not the network of each of its tasks. */
  exampleFlops?(preset: PresetName, size: number): number;
  /** Presets whose encoders it can teach; all when absent. */
  presets?(options: ResolvedOptions): readonly PresetName[];
  /** For pre-trainings: columns of the encoder that it leaves of so many tasks; 1 when absent. */
  columns?(options: ResolvedOptions, tasks: number): number;
  /** For pre-trainings: whether tasks share one encoder's pass over each kind of picture; else each has its own. */
  sharesEncoder?(options: ResolvedOptions): boolean;
  /** For pre-trainings: it takes neither tasks nor encoders to start from. */
  unlabelled?: true;
  /** What the rule calls it, given the encoder's layers from the input to the code; `other` when absent. */
  family?(options: ResolvedOptions, layers: readonly string[]): Family;
  /** Whether it looks inside its source's encoder, which one from outside does not allow. */
  opens?(options: ResolvedOptions): boolean;
  /** Whether one transfer may have several sources, joined: what higher orders are made of. */
  joins?: boolean;
  /** For pre-trainings: so many tasks at least. */
  leastTasks?: number;
  /** Whether its runs have tables of what they measured beside their losses. */
  measures?: boolean;
  /** Whether its result holds an encoder that can be a source again. */
  leavesEncoder?: boolean;
}
