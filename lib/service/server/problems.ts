import { type ErrorCode, type FieldIssue, TaskatlasError } from '@/lib/science/core';
import type { Problem } from '../contracts';
import { isTransient } from '../store';

/** The one table from error codes to HTTP. */
const STATUS = {
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
  'method-not-allowed': 405,
  'too-large': 413,
  'unsupported-media-type': 415,
} as const;

export const problemOf = (code: string, message: string, issues: readonly FieldIssue[] = []): Problem => ({
  error: { code, message, issues: issues.map(({ path, message: text }) => ({ path, message: text })) },
});

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
  if (isTransient(error)) return answerTo(awayError(error));
  const message = 'Something went wrong inside Taskatlas; the server log has the details.';
  return { status: 500, problem: problemOf('internal', message), log: true };
}
