import { type PolicyEdge, TaskatlasError, type TaskId } from '@/lib/science/core';
import type { PolicyProblem } from './problem';

/** What a transfer can be worth in a file. The paper maximises affinity. */
export const FILE_OBJECTIVES = ['affinity', 'quality', 'gain'] as const;
export type FileObjective = (typeof FILE_OBJECTIVES)[number];

/** One measured transfer of the open format. `null` or absent = not measured; nothing is imputed. */
export interface TransferRecord extends Readonly<Partial<Record<FileObjective, number | null>>> {
  readonly target: TaskId;
  readonly sources: readonly TaskId[];
}

/**
 * The open transfers format (`reference/taskonomy/transfers_16k.json`), read by service/imports. The source `self` stands
 * for the target's own fully supervised network.
 */
export interface TransfersFile {
  readonly targets?: readonly TaskId[] | undefined;
  readonly dictionary26?: readonly TaskId[] | undefined;
  readonly sources?: readonly TaskId[] | undefined;
  readonly source_only?: readonly TaskId[];
  readonly transfers: readonly TransferRecord[];
}

/** Names in published files that are no tasks: the gold network, the scratch network, an abandoned class list. */
const PSEUDO_SOURCES = ['self', 'pixels', 'class_selected'] as const;

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

/**
 * What to maximise over a file: the asked objective, else the one that the most targets have transfers with values of
 * (affinity, quality, gain among equals).
 * @throws TaskatlasError `invalid-input` naming the objectives that exist, when the asked one has no values
 */
export function fileObjective({ transfers }: TransfersFile, asked?: FileObjective): FileObjective {
  const counts = FILE_OBJECTIVES.map((objective) => {
    const measured = transfers.filter((t) => !isSelf(t) && typeof t[objective] === 'number');
    return { objective, targets: new Set(measured.map((t) => t.target)).size };
  });
  const held = counts.filter(({ targets }) => targets > 0);
  if (asked === undefined) {
    const most = held.reduce<(typeof held)[number] | null>(
      (a, b) => (a && a.targets >= b.targets ? a : b),
      null,
    );
    return most?.objective ?? 'affinity';
  }
  if (held.length === 0 || held.some(({ objective }) => objective === asked)) return asked;
  const names = held.map(({ objective }) => objective).join(' or ');
  throw new TaskatlasError('invalid-input', `This file has no ${asked} values; use --objective ${names}`, {
    issues: [{ path: 'objective', message: `the file has ${names}` }],
  });
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
