import { createRoute } from '@hono/zod-openapi';
import { agreementQuery, named, similarityQuery, sweepRef } from '../schemas';
import type { Service } from '../service';
import { type App, given, json, refusals, view } from './answers';

const tags = ['Evidence'];

/** What a matrix rests on: validity, structure, agreement with another sweep. */
export function evidenceRoutes(app: App, service: Service): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/sweeps/{id}/validity',
      tags,
      summary: 'Whether the results mean anything, target by target',
      description:
        'References (mean predictor, scratch, own network), seed noise, signal-to-noise, what is excluded and why, ' +
        'split-half reliability over test scenes and agreement between seeds.',
      request: { params: sweepRef },
      responses: { 200: json(named.validity, 'Targets with their checks'), ...refusals(400, 404) },
    }),
    async (c) => view(service, c, 'validity', [c.req.valid('param').id]),
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/sweeps/{id}/similarity',
      tags,
      summary: 'Similarity tree, one-sided pairs, cycles, family test',
      request: { params: sweepRef, query: similarityQuery },
      responses: { 200: json(named.similarity, 'Structure of the matrix'), ...refusals(400, 404) },
    }),
    async (c) => view(service, c, 'similarity', [c.req.valid('param').id], c.req.valid('query').unit),
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/sweeps/{id}/agreement',
      tags,
      summary: 'Rank of sources here against another sweep',
      description:
        'Spearman correlation per target over the sources that both sweeps measured. Tasks are matched by id, by the ' +
        'names of the published Taskonomy results, or as `map` says.',
      request: { params: sweepRef, query: agreementQuery },
      responses: { 200: json(named.agreement, 'Correlations by target'), ...refusals(400, 404) },
    }),
    async (c) => {
      const { with: other, ...request } = c.req.valid('query');
      return view(service, c, 'agreement', [c.req.valid('param').id, other], given(request));
    },
  );
}
