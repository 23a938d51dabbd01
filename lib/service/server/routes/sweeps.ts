import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { SWEEP_FILE_MAX_BYTES, type SweepSpec } from '../../contracts';
import { cursorNow, decodeCursor, eventStream, isOver, newsSince } from '../events';
import { HTTP_STATUS, problemOf } from '../problems';
import { named, sweepRef } from '../schemas';
import type { Service } from '../service';
import { SWEEP_ACTIONS } from '../use-cases';
import { type App, goneOf, json, refusals } from './answers';
import { batchRoutes, novelRoutes } from './submissions';

const tags = ['Sweeps'];

const specBody = {
  required: true,
  description: 'A sweep file: JSON, or YAML with content type `text/yaml`',
  content: {
    'application/json': { schema: named.sweepSpec },
    'text/yaml': {
      schema: z.string().meta({ example: 'name: my sweep\ntasks: [autoencoding, z-depth]\n…' }),
    },
  },
};

const JSON_TYPE = /^application\/([a-z.-]+\+)?json$/;
const YAML_TYPE = /^(text|application)\/(x-)?yaml$/;

/** The sweep in the body; the declared type decides how it is read. */
async function specOf(c: Context, { call }: Service): Promise<SweepSpec> {
  const type = (c.req.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const format = JSON_TYPE.test(type) ? 'json' : YAML_TYPE.test(type) ? 'yaml' : null;
  if (format === null) {
    throw new HTTPException(HTTP_STATUS['unsupported-media-type'], {
      message: `Send the sweep as application/json or text/yaml, not as "${type || 'nothing'}".`,
    });
  }
  return call('parse', [await c.req.text(), format], goneOf(c));
}

/** Larger bodies are refused before they are read into memory or parsed. */
const limited = bodyLimit({
  maxSize: SWEEP_FILE_MAX_BYTES,
  onError: (c) =>
    c.json(
      problemOf('too-large', `A sweep file may have at most ${SWEEP_FILE_MAX_BYTES / 1024} KB.`),
      HTTP_STATUS['too-large'],
    ),
});

/** Submitting and acting on sweeps, and their live events. */
export function sweepRoutes(app: App, context: Service): void {
  readingRoutes(app, context);
  submitRoutes(app, context);
  // Before the actions, whose path would match them.
  batchRoutes(app, context);
  novelRoutes(app, context);
  actionRoutes(app, context);
  eventRoutes(app, context);
}

function readingRoutes(app: App, { useCases }: Service): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/sweeps',
      tags,
      summary: 'All sweeps, newest first',
      responses: { 200: json(named.sweepList, 'Sweeps with their progress'), ...refusals() },
    }),
    async (c) => c.json({ sweeps: await useCases.sweeps() }, 200),
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/sweeps/{id}',
      tags,
      summary: 'One sweep',
      request: { params: sweepRef },
      responses: { 200: json(named.sweep, 'The sweep'), ...refusals(400, 404) },
    }),
    async (c) => c.json(await useCases.sweep(c.req.valid('param').id), 200),
  );
}

/** The body is read by the parser that the command line uses, so that both give the same messages. */
function submitRoutes(app: App, context: Service): void {
  const { call } = context;
  const request = { body: specBody };
  app.openAPIRegistry.registerPath({
    method: 'post',
    path: '/sweeps',
    tags,
    summary: 'Submit a sweep',
    request,
    responses: { 201: json(named.sweep, 'The new sweep'), ...refusals(400, 413, 415) },
  });
  app.post('/sweeps', limited, async (c) => {
    const sweep = await call('submit', [await specOf(c, context)]);
    c.header('Location', `/api/v1/sweeps/${sweep.id}`);
    return c.json(sweep, 201);
  });
  app.openAPIRegistry.registerPath({
    method: 'post',
    path: '/sweeps/plan',
    tags,
    summary: 'What a sweep would run and cost, without submitting it',
    request,
    responses: { 200: json(named.plan, 'Runs by kind and estimated cost'), ...refusals(400, 413, 415) },
  });
  app.post('/sweeps/plan', limited, async (c) =>
    c.json(await call('plan', [await specOf(c, context)], goneOf(c)), 200),
  );
}

function actionRoutes(app: App, { useCases }: Service): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/sweeps/{id}/{action}',
      tags,
      summary: 'Pause, resume, stop, cancel, or retry what failed',
      description:
        '`pause`: no new runs, those at work go on to their end. `stop`: no new runs, those at work save a checkpoint ' +
        'and are given back. `resume`: after pause, stop or cancel. `cancel`: ends the sweep, and runs that no other ' +
        'sweep wants are cancelled; results stay. `retry-failed`: its failed runs, and nothing else, are tried again.',
      request: { params: sweepRef.extend({ action: z.enum(SWEEP_ACTIONS) }) },
      responses: { 200: json(named.sweep, 'The sweep after the change'), ...refusals(400, 404, 409) },
    }),
    async (c) => {
      const { id, action } = c.req.valid('param');
      return c.json(await useCases.act(id, action), 200);
    },
  );
}

function eventRoutes(app: App, { loader, live, hub, events }: Service): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/sweeps/{id}/events',
      tags,
      summary: 'Live progress as server-sent events',
      description:
        'Events: `progress` (Progress), `state` ({state}), `target` ({target, name, advice, best}) when a target is ' +
        'complete, `policy` ({policies}), `end` ({state}) when the sweep is over. Send `Last-Event-ID` to be told what ' +
        'was missed; with nothing missed of a sweep that is over the answer is 204, which ends an EventSource.',
      request: { params: sweepRef },
      responses: {
        200: { description: 'The stream', content: { 'text/event-stream': { schema: z.string() } } },
        204: { description: 'The sweep is over and nothing was missed' },
        ...refusals(400, 404),
      },
    }),
    async (c) => {
      const { id } = await loader.sweep(c.req.valid('param').id);
      const first = await live.reading(id);
      const seen = decodeCursor(c.req.header('last-event-id'));
      if (seen && isOver(first) && newsSince(first, seen).events.length === 0) return c.body(null, 204);
      const stream = eventStream(hub, first, seen ?? cursorNow(first), events, c.req.raw.signal);
      return c.body(stream, 200, {
        'Content-Type': 'text/event-stream; charset=utf-8',
        'Cache-Control': 'no-store, no-transform',
        // Keeps reverse proxies from holding events back.
        'X-Accel-Buffering': 'no',
      });
    },
  );
}
