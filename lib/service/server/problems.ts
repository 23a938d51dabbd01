import type { z } from 'zod';
import { type ErrorCode, type FieldIssue, TaskatlasError } from '@/lib/science/core';
import type { Problem } from '../contracts';

/** The one table from error codes to HTTP. */
export const STATUS = {
  'invalid-input': 400,
  'not-found': 404,
  conflict: 409,
  infeasible: 422,
  unavailable: 503,
  'out-of-memory': 500,
  diverged: 500,
  data: 422,
  cancelled: 409,
  internal: 500,
} as const satisfies Record<ErrorCode, number>;

/** Refusals that only HTTP knows. */
export const HTTP_STATUS = {
  unauthorized: 401,
  forbidden: 403,
  'too-large': 413,
  'unsupported-media-type': 415,
} as const;

export type HttpCode = keyof typeof HTTP_STATUS;

export const problemOf = (code: string, message: string, issues: readonly FieldIssue[] = []): Problem => ({
  error: { code, message, issues: issues.map(({ path, message: text }) => ({ path, message: text })) },
});

/** `['tasks', 2, 'name']` → `tasks[2].name`. */
export const fieldPath = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');

/** Issues of a zod error by field; unknown fields are named one by one. */
export function fieldIssues(error: z.ZodError): FieldIssue[] {
  return error.issues.flatMap((issue): FieldIssue[] => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ path: fieldPath([...issue.path, key]), message: 'unknown field' }));
    }
    return [{ path: fieldPath(issue.path), message: issue.message }];
  });
}

/** Codes of Node, Postgres (SQLSTATE) and Prisma that mean: the database is away or restarting. */
const AWAY = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  '08000',
  '08001',
  '08003',
  '08006',
  '57P01',
  '57P02',
  '57P03',
  'P1001',
  'P1002',
  'P1008',
  'P1017',
]);
const AWAY_WORDS =
  /connection terminated|server closed the connection|can't reach database|the database system is (starting up|shutting down|in recovery)|connection (refused|reset)/i;

/** Whether an error, or one of its causes, says that the database cannot be reached just now. */
export function databaseAway(error: unknown, depth = 0): boolean {
  if (depth > 5 || typeof error !== 'object' || error === null) return false;
  const { code, message, cause, errors } = error as Record<string, unknown>;
  if (typeof code === 'string' && AWAY.has(code)) return true;
  if (typeof message === 'string' && !(error instanceof TaskatlasError) && AWAY_WORDS.test(message))
    return true;
  const inner = Array.isArray(errors) ? errors : [];
  return [cause, ...inner].some((e) => databaseAway(e, depth + 1));
}

export const awayError = (cause: unknown): TaskatlasError =>
  new TaskatlasError(
    'unavailable',
    'The database cannot be reached just now. It may be restarting: try again in a few seconds.',
    { cause },
  );

/** Any failure as an answer. What is nobody's input is answered without its details. */
export function answerTo(error: unknown): { status: number; problem: Problem; log: boolean } {
  if (error instanceof TaskatlasError && error.code !== 'internal') {
    return {
      status: STATUS[error.code],
      problem: problemOf(error.code, error.message, error.issues),
      log: STATUS[error.code] === 500,
    };
  }
  if (databaseAway(error)) return answerTo(awayError(error));
  const message = 'Something went wrong inside Taskatlas; the server log has the details.';
  return { status: 500, problem: problemOf('internal', message), log: true };
}
