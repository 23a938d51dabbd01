import { createHash } from 'node:crypto';
import { z } from 'zod';
import {
  type CandidateResult,
  type Estimate,
  type TargetAnalysis,
  TaskatlasError,
  type TaskDeclaration,
  type TaskId,
} from '@/lib/science/core';
import { fieldPath, type SweepSpec } from '../contracts';
import type { StoredSweep } from '../ports';
import { canonicalJson } from './fingerprint';

const share = z.number().min(0).max(1).nullable();

/** Published transfers as in `taskonomy/transfers_16k.json`: measured win rates, no per-image losses. */
const publishedTransfers = z.object({
  repo: z.string(),
  commit: z.string(),
  licence: z.string(),
  regime: z.string(),
  task_names: z.record(z.string(), z.string()),
  targets: z.array(z.string()).min(1).max(500),
  source_only: z.array(z.string()),
  transfers: z
    .array(
      z.object({
        target: z.string(),
        sources: z.array(z.string()).min(1).max(100),
        affinity: share,
        gain: share,
        quality: share,
      }),
    )
    .min(1)
    .max(200_000),
});

type Published = z.infer<typeof publishedTransfers>;

/** Our ids are lower case with hyphens. */
const idOf = (published: string): TaskId => published.toLowerCase().replaceAll('_', '-');

/** A value as it was published: nothing was resampled, so there is no interval. */
const asPublished = (value: number | null): Estimate | null =>
  value === null ? null : { value, low: null, high: null };

/** Families of the paper's figure 8, for the order of display. */
const FAMILIES: readonly [RegExp, TaskDeclaration['family']][] = [
  [/^(class|segmentsemantic|jigsaw)/, 'semantics'],
  [/^(random|self|pixels)/, 'control'],
  [/^(room_layout|vanishing|ego_motion|fix_pose|non_fixated|point_match)/, 'layout'],
  [/^(rgb2|reshade|curvature|edge3d|keypoint3d|segment25d)/, 'geometry'],
];

const REFERENCES = new Set(['self', 'pixels']);

function declarations(document: Published): TaskDeclaration[] {
  const used = new Set(document.transfers.flatMap((transfer) => [transfer.target, ...transfer.sources]));
  return [...used]
    .filter((id) => !REFERENCES.has(id))
    .sort()
    .map((id): TaskDeclaration => {
      const target = document.targets.includes(id);
      const source = document.transfers.some((t) => t.target !== id && t.sources.includes(id));
      return {
        id: idOf(id),
        name: document.task_names[id] ?? id,
        summary: `${document.task_names[id] ?? id}, as published.`,
        roles: [...(source ? (['source'] as const) : []), ...(target ? (['target'] as const) : [])],
        family: FAMILIES.find(([pattern]) => pattern.test(id))?.[1] ?? 'texture',
        input: 'rgb',
        head: { kind: 'vector', size: 1 },
        loss: 'l1',
        metric: { name: 'published win rate', unit: '', higherIsBetter: true },
        labelCost: document.source_only.includes(id) ? 0 : 1,
        version: 1,
        ...(id === 'random' ? { untrained: true } : {}),
      };
    });
}

function candidateOf(transfer: Published['transfers'][number]): CandidateResult {
  const { sources: names, target } = transfer;
  const only = names.length === 1 ? names[0] : undefined;
  const kind =
    only === 'self' ? 'self' : only === 'pixels' ? 'scratch' : only === target ? 'retransfer' : 'transfer';
  const sources = kind === 'self' ? [idOf(target)] : kind === 'scratch' ? [] : names.map(idOf);
  return {
    key: kind === 'self' || kind === 'scratch' ? kind : [...sources].sort().join('+'),
    kind,
    sources: [...sources].sort(),
    seeds: 1,
    meanLoss: Number.NaN,
    affinity: asPublished(transfer.affinity),
    gain: asPublished(transfer.gain),
    quality: asPublished(transfer.quality),
    logLossRatio: null,
    bradleyTerry: null,
    skill: Number.NaN,
    probabilityBest: null,
    inTieSet: false,
  };
}

function analysisOf(document: Published, target: string): TargetAnalysis {
  const byKey = new Map(
    document.transfers
      .filter((transfer) => transfer.target === target)
      .map((transfer): [string, CandidateResult] => {
        const candidate = candidateOf(transfer);
        return [candidate.key, candidate];
      }),
  );
  const candidates = [...byKey.values()];
  return {
    target: idOf(target),
    testImages: 0,
    candidates,
    tournamentKeys: candidates.filter((c) => c.affinity !== null).map((c) => c.key),
    winRates: [],
    tieRate: 0,
    lambdaMax: Number.NaN,
    consistencyIndex: Number.NaN,
    validity: {
      kept: true,
      reasons: ['published win rates: per-image losses were never published, so there are no intervals'],
      goldSkill: { value: Number.NaN, low: null, high: null },
      scratchSkill: null,
      signalToNoise: null,
    },
    preliminary: false,
  };
}

const imagesOf = (regime: string): number => {
  const [, count, thousands] = /^(\d+)(k?)$/i.exec(regime) ?? [];
  return Number(count ?? 1) * (thousands ? 1000 : 1);
};

/** A spec that says what is known of how it was measured; it is never planned. */
function specOf(document: Published, tasks: readonly TaskDeclaration[], name: string): SweepSpec {
  const dataset = {
    kind: 'published',
    seed: 0,
    size: 256,
    pools: { source: 120_000, transfer: imagesOf(document.regime), selection: 16_000, test: 17_000 },
  };
  return {
    name,
    description: `${document.repo} at ${document.commit.slice(0, 12)}, licence ${document.licence}`,
    dataset: dataset as unknown as SweepSpec['dataset'],
    preset: 'resnet50',
    tasks: tasks.map((task) => task.id),
    method: 'readout',
    seeds: [1],
    training: {},
    probe: false,
    policy: { budget: 4, maxOrder: 4, objective: 'quality' },
  };
}

/**
 * Published transfers → a read-only sweep with one analysis per target. Importing the same file twice gives the same
 * id, and so one sweep.
 * @throws TaskatlasError `invalid-input` naming the fields.
 */
export function importedSweep(
  document: unknown,
  options: { name?: string } = {},
): {
  sweep: Omit<StoredSweep, 'number' | 'state' | 'createdAt' | 'finishedAt'>;
  analyses: readonly TargetAnalysis[];
} {
  const parsed = publishedTransfers.safeParse(document);
  if (!parsed.success) {
    const issues = parsed.error.issues
      .slice(0, 20)
      .map((i) => ({ path: fieldPath(i.path), message: i.message }));
    throw new TaskatlasError('invalid-input', 'This is no file of published transfers.', { issues });
  }
  const tasks = declarations(parsed.data);
  const name = options.name ?? `Taskonomy ${parsed.data.regime}`;
  const digest = createHash('sha256')
    .update(canonicalJson([name, parsed.data]))
    .digest('hex');
  return {
    sweep: {
      id: `imported-${digest.slice(0, 16)}`,
      name,
      spec: specOf(parsed.data, tasks, name),
      tasks,
      origin: 'imported',
      source: `${parsed.data.repo} @ ${parsed.data.commit.slice(0, 12)}`,
    },
    analyses: parsed.data.targets.map((target) => analysisOf(parsed.data, target)),
  };
}
