import { z } from 'zod';
import {
  bestSourceView,
  matrixView,
  type PolicyView,
  policyView,
  type SweepView,
} from '@/lib/service/contracts';
import type { ApiClient } from '../api-client';
import { percent, table } from '../terminal';

/** The last words of a sweep: best source per target with its gain, and the policy for a small budget. */
export async function finalReport(api: ApiClient, sweep: SweepView): Promise<string> {
  const matrix = await api.get(`/sweeps/${sweep.id}/matrix`, matrixView);
  const rows = await Promise.all(
    matrix.targetRows.map(async (row) => {
      if (!row.complete) return [row.target, '–', '–', 'not complete'];
      const query = new URLSearchParams({ target: row.target });
      const { set, sources } = await api.get(`/sweeps/${sweep.id}/best-source?${query}`, bestSourceView);
      const first = sources.find(({ source }) => source === set.best) ?? sources[0];
      const note = row.kept
        ? set.noneHelps
          ? `none of ${set.name} is shown to help`
          : `of ${set.name}`
        : `excluded: ${row.reasons[0] ?? 'not valid'}`;
      return [row.target, first?.source ?? '–', percent(first?.gain ?? null), note];
    }),
  );
  const parts = [table(['target', 'best source', 'images won against scratch', ''], rows)];
  const policy = await api.get(`/sweeps/${sweep.id}/policy`, policyView).catch(() => null);
  if (policy) parts.push(policySentence(policy));
  return parts.join('\n\n');
}

function policySentence(policy: PolicyView): string {
  const transfers = policy.edges.filter((edge) => edge.kind !== 'self');
  const served = transfers
    .map((edge) => `${edge.target} from ${edge.sources.join(' + ') || edge.kind}`)
    .join(', ');
  return (
    `With labels for ${policy.budget} tasks: supervise ${policy.sources.join(', ')}` +
    `${served ? `; then ${served}` : ''} (${policy.optimal ? 'proved optimal' : 'not proved optimal'}).`
  );
}

/** The JSON line that ends `start --once`. */
const onceSummary = z.object({
  sweep: z.string(),
  state: z.string(),
  runs: z.number(),
  failed: z.number(),
  url: z.string(),
  backend: z.string(),
  /** Seconds of each step of the start-up, then seconds from submission to each milestone. */
  startup: z.record(z.string(), z.number()),
  phases: z.record(z.string(), z.number()),
  seconds: z.number(),
});

export type OnceSummary = z.infer<typeof onceSummary>;
