/**
 * Every failure that a person can meet has a code. Rooms above map the code to
 * what their medium needs (HTTP status, exit code, colour); nobody below knows those.
 */
export type ErrorCode =
  | 'invalid-input'
  | 'not-found'
  | 'conflict'
  | 'infeasible'
  | 'unavailable'
  | 'out-of-memory'
  | 'diverged'
  | 'data'
  | 'cancelled'
  | 'internal';

/** One thing wrong with an input, named by the path of its field ("tasks[2].name"). */
export interface FieldIssue {
  path: string;
  message: string;
}

/**
 * The only error class that crosses rooms.
 * The message is for a person and says what to do; `issues` names the fields.
 */
export class TaskatlasError extends Error {
  override readonly name = 'TaskatlasError';
  readonly code: ErrorCode;
  readonly issues: readonly FieldIssue[];

  constructor(
    code: ErrorCode,
    message: string,
    options: { issues?: readonly FieldIssue[]; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.issues = options.issues ?? [];
  }
}
