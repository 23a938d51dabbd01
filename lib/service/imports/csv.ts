import { type FieldIssue, TaskatlasError } from '@/lib/science/core';
import { type TransfersDocument, transfersDocument } from './transfers';

const MEASURES = ['affinity', 'gain', 'quality'] as const;
const COLUMNS: readonly string[] = ['target', 'sources', 'order', ...MEASURES];
const MAX_ISSUES = 20;

const refused = (message: string, issues: FieldIssue[] = []): TaskatlasError =>
  new TaskatlasError('invalid-input', message, { issues });

/** Fields of one line; quotes as in RFC 4180, without line breaks inside them. */
function fieldsOf(line: string): string[] {
  const fields = line.match(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g) ?? [];
  const cells = fields.map((field) => field.replace(/,$/, '').trim());
  // the pattern also matches the empty rest after the last field
  if (!line.endsWith(',') && cells.length > 1) cells.pop();
  return cells.map((cell) => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell));
}

function header(line: string): string[] {
  const columns = fieldsOf(line).map((column) => column.toLowerCase());
  const unknown = columns.filter((column) => !COLUMNS.includes(column));
  if (!columns.includes('target') || !columns.includes('sources') || unknown.length > 0) {
    const why = unknown.length > 0 ? `it has ${unknown.join(', ')}` : `it has ${columns.join(', ')}`;
    throw refused(
      `The CSV's first line must name the columns target, sources and some of affinity, gain, quality: ${why}.`,
    );
  }
  return columns;
}

function measureOf(text: string, path: string, issues: FieldIssue[]): number | null {
  if (text === '') return null;
  const value = Number(text);
  if (!(value >= 0 && value <= 1))
    issues.push({ path, message: `"${text}" is no share between 0 and 1 (empty = not measured)` });
  return value;
}

/**
 * Transfers as CSV: a header, then one transfer a line. Sources are joined by `+`; an empty cell is not measured.
 * Lines that begin with `#` are comments.
 * @throws TaskatlasError `invalid-input` naming the lines.
 */
export function transfersFromCsv(text: string): TransfersDocument {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
    .map((content, i) => ({ content, number: i + 1 }))
    .filter(({ content }) => content.trim() !== '' && !content.startsWith('#'));
  const [first, ...rest] = lines;
  if (!first) throw refused('The CSV file is empty.');
  const columns = header(first.content);
  const issues: FieldIssue[] = [];
  const transfers = rest.map(({ content, number }) => {
    const cells = fieldsOf(content);
    if (cells.length !== columns.length)
      issues.push({
        path: `line ${number}`,
        message: `${cells.length} cells under ${columns.length} columns`,
      });
    const cell = (column: string): string => cells[columns.indexOf(column)] ?? '';
    const measure = (column: (typeof MEASURES)[number]) =>
      measureOf(cell(column), `line ${number}, ${column}`, issues);
    const sources = cell('sources')
      .split('+')
      .map((source) => source.trim());
    if (cell('target') === '' || sources.includes(''))
      issues.push({ path: `line ${number}`, message: 'a target or a source has no name' });
    return {
      target: cell('target'),
      sources,
      affinity: measure('affinity'),
      gain: measure('gain'),
      quality: measure('quality'),
    };
  });
  if (issues.length > 0) throw refused('The CSV file cannot be read.', issues.slice(0, MAX_ISSUES));
  const parsed = transfersDocument.safeParse({ transfers });
  if (!parsed.success) throw refused('The CSV file holds no transfers below its header.');
  return parsed.data;
}
