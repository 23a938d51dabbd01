import type { z } from 'zod';
import { TaskatlasError } from '@/lib/science/core';
import { fieldIssues } from '@/lib/service/contracts';
import { about, parseJson, readBytes, textOf } from '@/lib/service/imports';

const MAX_ISSUES = 20;

/** Reads and checks a JSON file. Errors name the file and, for wrong fields, each field. */
export async function readJsonFile<T>(file: string, schema: z.ZodType<T>, what: string): Promise<T> {
  const bytes = await readBytes(file);
  return about(file, () => {
    const result = schema.safeParse(parseJson(textOf(bytes)));
    if (result.success) return result.data;
    const issues = fieldIssues(result.error);
    const more = issues.length > MAX_ISSUES ? ` (first ${MAX_ISSUES} of ${issues.length} problems)` : '';
    throw new TaskatlasError('invalid-input', `not ${what}${more}`, { issues: issues.slice(0, MAX_ISSUES) });
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
