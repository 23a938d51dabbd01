import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { fieldIssues } from '../contracts';
import { requireToken, sameOriginOnly, sessionRoute } from './auth';
import { answerTo, HTTP_STATUS, problemOf } from './problems';
import { docsRoutes } from './routes/docs';
import { evidenceRoutes } from './routes/evidence';
import { runRoutes } from './routes/runs';
import { sweepRoutes } from './routes/sweeps';
import { viewRoutes } from './routes/views';
import type { Service } from './service';

/** A validation failure as a problem with field paths; never the raw error of the validator. */
function refuse(
  result: { success: true } | { success: false; error: Parameters<typeof fieldIssues>[0] },
  c: Context,
): Response | undefined {
  if (result.success) return undefined;
  const issues = fieldIssues(result.error);
  const first = issues[0];
  const message = first ? `${first.path || 'request'}: ${first.message}` : 'The request is not valid.';
  return c.json(problemOf('invalid-input', message, issues), 400);
}

function onError(error: Error, c: Context, log: (error: unknown) => void): Response {
  if (error instanceof HTTPException) {
    const [code = 'invalid-input'] = Object.entries(HTTP_STATUS).find(([, s]) => s === error.status) ?? [];
    return c.json(problemOf(code, error.message), error.status);
  }
  const answer = answerTo(error);
  if (answer.log) log(error);
  if (answer.status === 503) c.header('Retry-After', '3');
  return c.json(answer.problem, answer.status as ContentfulStatusCode);
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

type Router = Pick<OpenAPIHono['router'], 'match'>;

/** Methods that a route of this path answers; what runs for every method is no route. */
function methodsOf(router: Router, path: string): string[] {
  const found = METHODS.filter((method) => {
    const [handlers] = router.match(method, path);
    return handlers.some(([[, route]]) => route.method === method);
  });
  return found.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
}

/** Nothing answers this method here: no such path (404), another method (405), or a question for the methods (204). */
function unanswered(router: Router, c: Context): Response {
  const { method, path } = c.req;
  const known = methodsOf(router, path);
  if (known.length === 0) {
    return c.json(problemOf('not-found', `There is no ${method} ${path}. See /api/v1/docs.`), 404);
  }
  c.header('Allow', [...known, 'OPTIONS'].join(', '));
  if (method === 'OPTIONS') return c.body(null, 204);
  const message = `${path} does not answer ${method}, only ${known.join(', ')}. See /api/v1/docs.`;
  return c.json(problemOf('method-not-allowed', message), HTTP_STATUS['method-not-allowed']);
}

/** The HTTP API over a wired service, with base path /api/v1. */
export function createApi(service: Service) {
  const { deps } = service;
  const app = new OpenAPIHono({ defaultHook: refuse }).basePath('/api/v1');
  app.onError((error, c) => onError(error, c, deps.log ?? (() => {})));
  app.notFound((c) => unanswered(app.router, c));
  app.use('*', async (c, next) => {
    await next();
    // Answers change while a sweep runs; a route that knows better says so itself.
    if (!c.res.headers.has('cache-control')) c.res.headers.set('Cache-Control', 'no-store');
    c.res.headers.set('X-Content-Type-Options', 'nosniff');
  });
  app.use('*', sameOriginOnly);
  if (deps.token) {
    sessionRoute(app, deps.token);
    app.use('*', requireToken(deps.token));
  }
  sweepRoutes(app, service);
  viewRoutes(app, service);
  evidenceRoutes(app, service);
  runRoutes(app, service);
  docsRoutes(app, service);
  return app;
}

export type Api = ReturnType<typeof createApi>;
