import type { OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { named } from '../schemas';
import type { Service } from '../service';
import { type Packed, plainOf } from '../stored/shelf';
import type { ViewName } from '../threads/questions';

/** The app that routes are added to. */
export type App = OpenAPIHono;

const REASONS = {
  400: 'The request is not valid; `issues` names the fields',
  401: 'A token is asked for',
  404: 'There is no such thing',
  409: 'Not possible in the present state',
  413: 'The body is larger than 256 KB',
  415: 'The body is neither JSON nor YAML',
  422: 'No solution exists under these limits',
  503: 'The database cannot be reached just now, or too many answers are computed already; see Retry-After',
} as const;

type Refusal = keyof typeof REASONS;

/** A JSON answer in the OpenAPI document. */
export const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});

/** Refusals that a route may answer with, as problems. */
export const refusals = (...codes: Refusal[]) =>
  Object.fromEntries([...codes, 503 as const].map((code) => [code, json(named.problem, REASONS[code])]));

/** Drops what was not asked for, so that the sweep's own settings hold. */
export function given<T extends object>(query: T) {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** Whether the client has this answer already; tags are compared weakly (RFC 9110, 13.1.2). */
export function isKnown(c: Context, tag: string): boolean {
  const named = (c.req.header('if-none-match') ?? '').split(',').map((part) => part.trim());
  const bare = (text: string): string => text.replace(/^W\//, '');
  return named.some((part) => part === '*' || bare(part) === bare(tag));
}

const readsGzip = (c: Context): boolean =>
  /(^|[\s,])gzip\s*(?!;\s*q=0(\.0*)?\s*(,|$))(;|,|$)/i.test(c.req.header('accept-encoding') ?? '');

/** Headers of an answer that is kept: a client may keep it too, and asks whether it still holds. */
export const taggedHeaders = (tag: string): Record<string, string> => ({
  ETag: tag,
  'Cache-Control': 'private, no-cache',
  Vary: 'Accept-Encoding',
});

async function sendPacked(c: Context, tag: string, packed: Packed): Promise<Response> {
  const gzip = readsGzip(c);
  const bytes = gzip ? packed.gzip : await plainOf(packed);
  return new Response(new Uint8Array(bytes), {
    headers: {
      ...taggedHeaders(tag),
      'Content-Type': 'application/json',
      'Content-Length': String(bytes.length),
      ...(gzip ? { 'Content-Encoding': 'gzip' } : {}),
    },
  });
}

/** The signal of a request that ends when its client leaves. */
export const goneOf = (c: Context): AbortSignal => c.req.raw.signal;

/**
 * Answers a view of results from what is stored: 304 where the client has it, else its bytes as they are. They are the JSON
 * of the route's contract already, which is why the type that the route wants is asserted and not written again.
 */
export async function view(
  { answers }: Service,
  c: Context,
  name: ViewName,
  sweeps: readonly string[],
  ...args: readonly unknown[]
): Promise<never> {
  const question = await answers.ask({ view: name, sweeps, args });
  const { tag } = question;
  const answer = isKnown(c, tag)
    ? new Response(null, { status: 304, headers: taggedHeaders(tag) })
    : await sendPacked(c, tag, await answers.answer(question, goneOf(c)));
  return answer as never;
}
