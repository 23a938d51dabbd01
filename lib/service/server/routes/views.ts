import { createRoute, type z } from '@hono/zod-openapi';
import { bestSourceQuery, methodQuery, named, pairRef, policyQuery, sweepRef, targetRef } from '../schemas';
import type { Service } from '../service';
import { type App, given, goneOf, isKnown, json, refusals, taggedHeaders, view } from './answers';

const tags = ['Results'];

/** What a sweep found: matrix, targets, tournaments, ranking, policy, pairs. */
export function viewRoutes(app: App, service: Service): void {
  wholeRoutes(app, service);
  questionRoutes(app, service);
  curveRoute(app, service);
  dimensionRoutes(app, service);
  detailRoutes(app, service);
}

function wholeRoutes(app: App, service: Service): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/sweeps/{id}/matrix',
      tags,
      summary: 'The affinity matrix of one method',
      request: { params: sweepRef, query: methodQuery },
      responses: { 200: json(named.matrix, 'Cells, targets, orders and trees'), ...refusals(400, 404) },
    }),
    async (c) => view(service, c, 'matrix', [c.req.valid('param').id], c.req.valid('query').method),
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/sweeps/{id}/targets',
      tags,
      summary: 'Targets with validity, verdicts and advice',
      request: { params: sweepRef },
      responses: { 200: json(named.targetList, 'Targets of the sweep'), ...refusals(400, 404) },
    }),
    async (c) => view(service, c, 'targets', [c.req.valid('param').id]),
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/sweeps/{id}/gallery',
      tags,
      summary: 'Every task on the same test images',
      request: { params: sweepRef },
      responses: {
        200: json(named.gallery, 'Images with truth and prediction by task'),
        ...refusals(400, 404),
      },
    }),
    async (c) => view(service, c, 'gallery', [c.req.valid('param').id]),
  );
}

/** Order and transfer size, the dimensions beside source and target. */
function dimensionRoutes(app: App, service: Service): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/sweeps/{id}/orders',
      tags,
      summary: 'What joined sources bring each target, by order',
      request: { params: sweepRef },
      responses: { 200: json(named.orders, 'Candidates of every order by target'), ...refusals(400, 404) },
    }),
    async (c) => view(service, c, 'orders', [c.req.valid('param').id]),
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/sweeps/{id}/targets/{target}/sizes',
      tags,
      summary: 'Transfers by the size of the transfer set, and where scratch catches up',
      request: { params: targetRef },
      responses: { 200: json(named.sizes, 'Points by size, and crossovers'), ...refusals(400, 404) },
    }),
    async (c) => {
      const { id, target } = c.req.valid('param');
      return view(service, c, 'sizes', [id], target);
    },
  );
}

function questionRoutes(app: App, service: Service): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/sweeps/{id}/best-source',
      tags,
      summary: 'The best sources for a target, and what to do',
      request: { params: sweepRef, query: bestSourceQuery },
      responses: { 200: json(named.bestSource, 'Ranked sources with evidence'), ...refusals(400, 404) },
    }),
    async (c) => {
      const { target, ...options } = c.req.valid('query');
      return view(service, c, 'bestSource', [c.req.valid('param').id], target, given(options));
    },
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/sweeps/{id}/policy',
      tags,
      summary: 'The best transfer policy under a budget',
      description:
        'The proved optimum, solved once per question and version of the results; where the time of the solver ends before ' +
        'the proof, the best policy found, its bound and its gap. What is left out is taken from the sweep: budget, order, ' +
        'objective. Targets that are incomplete or excluded are not served; no value is imputed. With the optimum come ' +
        'the runner-up, greedy and random policies, and the range that missing transfers leave.',
      request: { params: sweepRef, query: policyQuery },
      responses: {
        200: json(named.policy, 'Policy and proof'),
        ...refusals(400, 404, 409, 422),
      },
    }),
    async (c) => {
      const request = policyRequest(c.req.valid('query'));
      return view(service, c, 'policy', [c.req.valid('param').id], request);
    },
  );
}

/** What a policy's query asks, in the words of the use case. */
function policyRequest(query: z.infer<typeof policyQuery>) {
  const { costs: labelCosts, limits, ...rest } = given(query);
  return given({ ...rest, labelCosts, limits: limits && given(limits) });
}

function curveRoute(app: App, { answers }: Service): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/sweeps/{id}/policy/curve',
      tags,
      summary: 'The optimum at every budget of a question, line by line as it is solved',
      description:
        'JSON lines (application/x-ndjson): a PolicyCurvePoint each, ascending by budget; budgets at which no policy serves ' +
        'every target are left out. The stream ends after the last; a failure on the way is a problem in the last line. ' +
        'Ending the request ends the solver. Kept per version of the results; `budget` is ignored.',
      request: { params: sweepRef, query: policyQuery },
      responses: {
        200: {
          description: 'The points',
          content: { 'application/x-ndjson': { schema: named.policyCurvePoint } },
        },
        304: { description: 'The points of the named tag still hold' },
        ...refusals(400, 404, 409, 422),
      },
    }),
    async (c) => {
      const { budget: _, ...query } = policyRequest(c.req.valid('query'));
      const id = c.req.valid('param').id;
      const question = await answers.ask({ view: 'policyCurve', sweeps: [id], args: [query] });
      const headers = taggedHeaders(question.tag);
      if (isKnown(c, question.tag)) return c.body(null, 304, headers);
      return c.body(answers.curve(question, goneOf(c)), 200, {
        ...headers,
        'Content-Type': 'application/x-ndjson; charset=utf-8',
        // Nothing on the way may compress it: each line is read as it comes.
        'Cache-Control': 'private, no-cache, no-transform',
        // Keeps reverse proxies from holding lines back.
        'X-Accel-Buffering': 'no',
      });
    },
  );
}

function detailRoutes(app: App, service: Service): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/sweeps/{id}/targets/{target}/advice',
      tags,
      summary: 'How to transfer to a target: the four-quadrant rule beside what was measured',
      request: { params: targetRef },
      responses: { 200: json(named.advice, 'Advice in words, with its evidence'), ...refusals(400, 404) },
    }),
    async (c) => {
      const { id, target } = c.req.valid('param');
      return view(service, c, 'advice', [id], target);
    },
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/sweeps/{id}/targets/{target}/methods',
      tags,
      summary:
        'Every way to transfer to a target: method × source × labels, at equal labels and at equal compute',
      description:
        'Gain against scratch with its interval, and the training each way took, alone and with everything that had to ' +
        'be trained before it. `frontier` names the ways that beat all that cost no more.',
      request: { params: targetRef },
      responses: { 200: json(named.methods, 'Ways with gain and cost'), ...refusals(400, 404) },
    }),
    async (c) => {
      const { id, target } = c.req.valid('param');
      return view(service, c, 'methods', [id], target);
    },
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/sweeps/{id}/targets/{target}/domains',
      tags,
      summary: 'How far the two domains of a sweep lie apart, before and after each adaptation to a target',
      description:
        'Proxy A-distance, MMD² and CORAL of the pictures and of the codes before and after the training of every method ' +
        'that adapts, mean and extremes over seeds, beside its gain against scratch. `shift` is null, and nothing else ' +
        'is there, where the data set has one domain.',
      request: { params: targetRef },
      responses: { 200: json(named.domains, 'Distances by method'), ...refusals(400, 404) },
    }),
    async (c) => {
      const { id, target } = c.req.valid('param');
      return view(service, c, 'domains', [id], target);
    },
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/sweeps/{id}/targets/{target}/tournament',
      tags,
      summary: 'The tournament behind a target’s affinities',
      request: { params: targetRef },
      responses: { 200: json(named.tournament, 'Win rates and every measure'), ...refusals(400, 404) },
    }),
    async (c) => {
      const { id, target } = c.req.valid('param');
      return view(service, c, 'tournament', [id], target);
    },
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/sweeps/{id}/pairs/{source}/{target}',
      tags,
      summary: 'One cell in depth',
      request: { params: pairRef, query: methodQuery },
      responses: { 200: json(named.pair, 'Curves, ratios, rivals, image strips'), ...refusals(400, 404) },
    }),
    async (c) => {
      const { id, source, target } = c.req.valid('param');
      return view(service, c, 'pair', [id], source, target, c.req.valid('query').method);
    },
  );
}
