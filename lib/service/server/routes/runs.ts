import { createRoute, z } from '@hono/zod-openapi';
import { named, runRef, runsQuery, sampleRef, sweepRef, tasksQuery } from '../schemas';
import type { Service } from '../service';
import { type App, json, refusals } from './answers';

const tags = ['Runs'];

/** Runs, their samples, the workers and the dictionary. */
export function runRoutes(app: App, context: Service): void {
  listRoutes(app, context);
  singleRoutes(app, context);
  sampleRoute(app, context);
}

function listRoutes(app: App, { useCases }: Service): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/sweeps/{id}/runs',
      tags,
      summary: 'Runs of a sweep, page by page',
      request: { params: sweepRef, query: runsQuery },
      responses: { 200: json(named.runList, 'A page of runs and how many there are'), ...refusals(400, 404) },
    }),
    async (c) => c.json(await useCases.runs(c.req.valid('param').id, c.req.valid('query')), 200),
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/sweeps/{id}/running',
      tags,
      summary: 'Runs of a sweep that workers have now, and how far each is',
      request: { params: sweepRef },
      responses: { 200: json(named.running, 'Runs at work'), ...refusals(400, 404) },
    }),
    async (c) => c.json(await useCases.running(c.req.valid('param').id), 200),
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/workers',
      tags,
      summary: 'Workers and what they are doing',
      responses: { 200: json(named.workerList, 'Workers'), ...refusals() },
    }),
    async (c) => c.json({ workers: await useCases.workers() }, 200),
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/tasks',
      tags: ['Tasks'],
      summary: 'The task dictionary of a kind of data set',
      request: { query: tasksQuery },
      responses: { 200: json(named.taskList, 'Tasks'), ...refusals(400) },
    }),
    (c) => c.json({ tasks: useCases.tasks(c.req.valid('query').dataset) }, 200),
  );
}

function singleRoutes(app: App, { useCases }: Service): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/runs/{fingerprint}',
      tags,
      summary: 'One run: recipe, curve, cost, samples',
      request: { params: runRef },
      responses: { 200: json(named.runDetail, 'The run'), ...refusals(400, 404) },
    }),
    async (c) => c.json(await useCases.run(c.req.valid('param').fingerprint), 200),
  );
  app.openapi(
    createRoute({
      method: 'post',
      path: '/runs/{fingerprint}/retry',
      tags,
      summary: 'Try a failed run again, alone',
      request: { params: runRef },
      responses: { 200: json(named.run, 'The run, queued again'), ...refusals(400, 404, 409) },
    }),
    async (c) => c.json(await useCases.retryRun(c.req.valid('param').fingerprint), 200),
  );
}

/** A run's samples never change: its fingerprint is made of all that determines them. */
function sampleRoute(app: App, { useCases, deps }: Service): void {
  const cache = `${deps.token ? 'private' : 'public'}, max-age=31536000, immutable`;
  app.openapi(
    createRoute({
      method: 'get',
      path: '/runs/{fingerprint}/samples/{index}/{file}',
      tags,
      summary:
        'A sample as PNG: input, truth or prediction of one test image, or a picture translated between domains',
      request: { params: sampleRef },
      responses: {
        200: { description: 'The image', content: { 'image/png': { schema: z.string() } } },
        304: { description: 'Not modified' },
        ...refusals(400, 404),
      },
    }),
    async (c) => {
      const { fingerprint, index, file } = c.req.valid('param');
      const role = file.slice(0, -'.png'.length);
      const png = await useCases.sample(fingerprint, index, role);
      const etag = `"${fingerprint.slice(0, 16)}-${index}-${role}"`;
      const headers = { ETag: etag, 'Cache-Control': cache };
      if (c.req.header('if-none-match') === etag) return c.body(null, 304, headers);
      return c.body(Uint8Array.from(png), 200, { ...headers, 'Content-Type': 'image/png' });
    },
  );
}
