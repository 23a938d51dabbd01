import { type ErrorCode, type FieldIssue, TaskatlasError } from '@/lib/science/core';
import { isTransient } from '../../store';
import { awayError } from '../problems';

/** A failure as it crosses from a thread: a clone of an Error would lose its code and its issues. */
interface Failure {
  code: ErrorCode;
  message: string;
  issues: readonly FieldIssue[];
  stack: string | undefined;
}

export type Outcome = { value: unknown } | { failure: Failure };

/** Runs a task inside a thread; whatever it throws becomes a value. */
export async function outcomeOf(work: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { value: await work() };
  } catch (cause) {
    const error = isTransient(cause) ? awayError(cause) : cause;
    const known = error instanceof TaskatlasError;
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    return {
      failure: { code: known ? error.code : 'internal', message, issues: known ? error.issues : [], stack },
    };
  }
}

/** The value, or the failure thrown again as it was. */
export function settle(outcome: Outcome): unknown {
  if ('value' in outcome) return outcome.value;
  const { code, message, issues, stack } = outcome.failure;
  const error = new TaskatlasError(code, message, { issues });
  if (stack !== undefined) error.stack = stack;
  throw error;
}
