import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { TaskatlasError } from '@/lib/science/core';
import { problem } from '@/lib/service/contracts';
import { readStateFile, startOf, stillRuns, writeStateFile } from '@/lib/service/store';
import type { Send } from './compose';
import { instanceFile } from './places';

/** Speaks the HTTP API, to a running server or to the same routes inside this process. */
export interface ApiClient {
  /** Where a person can look, or null when no server runs. */
  readonly url: string | null;
  get<T>(path: string, schema: z.ZodType<T>): Promise<T>;
  post<T>(path: string, body: unknown, schema: z.ZodType<T>): Promise<T>;
  postText<T>(path: string, text: string, contentType: string, schema: z.ZodType<T>): Promise<T>;
  close(): Promise<void>;
}

const instance = z.object({ url: z.string(), pid: z.number().int().min(1), started: z.string().nullable() });

/** Says where this process serves, for the commands of this clone. */
export function announceInstance(url: string): void {
  const { pid } = process;
  writeStateFile(
    instanceFile,
    JSON.stringify({ url, pid, started: startOf(pid) } satisfies z.infer<typeof instance>),
  );
}

/** The server that `npm start` runs in this clone, if it is alive. */
export function runningInstance(): string | null {
  const known = readStateFile(instanceFile, instance);
  return known && stillRuns(known) ? known.url : null;
}

async function readProblem(response: Response): Promise<TaskatlasError> {
  const text = await response.text();
  const code =
    response.status === 404 ? 'not-found' : response.status < 500 ? 'invalid-input' : 'unavailable';
  try {
    const { error } = problem.parse(JSON.parse(text));
    return new TaskatlasError(code, error.message, { issues: error.issues });
  } catch {
    return new TaskatlasError(code, `The server answered ${response.status}: ${text.slice(0, 300)}`);
  }
}

/** Wraps a way to send requests into typed calls that throw `TaskatlasError` for anything but success. */
function apiClient(send: Send, url: string | null, close: () => Promise<void> = async () => {}): ApiClient {
  const call = async <T>(path: string, schema: z.ZodType<T>, init?: RequestInit): Promise<T> => {
    const response = await send(`/api/v1${path}`, init);
    if (!response.ok) throw await readProblem(response);
    return schema.parse(await response.json());
  };
  return {
    url,
    get: (path, schema) => call(path, schema),
    post: (path, body, schema) =>
      call(path, schema, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    postText: (path, text, contentType, schema) =>
      call(path, schema, { method: 'POST', body: text, headers: { 'content-type': contentType } }),
    close,
  };
}

const RETRY_MS = 500;

/**
 * The same client, whose reads outlast a restart of the server or the database: an answer `unavailable` is asked for
 * again until `seconds` have passed. Writes are not repeated: one that seems lost may have arrived.
 */
export function patientClient(api: ApiClient, seconds: number): ApiClient {
  return {
    ...api,
    async get(path, schema) {
      const deadline = performance.now() + seconds * 1000;
      for (;;) {
        try {
          return await api.get(path, schema);
        } catch (error) {
          const passing = error instanceof TaskatlasError && error.code === 'unavailable';
          if (!passing || performance.now() > deadline) throw error;
          await sleep(RETRY_MS);
        }
      }
    },
  };
}

/** An API client over HTTP. */
export function httpClient(url: string): ApiClient {
  const token = process.env.TASKATLAS_TOKEN;
  return apiClient(async (path, init) => {
    const headers = new Headers(init?.headers);
    if (token) headers.set('authorization', `Bearer ${token}`);
    try {
      return await fetch(new URL(path, url), { ...init, headers });
    } catch (cause) {
      throw new TaskatlasError('unavailable', `No Taskatlas answers at ${url}. Start one with: npm start`, {
        cause,
      });
    }
  }, url);
}

/**
 * The client for a command: `--url`, then TASKATLAS_URL, then the instance running in this
 * clone, then the same API inside this process over the database.
 */
export async function connectApi(options: { url?: string | undefined }): Promise<ApiClient> {
  const url = options.url ?? process.env.TASKATLAS_URL ?? runningInstance();
  if (url) return httpClient(url);
  const { openLocalApi } = await import('./compose');
  const local = await openLocalApi();
  return apiClient(local.send, null, local.close);
}
