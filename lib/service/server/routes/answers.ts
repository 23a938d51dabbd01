import type { OpenAPIHono, z } from '@hono/zod-openapi';
import { named } from '../schemas';

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
  503: 'The database cannot be reached just now',
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
