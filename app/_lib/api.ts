import type { z } from 'zod';
import { type Problem, problem } from '@/lib/service/contracts';

/** What an answer of the API said went wrong, or that there was no answer at all. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly issues: Problem['error']['issues'] = [],
  ) {
    super(message);
  }
}

export const API = '/api/v1';

/** Joins path and query, leaving out what is empty. */
export function apiPath(path: string, query: Record<string, string | number | undefined> = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') search.set(key, String(value));
  }
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}

export const sweepPath = (id: string, rest = ''): string => `/sweeps/${encodeURIComponent(id)}${rest}`;

async function errorOf(response: Response): Promise<ApiError> {
  const parsed = problem.safeParse(await response.json().catch(() => null));
  if (!parsed.success) {
    return new ApiError(
      response.status,
      'internal',
      `The server answered ${response.status} without a reason.`,
    );
  }
  const { code, message, issues } = parsed.data.error;
  return new ApiError(response.status, code, message, issues);
}

async function request(path: string, init?: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(API + path, {
      ...init,
      headers: { accept: 'application/json', ...init?.headers },
    });
  } catch {
    throw new ApiError(0, 'unavailable', 'The server cannot be reached. Is `npm start` still running?');
  }
  if (!response.ok) throw await errorOf(response);
  return response;
}

/** The raw text of an answer: compared with the last one, so that nothing is redrawn for the same content. */
export const getText = async (path: string): Promise<string> => (await request(path)).text();

/** Parses an answer by its contract. A mismatch is our bug, so it is named as one. */
export function parseAnswer<S extends z.ZodType>(schema: S, text: string, path: string): z.infer<S> {
  const parsed = schema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0];
  throw new ApiError(
    0,
    'internal',
    `The answer of ${path} has an unexpected shape at ${where?.path.join('.') ?? '?'}: ${where?.message ?? ''}`,
  );
}

/** Sends a body and parses the answer. */
export async function post<S extends z.ZodType>(
  path: string,
  schema: S,
  body?: { json: unknown } | { text: string; type: string },
): Promise<z.infer<S>> {
  const init: RequestInit = { method: 'POST' };
  if (body !== undefined) {
    init.body = 'json' in body ? JSON.stringify(body.json) : body.text;
    init.headers = { 'content-type': 'json' in body ? 'application/json' : body.type };
  }
  const response = await request(path, init);
  const text = await response.text();
  return parseAnswer(schema, text === '' ? 'null' : text, path);
}

/** The last line of an answer that failed on its way: a problem in place of a line. */
function throwProblem(line: unknown): void {
  const parsed = problem.safeParse(line);
  if (!parsed.success) return;
  const { code, message, issues } = parsed.data.error;
  throw new ApiError(200, code, message, issues);
}

/** Reads an answer of JSON lines; `hear` gets each line as it comes. Rejects with the problem that ended it. */
export async function getLines<S extends z.ZodType>(
  path: string,
  schema: S,
  hear: (line: z.infer<S>) => void,
  signal: AbortSignal,
): Promise<void> {
  const response = await request(path, { signal });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (let done = reader === undefined; !done; ) {
    const part = await reader?.read();
    done = part?.done ?? true;
    const lines = (rest + (part?.value ?? '')).split('\n');
    rest = done ? '' : (lines.pop() ?? '');
    for (const line of lines) {
      if (line === '') continue;
      throwProblem(JSON.parse(line));
      hear(parseAnswer(schema, line, path));
    }
  }
}
