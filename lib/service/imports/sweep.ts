import { createHash } from 'node:crypto';
import {
  type CandidateResult,
  type Estimate,
  type TargetAnalysis,
  TaskatlasError,
  type TaskDeclaration,
  type TaskId,
} from '@/lib/science/core';
import type { SweepSpec } from '../contracts';
import type { StoredSweep, SweepNote } from '../ports';
import { canonicalJson } from '../sweeps/fingerprint';
import { defectsOf } from './defects';
import { TASKONOMY_REPO } from './results';
import type { PublishedTransfer, TransfersDocument } from './transfers';

/** Our ids are lower case letters and digits with hyphens. */
const idOf = (published: string): TaskId =>
  published
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');

/** Two names that become one id would be taken for one task. */
function checkIds(names: readonly string[]): void {
  const seen = new Map<TaskId, string>();
  for (const name of names) {
    const id = idOf(name);
    const other = seen.get(id);
    if (id === '' || (other !== undefined && other !== name)) {
      const why = id === '' ? 'has no letter or digit' : `and "${other}" both become "${id}"`;
      throw new TaskatlasError('invalid-input', `The task name "${name}" ${why}: rename it in the file.`);
    }
    seen.set(id, name);
  }
}

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

const targetsOf = (document: TransfersDocument): string[] =>
  document.targets ?? [...new Set(document.transfers.map((transfer) => transfer.target))].sort();

function declarations(document: TransfersDocument): TaskDeclaration[] {
  const used = new Set(document.transfers.flatMap((transfer) => [transfer.target, ...transfer.sources]));
  const targets = targetsOf(document);
  const names = [...used].filter((id) => !REFERENCES.has(id)).sort();
  checkIds(names);
  return names.map((id): TaskDeclaration => {
    const target = targets.includes(id);
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

function candidateOf(transfer: PublishedTransfer): CandidateResult {
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

function analysisOf(
  document: TransfersDocument,
  target: string,
  notes: readonly SweepNote[],
): TargetAnalysis {
  const byKey = new Map<string, CandidateResult>();
  for (const transfer of document.transfers) {
    const candidate = transfer.target === target ? candidateOf(transfer) : null;
    if (candidate && !byKey.has(candidate.key)) byKey.set(candidate.key, candidate);
  }
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
      reasons: [
        'published win rates: per-image losses were never published, so there are no intervals',
        ...notes.filter((n) => n.level === 'warning' && n.targets.includes(target)).map((n) => n.text),
      ],
      goldSkill: { value: Number.NaN, low: null, high: null },
      scratchSkill: null,
      signalToNoise: null,
    },
    preliminary: false,
  };
}

/** Training images of a transfer by the name of its regime; 0 = not stated. */
const imagesOf = (regime: string): number => {
  const [, count, thousands] = /^(?:early)?(\d+)(k?)$/i.exec(regime) ?? [];
  return Number(count ?? 0) * (thousands ? 1000 : 1);
};

/** Pools of the paper; of other results nothing is known but, perhaps, the number of transfer images. */
const PAPER_POOLS = { source: 120_000, selection: 16_000, test: 17_000 };

/** Published as sources by their authors, but outside of the dictionary that the paper's matrix and policies are over. */
const ABANDONED: ReadonlySet<TaskId> = new Set(['class-selected']);

/** Such names stay in the list of tasks with their results, but serve no target by default (as in `policy solve`). */
function narrowedSources(tasks: readonly TaskDeclaration[]): { sources?: TaskId[] } {
  const sources = tasks.filter((t) => t.roles.includes('source'));
  const kept = sources.filter((t) => !ABANDONED.has(t.id) || t.roles.includes('target'));
  return kept.length === sources.length ? {} : { sources: kept.map((t) => t.id) };
}

/** A spec that says what is known of how it was measured; it is never planned. */
function specOf(document: TransfersDocument, tasks: readonly TaskDeclaration[], name: string): SweepSpec {
  const pools = document.repo === TASKONOMY_REPO ? PAPER_POOLS : { source: 0, selection: 0, test: 0 };
  const dataset = {
    kind: 'published',
    seed: 0,
    size: 256,
    pools: { ...pools, transfer: imagesOf(document.regime) },
  };
  const commit = document.commit === '' ? '' : ` at ${document.commit.slice(0, 12)}`;
  return {
    name,
    description: `${document.repo || 'imported'}${commit}, licence ${document.licence}`,
    dataset: dataset as unknown as SweepSpec['dataset'],
    preset: 'resnet50',
    tasks: tasks.map((task) => task.id),
    ...narrowedSources(tasks),
    method: 'readout',
    seeds: [1],
    training: {},
    probe: false,
    policy: { budget: Math.min(4, tasks.length), maxOrder: 4, objective: 'quality' },
  };
}

/** Where results come from, in a few words. */
function sourceOf({ repo, commit }: TransfersDocument): string | null {
  if (repo === '') return null;
  return commit === '' ? repo : `${repo} @ ${commit.slice(0, 12)}`;
}

export interface ImportOptions {
  name?: string;
  /** What the reader of the file found beside what the values themselves show. */
  notes?: readonly SweepNote[];
}

/**
 * Published transfers → a read-only sweep with one analysis per target, and notes on what is odd in them. Importing
 * the same file twice gives the same id, and so one sweep.
 * @throws TaskatlasError `invalid-input` when two names cannot be told apart.
 */
export function importedSweep(
  document: TransfersDocument,
  options: ImportOptions = {},
): {
  sweep: Omit<StoredSweep, 'number' | 'state' | 'createdAt' | 'finishedAt'>;
  analyses: readonly TargetAnalysis[];
} {
  const tasks = declarations(document);
  const name = options.name ?? `Taskonomy ${document.regime}`;
  const notes = [...(options.notes ?? []), ...defectsOf(document)];
  const digest = createHash('sha256')
    .update(canonicalJson([name, document]))
    .digest('hex');
  return {
    sweep: {
      id: `imported-${digest.slice(0, 16)}`,
      name,
      spec: specOf(document, tasks, name),
      tasks,
      origin: 'imported',
      source: sourceOf(document),
      notes: notes.map((n) => ({ ...n, targets: n.targets.map(idOf) })),
    },
    analyses: targetsOf(document).map((target) => analysisOf(document, target, notes)),
  };
}
