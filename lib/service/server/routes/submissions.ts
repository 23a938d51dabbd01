import { createRoute, type z } from '@hono/zod-openapi';
import { bodyLimit } from 'hono/body-limit';
import { HTTP_STATUS, problemOf } from '../problems';
import { named, sweepRef } from '../schemas';
import type { Service } from '../service';
import { type App, goneOf, json, refusals } from './answers';

const tags = ['Sweeps'];

const MAX_BYTES = 1024 * 1024;

const limited = bodyLimit({
  maxSize: MAX_BYTES,
  onError: (c) =>
    c.json(
      problemOf('too-large', `The files of a batch may have at most ${MAX_BYTES / 1024} KB together.`),
      HTTP_STATUS['too-large'],
    ),
});

const body = <T extends z.ZodType>(schema: T) => ({
  body: { required: true, content: { 'application/json': { schema } } },
});

/** Several sweep files at once: all of them are submitted, or none. */
export function batchRoutes(app: App, { call }: Service): void {
  const request = body(named.batch);
  app.openapi(
    createRoute({
      method: 'post',
      path: '/sweeps/batch',
      tags,
      summary: 'Submit several sweep files, all or none',
      request,
      middleware: [limited] as const,
      responses: {
        201: json(named.sweepList, 'The new sweeps, in the order of the files'),
        ...refusals(400, 413),
      },
    }),
    async (c) => c.json({ sweeps: await call('submitBatch', [c.req.valid('json')]) }, 201),
  );
  app.openapi(
    createRoute({
      method: 'post',
      path: '/sweeps/batch/plan',
      tags,
      summary: 'What several sweep files would run and cost, each alone and together',
      request,
      middleware: [limited] as const,
      responses: { 200: json(named.batchPlan, 'Plans by file and in total'), ...refusals(400, 413) },
    }),
    async (c) => c.json(await call('planBatch', [c.req.valid('json')], goneOf(c)), 200),
  );
}

/** A target that a stored sweep did not have. */
export function novelRoutes(app: App, { call }: Service): void {
  const request = { params: sweepRef, ...body(named.novel) };
  app.openapi(
    createRoute({
      method: 'post',
      path: '/sweeps/{id}/novel',
      tags,
      summary: 'Rank the stored sources of a sweep for a target that it did not have',
      description:
        'A new sweep with that one target: its scratch run and its transfers from the encoders that are there. No ' +
        'source is trained; where one would have to be, the answer is 409. Ask the new sweep for its best source.',
      request,
      middleware: [limited] as const,
      responses: { 201: json(named.sweep, 'The new sweep'), ...refusals(400, 404, 409, 413) },
    }),
    async (c) => {
      const sweep = await call('submitNovel', [c.req.valid('param').id, c.req.valid('json')]);
      c.header('Location', `/api/v1/sweeps/${sweep.id}`);
      return c.json(sweep, 201);
    },
  );
  app.openapi(
    createRoute({
      method: 'post',
      path: '/sweeps/{id}/novel/plan',
      tags,
      summary: 'What ranking a new target would run and cost',
      request,
      middleware: [limited] as const,
      responses: {
        200: json(named.plan, 'Runs by kind and estimated cost'),
        ...refusals(400, 404, 409, 413),
      },
    }),
    async (c) =>
      c.json(await call('planNovel', [c.req.valid('param').id, c.req.valid('json')], goneOf(c)), 200),
  );
}
