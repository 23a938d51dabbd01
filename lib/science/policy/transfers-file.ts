import { z } from 'zod';
import { type PolicyEdge, TaskatlasError, type TaskId } from '@/lib/science/core';
import type { PolicyProblem } from './problem';

const name = z.string().min(1).max(200);
const measure = z.number().nullable().optional();

/** One measured transfer of the open format. `null` = not measured; nothing is imputed. */
const transferRecord = z.object({
  target: name,
  sources: z.array(name).min(1),
  order: z.number().int().positive().optional(),
  affinity: measure,
  gain: measure,
  quality: measure,
});

/**
 * The open transfers format (`reference/taskonomy/transfers_16k.json`). Further fields are allowed and ignored.
 * The source `self` stands for the target's own fully supervised network.
 */
export const transfersFile = z.object({
  targets: z.array(name).min(1).optional(),
  dictionary26: z.array(name).min(1).optional(),
  sources: z.array(name).min(1).optional(),
  source_only: z.array(name).optional(),
  transfers: z.array(transferRecord).min(1),
});

export type TransfersFile = z.infer<typeof transfersFile>;
export type TransferRecord = z.infer<typeof transferRecord>;

/** Names in published files that are no tasks: the gold network, the scratch network, an abandoned class list. */
const PSEUDO_SOURCES = ['self', 'pixels', 'class_selected'] as const;

export const FILE_OBJECTIVES = ['affinity', 'gain', 'quality'] as const;
export type FileObjective = (typeof FILE_OBJECTIVES)[number];

/** Choices that turn a transfers file into a policy problem. Names are checked against the file. */
export interface TransfersChoices {
  objective: FileObjective;
  budgets: PolicyProblem['budgets'];
  maxOrder: number;
  targets?: readonly TaskId[];
  /** Tasks that stay sources but are no targets. */
  sourceOnly?: readonly TaskId[];
  forbid?: readonly TaskId[];
  force?: readonly TaskId[];
  weights?: Readonly<Record<TaskId, number>>;
  /** Sources admitted although they are pseudo-sources or not in the dictionary (`class_selected`). */
  admit?: readonly TaskId[];
  /** Admit re-transfers from the target's own frozen encoder (`T__T`). */
  retransfers?: boolean;
}

const distinct = (names: readonly string[]): string[] => [...new Set(names)];

function requireKnown(names: readonly string[], known: readonly string[], option: string): void {
  const unknown = names.filter((n) => !known.includes(n));
  if (unknown.length > 0) {
    throw new TaskatlasError(
      'invalid-input',
      `${option}: ${unknown.join(', ')} not in the file; it has ${known.join(', ')}`,
    );
  }
}

const isSelf = (record: TransferRecord): boolean =>
  record.sources.length === 1 && record.sources[0] === 'self';

/** The dictionary's sources: the file's list, else every source seen that is a task; plus those admitted. */
function sourcesOf(file: TransfersFile, admit: readonly TaskId[]): TaskId[] {
  const seen = distinct(file.transfers.flatMap((t) => t.sources));
  requireKnown(admit, seen, '--admit');
  const pseudo: readonly string[] = PSEUDO_SOURCES;
  const own = distinct(file.transfers.filter(isSelf).map((t) => t.target));
  const listed =
    file.dictionary26 ??
    file.sources ??
    distinct([...seen, ...own]).filter((source) => !pseudo.includes(source));
  return distinct([...listed, ...admit]);
}

function edgesOf(file: TransfersFile, choices: TransfersChoices): PolicyEdge[] {
  return file.transfers.flatMap((record): PolicyEdge[] => {
    const value = record[choices.objective];
    if (value === null || value === undefined) return [];
    if (isSelf(record)) return [{ target: record.target, sources: [record.target], kind: 'self', value }];
    const retransfer = record.sources.length === 1 && record.sources[0] === record.target;
    if (retransfer && !choices.retransfers) return [];
    return [{ target: record.target, sources: record.sources, kind: 'transfer', value }];
  });
}

/**
 * Policy problem of a transfers file: targets and sources by the file's roles narrowed by the choices, one edge per
 * measured transfer. By default `class_selected`, `pixels` and re-transfers are no candidates. Throws `invalid-input`
 * naming the option whose names the file does not have.
 */
export function problemFromTransfers(file: TransfersFile, choices: TransfersChoices): PolicyProblem {
  const allTargets = file.targets ?? distinct(file.transfers.map((t) => t.target));
  const sources = sourcesOf(file, choices.admit ?? []);
  const known = distinct([...allTargets, ...sources]);
  requireKnown(choices.targets ?? [], allTargets, '--targets');
  requireKnown(choices.sourceOnly ?? [], known, '--source-only');
  requireKnown(choices.forbid ?? [], known, '--forbid');
  requireKnown(choices.force ?? [], sources, '--force');
  requireKnown(Object.keys(choices.weights ?? {}), allTargets, '--weights');
  const sourceOnly = new Set([...(file.source_only ?? []), ...(choices.sourceOnly ?? [])]);
  const targets = distinct(choices.targets ?? allTargets).filter((t) => !sourceOnly.has(t));
  if (targets.length === 0)
    throw new TaskatlasError('invalid-input', 'no target is left: every one is source-only');
  return {
    targets,
    sources,
    edges: edgesOf(file, choices),
    budgets: choices.budgets,
    maxOrder: choices.maxOrder,
    importance: choices.weights,
    forced: choices.force,
    forbidden: choices.forbid,
  };
}

/** Measured transfers that have no value for an objective: they give no edge and are reported, never imputed. */
export const missingValues = (file: TransfersFile, objective: FileObjective): readonly TransferRecord[] =>
  file.transfers.filter((record) => record[objective] === null || record[objective] === undefined);
