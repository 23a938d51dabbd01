import { z } from 'zod';
import { type FieldIssue, isReservedName, nearestName, TaskatlasError } from '@/lib/science/core';
import { fieldIssues } from '../contracts';
import { type ImportReport, screened } from './screen';

const notShare = ({ input }: { input?: unknown }): string =>
  `${typeof input === 'number' ? input : JSON.stringify(input)?.slice(0, 40)} is not between 0 and 1 (a share of the ` +
  'test images); null = not measured';
const share = z
  .number({ error: notShare })
  .min(0, { error: notShare })
  .max(1, { error: notShare })
  .nullable()
  .default(null);

/** A name as people write it, in one Unicode form: "é" of one code point and of two are one name. */
const name = z
  .string()
  .transform((text) => text.trim().normalize('NFC'))
  .pipe(
    z
      .string()
      .min(1, 'a name is empty')
      .max(200)
      .refine(
        (text) => !/(?![\t\n\r])\p{Cc}|\p{Cs}/u.test(text),
        'a name has control characters or half of a character',
      )
      .refine((text) => !isReservedName(text), {
        error: ({ input }) => `the name "${input}" is reserved by JavaScript; rename the task in the file`,
      }),
  );

const MAX_TRANSFERS = 200_000;
const MAX_ISSUES = 20;

const transfer = z.object({
  target: name,
  sources: z.array(name).min(1).max(100),
  order: z.number().optional(),
  affinity: share,
  gain: share,
  quality: share,
});

const transfersDocument = z.object({
  repo: z.string().max(500).default(''),
  commit: z.string().max(100).default(''),
  licence: z.string().max(500).default('not stated'),
  /** How many training images a transfer had: `16k`, `1k`, `early16k`; free text elsewhere. */
  regime: z.string().max(100).default(''),
  task_names: z.record(name, z.string().max(200)).default({}),
  targets: z.array(name).min(1).max(500).optional(),
  /** Sources of the dictionary, where the file names them (the published files do): others serve no policy. */
  dictionary26: z.array(name).min(1).max(500).optional(),
  sources: z.array(name).min(1).max(500).optional(),
  source_only: z.array(name).max(500).default([]),
  transfers: z.array(transfer).min(1).max(MAX_TRANSFERS),
});

type Parsed = z.output<typeof transfersDocument>;
export type PublishedTransfer = Omit<Parsed['transfers'][number], 'order'>;

/**
 * Transfers that were measured elsewhere: the open format, of which the published files of `reference/taskonomy` are
 * an instance. Win rates are shares in [0, 1]; `null` or absent = not measured, and nothing is imputed. The source
 * `self` is the target's own fully supervised network, `pixels` training from scratch. No two transfers of a target
 * have the same sources; the report says what the file held beside.
 */
export type TransfersDocument = Omit<Parsed, 'transfers'> & {
  transfers: PublishedTransfer[];
  report: ImportReport;
};

export function byTarget(transfers: readonly PublishedTransfer[]): ReadonlyMap<string, PublishedTransfer[]> {
  const groups = new Map<string, PublishedTransfer[]>();
  for (const each of transfers) {
    const group = groups.get(each.target);
    if (group) group.push(each);
    else groups.set(each.target, [each]);
  }
  return groups;
}

const matrix = z.array(z.array(z.number().nullable()));

/** One regime of `first_order.json`: matrices with targets in rows and sources in columns. */
const firstOrderRegime = z.object({
  rows_targets: z.array(name).min(1).max(500),
  cols_sources: z.array(name).min(1).max(500),
  before: z.object({ gain_vs_scratch: matrix, quality_vs_gold: matrix }),
  after: z.object({ affinity_all_orders: matrix }),
});

const REGIME = /^(early)?\d+k?$/;

/** `invalid-input` whose message names the first field that is wrong; `issues` has the first twenty. */
export function refusedFields(what: string, issues: readonly FieldIssue[]): TaskatlasError {
  const [first] = issues;
  const rest = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  return new TaskatlasError('invalid-input', `${what}: ${first?.path}: ${first?.message}${rest}`, {
    issues: issues.slice(0, MAX_ISSUES),
  });
}

const FORMATS =
  'This is no file of published transfers. Accepted are the open transfers format (docs/published-data.md), CSV with ' +
  'the columns target, sources, affinity, gain, quality, and first-order matrices';

const REFUSED = 'The transfers file is refused';

/** Fields that say something about a file; what resembles one of them is no slip. */
const DESCRIPTIVE = [
  'repo',
  'commit',
  'licence',
  'regime',
  'note',
  'files',
  'fields',
  'count',
  'count_by_order',
];
const DOCUMENT_FIELDS = Object.keys(transfersDocument.shape);
const TRANSFER_FIELDS = Object.keys(transfer.shape);

/** Fields of one or two letters resemble everything. */
const SHORT = 3;

const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

const hasTransfers = (value: unknown): value is { transfers: unknown[] } =>
  isObject(value) && Array.isArray(value.transfers);

/**
 * Unknown fields: one that looks like a known field that is missing is a slip and refused; others are counted by
 * name.
 */
function unknownFields(value: unknown): ImportReport['ignored'] {
  const issues: FieldIssue[] = [];
  const counts = new Map<string, number>();
  const look = (object: unknown, known: readonly string[], path: string, general: string): void => {
    if (!isObject(object)) return;
    for (const field of Object.keys(object)) {
      if (known.includes(field)) continue;
      const meant =
        field.length < SHORT
          ? null
          : nearestName(
              field.toLowerCase(),
              known.filter((other) => !Object.hasOwn(object, other) && !DESCRIPTIVE.includes(other)),
            );
      if (meant === null) counts.set(general + field, (counts.get(general + field) ?? 0) + 1);
      else issues.push({ path: path + field, message: `unknown field; did you mean "${meant}"?` });
    }
  };
  look(value, [...DOCUMENT_FIELDS, ...DESCRIPTIVE], '', '');
  if (hasTransfers(value))
    value.transfers.forEach((each, i) => {
      look(each, TRANSFER_FIELDS, `transfers[${i}].`, 'transfers[].');
    });
  if (issues.length > 0) throw refusedFields(REFUSED, issues);
  return [...counts].map(([field, count]) => ({ field, count }));
}

/** Checks a document's fields, then what its transfers say together. `where` names a transfer of the file. */
export function transfersOf(
  value: unknown,
  where: (index: number) => string = (i) => `transfers[${i}]`,
): TransfersDocument {
  const ignored = unknownFields(value);
  const parsed = transfersDocument.safeParse(value);
  if (!parsed.success)
    throw refusedFields(hasTransfers(value) ? REFUSED : FORMATS, fieldIssues(parsed.error));
  const { report, ...kept } = screened(parsed.data, where);
  return { ...parsed.data, ...kept, report: { ...report, ignored } };
}

function firstOrderDocuments(file: object): TransfersDocument[] {
  const regimes = Object.entries(file).filter(([key]) => REGIME.test(key));
  const shared = Object.fromEntries(
    Object.entries(file).filter(([key]) => DOCUMENT_FIELDS.includes(key) && key !== 'targets'),
  );
  return regimes.map(([regime, value]) => {
    const parsed = firstOrderRegime.safeParse(value);
    if (!parsed.success) {
      const issues = fieldIssues(parsed.error).map((i) => ({ ...i, path: `${regime}.${i.path}` }));
      throw refusedFields('This is no file of first-order matrices', issues);
    }
    const { rows_targets: targets, cols_sources: sources, before, after } = parsed.data;
    const transfers = targets.flatMap((target, row) =>
      sources.map((source, column) => ({
        target,
        sources: [source],
        affinity: after.affinity_all_orders[row]?.[column] ?? null,
        gain: before.gain_vs_scratch[row]?.[column] ?? null,
        quality: before.quality_vs_gold[row]?.[column] ?? null,
      })),
    );
    // A cell of a matrix without a value is no transfer that was left out.
    const measured = transfers.filter((t) => t.affinity !== null || t.gain !== null || t.quality !== null);
    return transfersOf({ ...shared, regime, targets, transfers: measured });
  });
}

/**
 * The documents of a parsed JSON file: one for the transfers format, one per regime for first-order matrices.
 * @throws TaskatlasError `invalid-input` naming the fields.
 */
export function readTransfers(value: unknown): TransfersDocument[] {
  if (isObject(value) && !('transfers' in value)) {
    const documents = firstOrderDocuments(value);
    if (documents.length > 0) return documents;
  }
  return [transfersOf(value)];
}
