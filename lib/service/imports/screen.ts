import { TaskatlasError } from '@/lib/science/core';

/** What an import took and what it left, by reason. */
export interface ImportReport {
  /** Transfers that were taken over. */
  imported: number;
  /** What the file holds and the sweep does not. */
  dropped: readonly { reason: DropReason; text: string; count: number; examples: readonly string[] }[];
  /** Fields that are not part of the format, and how often they occur. */
  ignored: readonly { field: string; count: number }[];
}

const MEASURES = ['affinity', 'gain', 'quality'] as const;

/** A transfer as a file gives it. */
export interface GivenTransfer extends Record<(typeof MEASURES)[number], number | null> {
  target: string;
  sources: string[];
  /** Number of sources, where the file says it. */
  order?: number | undefined;
}

/** Reasons to leave something out, in words that follow its number. */
const REASONS = {
  'no-value': 'no affinity, gain or quality',
  'wrong-order': 'the order is not the number of sources',
  'source-twice': 'a source is named twice',
  'joined-reference': 'self and pixels are references and cannot be joined with other sources',
  'unlisted-target': 'the target is not in the list "targets"',
  conflicting: 'the same sources for the same target have different values; none of them is taken',
  'target-without-transfers': 'the list "targets" names it, but no transfer that can be used has it',
  repeated: 'the same sources for the same target again, with values that agree; they are taken once',
} as const;
export type DropReason = keyof typeof REASONS;

/** Names that stand for references of a target, and are no tasks. */
const REFERENCES: ReadonlySet<string> = new Set(['self', 'pixels', 'scratch']);
const EXAMPLES = 5;

/** Collects what is dropped. */
class Drops {
  readonly #found = new Map<DropReason, { count: number; examples: string[] }>();

  add(reason: DropReason, example: string): void {
    const entry = this.#found.get(reason) ?? { count: 0, examples: [] };
    entry.count += 1;
    if (entry.examples.length < EXAMPLES) entry.examples.push(example);
    this.#found.set(reason, entry);
  }

  list(): ImportReport['dropped'] {
    return [...this.#found].map(([reason, found]) => ({ reason, text: REASONS[reason], ...found }));
  }
}

/** What is wrong with a transfer by itself, if anything. */
function faultOf(transfer: GivenTransfer, listed: ReadonlySet<string> | null): DropReason | null {
  const { sources, order, target } = transfer;
  if (new Set(sources).size < sources.length) return 'source-twice';
  if (order !== undefined && order !== sources.length) return 'wrong-order';
  if (sources.length > 1 && sources.some((source) => REFERENCES.has(source))) return 'joined-reference';
  if (listed && !listed.has(target)) return 'unlisted-target';
  return MEASURES.every((measure) => transfer[measure] === null) ? 'no-value' : null;
}

interface Group {
  transfer: Omit<GivenTransfer, 'order'>;
  where: string[];
  agrees: boolean;
}

const sameKey = ({ target, sources }: GivenTransfer): string =>
  [target, ...[...sources].sort()].join('\u0000');

/** Adds a transfer to those with the same sources and target: values that one of them lacks come from the other. */
function join(group: Group, transfer: GivenTransfer, where: string): void {
  group.where.push(where);
  for (const measure of MEASURES) {
    const [held, given] = [group.transfer[measure], transfer[measure]];
    if (held !== null && given !== null && held !== given) group.agrees = false;
    group.transfer[measure] = held ?? given;
  }
}

const asGiven = ({ target, sources }: GivenTransfer): string => `${sources.join('+')} → ${target}`;

/** A reference has no results of its own to serve. */
function refuseReferences(transfers: readonly GivenTransfer[]): void {
  const at = transfers.findIndex(({ target }) => REFERENCES.has(target));
  if (at < 0) return;
  const message = `"${transfers[at]?.target}" is the name of a reference and cannot be a target; rename it`;
  const path = `transfers[${at}].target`;
  throw new TaskatlasError('invalid-input', `${path}: ${message}`, { issues: [{ path, message }] });
}

/** Values of one set of sources and one target that agree, once each; the rest is dropped. */
function takeOnce(groups: Iterable<Group>, drops: Drops): Group['transfer'][] {
  const kept: Group['transfer'][] = [];
  for (const { transfer, where, agrees } of groups) {
    if (agrees) kept.push(transfer);
    for (const place of agrees ? where.slice(1) : where)
      drops.add(agrees ? 'repeated' : 'conflicting', place);
  }
  return kept;
}

function refuseEmpty(dropped: ImportReport['dropped']): never {
  const why = dropped.map(({ count, text, examples }) => `${count}: ${text} (${examples.join(', ')})`);
  throw new TaskatlasError('invalid-input', `No transfer of the file can be used. ${why.join('; ')}.`, {
    issues: dropped.map(({ text, examples }) => ({ path: examples[0] ?? '', message: text })),
  });
}

/**
 * The transfers of a file that can be used, each set of sources once for a target, and a report of the rest. Nothing
 * is chosen among values that differ: all of them are left out.
 * @throws TaskatlasError `invalid-input` when no transfer is left, naming the reasons
 */
export function screened(
  { transfers, targets }: { transfers: readonly GivenTransfer[]; targets?: readonly string[] | undefined },
  where: (index: number) => string,
): { transfers: Group['transfer'][]; targets?: string[]; report: Omit<ImportReport, 'ignored'> } {
  refuseReferences(transfers);
  const drops = new Drops();
  const listed = targets ? new Set(targets) : null;
  const groups = new Map<string, Group>();
  for (const [i, given] of transfers.entries()) {
    // "scratch" is what most people call it; the published files call it "pixels".
    const sources = given.sources.map((source) => (source === 'scratch' ? 'pixels' : source));
    const transfer = { ...given, sources };
    const place = `${where(i)} (${asGiven(given)})`;
    const fault = faultOf(transfer, listed);
    const group = groups.get(sameKey(transfer));
    if (fault) drops.add(fault, place);
    else if (group) join(group, transfer, place);
    else {
      const { order: _, ...rest } = transfer;
      groups.set(sameKey(transfer), { transfer: rest, where: [place], agrees: true });
    }
  }
  const kept = takeOnce(groups.values(), drops);
  const served = new Set(kept.map(({ target }) => target));
  for (const target of listed ?? []) if (!served.has(target)) drops.add('target-without-transfers', target);
  const report = { imported: kept.length, dropped: drops.list() };
  if (kept.length === 0) refuseEmpty(report.dropped);
  return {
    transfers: kept,
    ...(listed ? { targets: [...listed].filter((t) => served.has(t)) } : {}),
    report,
  };
}
