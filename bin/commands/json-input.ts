import { readFileSync, statSync } from 'node:fs';
import type { z } from 'zod';
import { type FieldIssue, TaskatlasError } from '@/lib/science/core';

/** Larger files are refused before they are read. */
const MAX_BYTES = 256 * 1024 * 1024;
const MAX_ISSUES = 20;

function readText(file: string): string {
  try {
    if (statSync(file).size > MAX_BYTES)
      throw new TaskatlasError('invalid-input', `${file} is larger than 256 MiB`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof TaskatlasError) throw error;
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new TaskatlasError('not-found', `cannot read ${file} (${reason}); check the path`, {
      cause: error,
    });
  }
}

/** "transfers[3].gain" from zod's path. */
const fieldPath = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, key) =>
      typeof key === 'number' ? `${text}[${key}]` : text === '' ? String(key) : `${text}.${String(key)}`,
    '',
  );

export const fieldIssues = (error: z.ZodError): FieldIssue[] =>
  error.issues.slice(0, MAX_ISSUES).map((issue) => ({ path: fieldPath(issue.path), message: issue.message }));

/** Reads and checks a JSON file. Errors name the file and, for wrong fields, each field. */
export function readJsonFile<T>(file: string, schema: z.ZodType<T>, what: string): T {
  const text = readText(file);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TaskatlasError('invalid-input', `${file} is not JSON: ${reason}`, { cause });
  }
  const result = schema.safeParse(parsed);
  if (result.success) return result.data;
  const more =
    result.error.issues.length > MAX_ISSUES
      ? ` (first ${MAX_ISSUES} of ${result.error.issues.length} problems)`
      : '';
  throw new TaskatlasError('invalid-input', `${file} is not ${what}${more}`, {
    issues: fieldIssues(result.error),
  });
}

/** A number as JSON can carry it: NaN and infinities become the strings of the reference vectors. */
export function toJson(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number>, toJson);
  if (Array.isArray(value)) return value.map(toJson);
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, toJson(entry)]));
  }
  return value;
}

export const printJson = (value: unknown): void =>
  void process.stdout.write(`${JSON.stringify(toJson(value))}\n`);
