import { createHash, timingSafeEqual } from 'node:crypto';
import type { Hono, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { HTTP_STATUS, problemOf } from './problems';

/** Cookie that carries the token for what a browser cannot send headers with: images and event streams. */
const TOKEN_COOKIE = 'taskatlas_token';

const sha = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Comparison in constant time, whatever the lengths. */
const same = (a: string, b: string): boolean => timingSafeEqual(sha(a), sha(b));

/** Paths that answer without a token: they hold nothing of anybody's. */
const OPEN = ['/api/v1/health', '/api/v1/openapi.json', '/api/v1/docs'];

/**
 * `GET /session?token=…` gives a browser the cookie and sends it to the dashboard. Strict, so that no other site's
 * page can use it.
 */
export function sessionRoute(app: Pick<Hono, 'get'>, token: string): void {
  app.get('/session', (c) => {
    if (!same(c.req.query('token') ?? '', token)) {
      return c.json(
        problemOf('unauthorized', 'This is not the token of this server.'),
        HTTP_STATUS.unauthorized,
      );
    }
    const secure = new URL(c.req.url).protocol === 'https:';
    setCookie(c, TOKEN_COOKIE, token, { httpOnly: true, sameSite: 'Strict', path: '/', secure });
    return c.redirect('/', 303);
  });
}

/** Asks for the bearer token, as a header or (reading only) as a cookie. */
export function requireToken(token: string): MiddlewareHandler {
  return async (c, next) => {
    const header = /^Bearer (.+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
    const cookie = getCookie(c, TOKEN_COOKIE);
    const given = [header, cookie].some((text) => text !== undefined && same(text, token));
    if (given || OPEN.includes(c.req.path)) return next();
    c.header('WWW-Authenticate', 'Bearer realm="taskatlas"');
    const message =
      'This server asks for a token: send "Authorization: Bearer …" with the value of TASKATLAS_TOKEN.';
    return c.json(problemOf('unauthorized', message), HTTP_STATUS.unauthorized);
  };
}

/**
 * Refuses changes that another site's page makes in a visitor's browser. A request without an Origin
 * (curl, the CLI, scripts) is nobody's page.
 */
export const sameOriginOnly: MiddlewareHandler = async (c, next) => {
  const origin = c.req.header('origin');
  const reading = c.req.method === 'GET' || c.req.method === 'HEAD';
  // The gate let only names of this server pass, and a forwarded one only from a proxy that it trusts.
  const hosts = [c.req.header('host'), c.req.header('x-forwarded-host')];
  if (reading || origin === undefined || hosts.includes(hostOf(origin) ?? 'none')) return next();
  const message = 'Changes are only accepted from pages of this server.';
  return c.json(problemOf('forbidden', message), HTTP_STATUS.forbidden);
};

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
