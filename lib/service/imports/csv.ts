import { CsvError, parse } from 'csv-parse/sync';
import { type FieldIssue, nearestName, TaskatlasError } from '@/lib/science/core';
import { refusedFields, type TransfersDocument, transfersOf } from './transfers';

const MEASURES = ['affinity', 'gain', 'quality'] as const;
const COLUMNS: readonly string[] = ['target', 'sources', 'order', ...MEASURES];
const DELIMITERS = [',', ';', '\t', '|'] as const;
/** How tools write that a value is missing; an empty cell is the usual way. */
const MISSING: ReadonlySet<string> = new Set(['na', 'n/a', 'nan', 'null', 'none', '-', '–']);

const refused = (message: string, issues: FieldIssue[] = []): TaskatlasError =>
  new TaskatlasError('invalid-input', message, { issues });

interface Line {
  cells: string[];
  /** Of the file, where the record ends. */
  number: number;
  /** Comment lines up to here. */
  comments: number;
}

function linesOf(text: string, delimiter: string, last?: number): Line[] {
  try {
    const rows = parse(text, {
      delimiter,
      ...(last === undefined ? {} : { to: last }),
      info: true,
      trim: true,
      comment: '#',
      comment_no_infix: true,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      skip_empty_lines: true,
    }) as unknown as { record: string[]; info: { lines: number; comment_lines: number } }[];
    return rows.map(({ record, info }) => ({
      cells: record,
      number: info.lines,
      comments: info.comment_lines,
    }));
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw refused(`The CSV file cannot be read: ${cause.message}.`);
  }
}

const columnsOf = (line: Line | undefined): string[] => (line?.cells ?? []).map((cell) => cell.toLowerCase());

/** The first line under a delimiter; undefined where its quotes do not fit this delimiter. */
function firstLine(text: string, delimiter: string): Line | undefined {
  try {
    return linesOf(text, delimiter, 1)[0];
  } catch {
    return undefined;
  }
}

/** The delimiter under which the first line names the columns that every file has; else the one that splits it most. */
function delimiterOf(text: string): string {
  const headers = DELIMITERS.map((delimiter) => {
    const columns = columnsOf(firstLine(text, delimiter));
    const named = columns.filter((column) => COLUMNS.includes(column)).length;
    return { delimiter, named, count: columns.length };
  });
  const best = headers.reduce((a, b) =>
    b.named > a.named || (b.named === a.named && b.count > a.count) ? b : a,
  );
  return best.delimiter;
}

/** @throws TaskatlasError naming columns that are unknown, missing or there twice */
function checkHeader(columns: readonly string[]): void {
  const issues = columns.flatMap((column, i): FieldIssue[] => {
    const path = `column ${i + 1}`;
    if (column === '') return [];
    if (columns.indexOf(column) < i)
      return [{ path, message: `the column "${column}" is there twice; keep one` }];
    if (COLUMNS.includes(column)) return [];
    const meant = nearestName(
      column,
      COLUMNS.filter((known) => !columns.includes(known)),
    );
    return [{ path, message: `unknown column "${column}"${meant ? `; did you mean "${meant}"?` : ''}` }];
  });
  const missing = ['target', 'sources'].filter((column) => !columns.includes(column));
  if (missing.length === 0 && issues.length === 0) return;
  const faults = [
    ...(missing.length > 0 ? [`${missing.join(' and ')} missing`] : []),
    ...issues.map((i) => i.message),
  ];
  throw refused(
    'The CSV’s first line must name the columns target, sources (joined by "+") and some of affinity, gain, quality, ' +
      `order: ${faults.join('; ')}.`,
    issues,
  );
}

/** How the numbers of a file are written, judged over all its cells. */
interface Notation {
  /** Some number has a comma that can only be a decimal one, such as `0,5`. */
  comma: boolean;
  /** Some number has a decimal point. */
  point: boolean;
}

const GROUPED = /^[+-]?[1-9]\d{0,2}([.,]\d{3})+\s*%?$/;

function notationOf(cells: readonly string[]): Notation {
  const clear = cells.filter((cell) => !GROUPED.test(cell));
  return {
    comma: clear.some((cell) => /^[+-]?\d*,\d+\s*%?$/.test(cell)),
    point: clear.some((cell) => /^[+-]?\d*\.\d+(e[+-]?\d+)?\s*%?$/i.test(cell)),
  };
}

/** A share as people write it: `0.5`, `0,5`, `50 %`. The answer is a number, or what is wrong with the cell. */
function shareOf(cell: string, { comma, point }: Notation): number | string {
  const [, digits, percent] = /^([+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:e[+-]?\d+)?)\s*(%?)$/i.exec(cell) ?? [];
  const mark = /[.,]/.exec(cell)?.[0];
  // "1,234" is a share of 1.234 or a thousand, depending on who wrote it; "1.234" is clear where points are decimal.
  const unclear = GROUPED.test(cell) && (mark === ',' ? !comma || point : comma);
  if (unclear) return `"${cell}" is ambiguous: is "${mark}" a decimal mark? Write it with a decimal point`;
  if (digits === undefined)
    return `"${cell}" is not a number (leave the cell empty when it was not measured)`;
  const value = Number(digits.replace(',', '.')) / (percent ? 100 : 1);
  if (value >= 0 && value <= 1) return value;
  const hint = value > 1 && value <= 100 && !percent ? `; write ${cell} % as a percentage` : '';
  return `"${cell}" is not between 0 and 1${hint}`;
}

type Row = Record<string, unknown>;

/** One line as a transfer; what is wrong with it goes to `issues`. */
function transferOf(
  { cells, number }: Line,
  columns: readonly string[],
  notation: Notation,
  issues: FieldIssue[],
): Row {
  const line = `line ${number}`;
  if (cells.length !== columns.length) {
    const comma =
      cells.length > columns.length ? ' (a decimal comma needs quotes, or ";" between the columns)' : '';
    issues.push({ path: line, message: `${cells.length} cells under ${columns.length} columns${comma}` });
  }
  const cell = (column: string): string => cells[columns.indexOf(column)] ?? '';
  columns.forEach((column, i) => {
    if (column === '' && cells[i])
      issues.push({ path: line, message: `"${cells[i]}" is under a column without a name` });
  });
  const row: Row = { target: cell('target'), sources: cell('sources').split('+') };
  const order = cell('order');
  if (order !== '') {
    if (/^\d{1,3}$/.test(order)) row.order = Number(order);
    else issues.push({ path: `${line}, order`, message: `"${order}" is not a whole number` });
  }
  for (const column of MEASURES) {
    const text = cell(column);
    const value = text === '' || MISSING.has(text.toLowerCase()) ? null : shareOf(text, notation);
    if (typeof value === 'string') issues.push({ path: `${line}, ${column}`, message: value });
    else row[column] = value;
  }
  if (
    cell('target') === '' ||
    cell('sources')
      .split('+')
      .some((source) => source.trim() === '')
  )
    issues.push({ path: line, message: 'a target or a source has no name' });
  return row;
}

/** Values that were written as "NA" and the like, and lines that are comments: read as intended, and said. */
function leftOut(lines: readonly Line[], columns: readonly string[]): TransfersDocument['report']['ignored'] {
  const measured = MEASURES.map((measure) => columns.indexOf(measure)).filter((i) => i >= 0);
  const missing = lines.reduce(
    (sum, { cells }) => sum + measured.filter((i) => MISSING.has(cells[i]?.toLowerCase() ?? '')).length,
    0,
  );
  const comments = lines.at(-1)?.comments ?? 0;
  return [
    ...(missing > 0 ? [{ field: 'values written as missing (NA, NaN, –)', count: missing }] : []),
    ...(comments > 0 ? [{ field: 'comment lines', count: comments }] : []),
  ];
}

/**
 * Transfers as CSV: a header, then one transfer a line. Sources are joined by `+`; an empty cell is not measured.
 * Columns are divided by comma, semicolon, tab or bar; shares are written `0.5`, `0,5` or `50 %`. Lines that begin with
 * `#` are comments.
 * @throws TaskatlasError `invalid-input` naming the lines.
 */
export function transfersFromCsv(text: string): TransfersDocument {
  // Excel's own first line names the delimiter.
  const body = text.replace(/^\uFEFF/, '').replace(/^sep=.\r?\n/i, '');
  const [first, ...lines] = linesOf(body, delimiterOf(body));
  if (!first) throw refused('The CSV file is empty.');
  const columns = columnsOf(first);
  checkHeader(columns);
  const measured = columns.flatMap((column, i) =>
    (MEASURES as readonly string[]).includes(column) ? [i] : [],
  );
  const notation = notationOf(lines.flatMap(({ cells }) => measured.map((i) => cells[i] ?? '')));
  const issues: FieldIssue[] = [];
  const transfers = lines.map((line) => transferOf(line, columns, notation, issues));
  if (issues.length > 0) throw refusedFields('The CSV file cannot be read', issues);
  if (transfers.length === 0) throw refused('The CSV file holds no transfers below its header.');
  const document = transfersOf({ transfers }, (i) => `line ${lines[i]?.number}`);
  const ignored = [...document.report.ignored, ...leftOut(lines, columns)];
  return { ...document, report: { ...document.report, ignored } };
}
