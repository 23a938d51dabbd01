import { z } from 'zod';
import { repeated, targetAnalysis, taskDeclaration } from './analysis';
import { bundledPictures, bundledRun } from './bundle-runs';
import { sweepNote } from './notes';
import { policyEdge, policyRecord } from './policy';
import { sweepSpec } from './sweep-spec';

const amount = z.number().min(0);

const policy = policyRecord.extend({ edges: z.array(policyEdge.strict()).max(500) }).strict();

/**
 * The figures of a sweep without weights and per-image losses: what pages, policies and trees are computed from, the
 * runs' learning curves, and what they answered on a few small test images. Written by
 * `taskatlas export bundle`, read by `taskatlas import bundle`.
 */
export const sweepBundle = z
  .strictObject({
    format: z.literal('taskatlas-bundle-1'),
    name: z.string().min(1).max(80),
    spec: sweepSpec,
    tasks: z.array(taskDeclaration).min(1).max(500),
    analyses: z.array(targetAnalysis).max(500),
    policies: z.array(policy).max(10_000),
    notes: z.array(sweepNote.strict()).max(1000),
    runs: z.array(bundledRun).max(20_000).default([]),
    pictures: z.array(bundledPictures).max(500).default([]),
    /** What it took: runs by state, busy seconds of all workers, seconds from submission to the end. */
    effort: z.strictObject({
      runs: amount,
      failed: amount,
      busySeconds: amount,
      elapsedSeconds: amount,
      backends: z.array(z.string()),
    }),
  })
  .superRefine(({ tasks, analyses, policies, runs, pictures }, context) => {
    const refuse = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    for (const i of repeated(tasks, (t) => t.id))
      refuse(['tasks', i, 'id'], `"${tasks[i]?.id}" is there twice`);
    for (const i of repeated(analyses, (a) => a.target))
      refuse(['analyses', i, 'target'], `"${analyses[i]?.target}" is there twice`);
    for (const i of repeated(policies, (p) => `${p.budget} ${p.maxOrder} ${p.objectiveName}`))
      refuse(['policies', i], 'the same question is answered twice');
    const known = new Set(tasks.map((t) => t.id));
    runs.forEach(({ recipe }, i) => {
      if (!known.has(recipe.task))
        refuse(['runs', i, 'recipe', 'task'], `"${recipe.task}" is not among the tasks`);
      const sources = recipe.kind === 'transfer' ? recipe.sources : [];
      sources.forEach(({ task, run }, k) => {
        const source = runs[run]?.recipe;
        if (source?.kind !== 'source' || source.task !== task)
          refuse(['runs', i, 'recipe', 'sources', k, 'run'], `run ${run} is not the network of "${task}"`);
      });
    });
    for (const i of repeated(pictures, (p) => p.task))
      refuse(['pictures', i, 'task'], `"${pictures[i]?.task}" is there twice`);
    analyses.forEach(({ target, tournamentKeys, winRates }, i) => {
      if (!known.has(target)) refuse(['analyses', i, 'target'], `"${target}" is not among the tasks`);
      const rows = winRates.length;
      if (rows > 0 && (rows !== tournamentKeys.length || winRates.some((row) => row.length !== rows)))
        refuse(['analyses', i, 'winRates'], 'must have a row and a column for each of tournamentKeys');
    });
  });

export type SweepBundle = z.infer<typeof sweepBundle>;
