import type { ZodError } from 'zod';
import { TaskatlasError } from '@/lib/science/core';
import { fieldIssues, readYaml, SWEEP_FILE_MAX_BYTES, type SweepSpec, sweepSpec } from '../contracts';

/** A sweep nests four deep. */
const MAX_DEPTH = 50;
/** Columns of indentation; a level of a hostile file costs at least one. */
const MAX_INDENT = 200;
/** Marks that cost the parser time, some of it growing with their square; the longest sweep has some 2,000. */
const MAX_MARKS = 8000;

const bad = (message: string, path = ''): TaskatlasError =>
  new TaskatlasError('invalid-input', message, { issues: [{ path, message }] });

/**
 * Checks a parsed sweep against the contract and fills in defaults.
 * @throws TaskatlasError `invalid-input` with one issue per wrong field.
 */
export function validateSweep(value: unknown): SweepSpec {
  const result = sweepSpec.safeParse(value);
  if (result.success) return result.data;
  throw rejection('The sweep is not valid', result.error);
}

/** `invalid-input` with one issue per wrong field, the first of them in its message. */
export function rejection(what: string, error: ZodError): TaskatlasError {
  const issues = fieldIssues(error);
  const [first] = issues;
  const rest = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  return new TaskatlasError('invalid-input', `${what}: ${first?.path}: ${first?.message}${rest}`, { issues });
}

/**
 * Whether a text could nest deeper than any sweep, judged before it is parsed: the YAML parser recurses, and a stack
 * that ends inside one of V8's regular expressions is no exception but the end of the whole process.
 */
function nestsDeeply(text: string): boolean {
  let open = 0;
  for (const char of text) {
    if (char === '[' || char === '{') open += 1;
    else if (char === ']' || char === '}') open = Math.max(0, open - 1);
    if (open > MAX_DEPTH) return true;
  }
  return text.split(/\r\n|\r|\n/).some((line) => {
    const indent = /^[ \t]*/.exec(line)?.[0].length ?? 0;
    const indicators = line.match(/(?<=^|\s)[-?:](?=\s|$)|:(?=\s|$)/g)?.length ?? 0;
    return indent > MAX_INDENT || indicators > MAX_DEPTH;
  });
}

/** Whether a text holds more items, lines or quotes than any sweep: 20,000 keys alone take the parser seconds. */
const isOverfull = (text: string): boolean => (text.match(/[,\n\r:"'&*!?]/g)?.length ?? 0) > MAX_MARKS;

/**
 * A sweep file, YAML or JSON (which is YAML). Size is checked before anything is parsed, aliases before they are
 * expanded, and no custom tags are known.
 * @throws TaskatlasError `invalid-input` that names the field or the line.
 */
export function parseSweepFile(text: string): SweepSpec {
  const bytes = Buffer.byteLength(text);
  if (bytes > SWEEP_FILE_MAX_BYTES) {
    throw bad(
      `The sweep file has ${bytes} bytes; at most ${SWEEP_FILE_MAX_BYTES} are read. Is it the right file?`,
    );
  }
  if (text.includes('\u0000')) throw bad('The sweep file is not text.');
  if (nestsDeeply(text))
    throw bad('The sweep file is refused: it nests too deeply. A sweep needs four levels.');
  if (isOverfull(text))
    throw bad('The sweep file is refused: it holds more than a sweep can. Is it the right file?');
  const read = readYaml(text);
  if ('issue' in read) throw bad(`The sweep file is refused: ${read.issue.message}.`, read.issue.path);
  const { value } = read;
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw bad(
      'A sweep file is a list of fields such as "name: …" and "tasks: […]"; this one holds something else.',
    );
  }
  return validateSweep(value);
}
