import { createRoute } from '@hono/zod-openapi';
import { bestSourceQuery, methodQuery, named, pairRef, policyQuery, sweepRef, targetRef } from '../schemas';
import type { Service } from '../service';
import { type App, given, json, refusals } from './answers';

const tags = ['Results'];

/** What a sweep found: matrix, targets, tournaments, ranking, policy, pairs. */
export function viewRoutes(app: App, service: Service): void {
  wholeRoutes(app, service);
  questionRoutes(app, service);
  dimensionRoutes(app, service);
  detailRoutes(app, service);
}

function wholeRoutes(app: App, { useCases }: Service): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/sweeps/{id}/matrix',
      tags,
      summary: 'The affinity matrix of one method',
      request: { params: sweepRef, query: methodQuery },
      responses: { 200: json(named.matrix, 'Cells, targets, orders and trees'), ...refusals(400, 404) },
    }),
    async (c) => c.json(await useCases.matrix(c.req.valid('param').id, c.req.valid('query').method), 200),
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
    async (c) => c.json({ targets: await useCases.targets(c.req.valid('param').id) }, 200),
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
    async (c) => c.json(await useCases.gallery(c.req.valid('param').id), 200),
  );
}

/** Order and transfer size, the dimensions beside source and target. */
function dimensionRoutes(app: App, { useCases }: Service): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/sweeps/{id}/orders',
      tags,
      summary: 'What joined sources bring each target, by order',
      request: { params: sweepRef },
      responses: { 200: json(named.orders, 'Candidates of every order by target'), ...refusals(400, 404) },
    }),
    async (c) => c.json(await useCases.orders(c.req.valid('param').id), 200),
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
      return c.json(await useCases.sizes(id, target), 200);
    },
  );
}

function questionRoutes(app: App, { useCases }: Service): void {
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
      return c.json(await useCases.bestSource(c.req.valid('param').id, target, given(options)), 200);
    },
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/sweeps/{id}/policy',
      tags,
      summary: 'The best transfer policy under a budget',
      description:
        'Solved to proved optimality at every request. What is left out is taken from the sweep: budget, order, ' +
        'objective. Targets that are incomplete or excluded are not served; no value is imputed. With the optimum come ' +
        'its bound and gap, the runner-up, greedy and random policies, and the range that missing transfers leave.',
      request: { params: sweepRef, query: policyQuery },
      responses: {
        200: json(named.policy, 'Policy, proof and budget curve'),
        ...refusals(400, 404, 409, 422),
      },
    }),
    async (c) => {
      const { costs: labelCosts, limits, ...query } = given(c.req.valid('query'));
      const request = given({ ...query, labelCosts, limits: limits && given(limits) });
      return c.json(await useCases.policy(c.req.valid('param').id, request), 200);
    },
  );
}

function detailRoutes(app: App, { useCases }: Service): void {
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
      return c.json(await useCases.advice(id, target), 200);
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
      return c.json(await useCases.methods(id, target), 200);
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
      return c.json(await useCases.domains(id, target), 200);
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
      return c.json(await useCases.tournament(id, target), 200);
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
      return c.json(await useCases.pair(id, source, target, c.req.valid('query').method), 200);
    },
  );
}
