import { createRoute } from '@hono/zod-openapi';
import { docsPage } from '../docs-page';
import { answerTo } from '../problems';
import { named } from '../schemas';
import type { Service } from '../service';
import { type App, json } from './answers';

const DESCRIPTION =
  'Taskatlas measures which tasks teach which. Every answer is JSON; every refusal is `{error: {code, message, ' +
  'issues: [{path, message}]}}` with a message that says what to do. With TASKATLAS_TOKEN set on the server, send ' +
  '`Authorization: Bearer <token>`.';

/** The OpenAPI document, its readable page, and health. */
export function docsRoutes(app: App, { deps, versions }: Service): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/health',
      tags: ['Service'],
      summary: 'Whether the service and its database answer',
      responses: { 200: json(named.health, 'All well'), 503: json(named.health, 'The database is away') },
    }),
    async (c) => {
      const { version } = deps;
      try {
        await versions.read();
        return c.json({ status: 'ok' as const, database: 'ok' as const, version }, 200);
      } catch (error) {
        if (answerTo(error).status !== 503) throw error;
        return c.json({ status: 'unavailable' as const, database: 'away' as const, version }, 503);
      }
    },
  );
  const info = {
    openapi: '3.1.0',
    info: { title: 'Taskatlas API', version: deps.version, description: DESCRIPTION },
    servers: [{ url: '/' }],
    tags: ['Sweeps', 'Results', 'Evidence', 'Runs', 'Tasks', 'Service'].map((name) => ({ name })),
  };
  app.doc31('/openapi.json', info);
  app.get('/docs', (c) => {
    c.header(
      'Content-Security-Policy',
      "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    );
    return c.html(docsPage(app.getOpenAPI31Document(info), new URL(c.req.url).origin));
  });
}
