import { createHash } from 'node:crypto';
import {
  type CandidateResult,
  type Estimate,
  type FieldIssue,
  isReservedName,
  type TargetAnalysis,
  TaskatlasError,
  type TaskDeclaration,
  type TaskId,
} from '@/lib/science/core';
import type { SweepSpec } from '../contracts';
import type { StoredSweep, SweepNote } from '../ports';
import { canonicalJson } from '../sweeps/fingerprint';
import { leadingObjective } from '../views/policy';
import { defectsOf } from './defects';
import { TASKONOMY_REPO } from './results';
import { byTarget, type PublishedTransfer, type TransfersDocument } from './transfers';

/** Ids that stand for references of a target (`CandidateResult.key`). */
const REFERENCE_IDS: ReadonlySet<TaskId> = new Set(['self', 'scratch', 'mean']);
const MAX_ID = 64;

/** Lower case letters and digits with hyphens; other letters than a–z by their code point where `plain` is false. */
function slug(name: string, plain: boolean): TaskId {
  const bare = plain ? name.normalize('NFKD').replace(/\p{M}/gu, '') : name;
  return bare
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/[^a-z0-9-]/gu, (char) => `u${char.codePointAt(0)?.toString(16)}`)
    .replace(/^-|-$/g, '');
}

/** A long name keeps its beginning, and is told from its like by its hash. */
const shortened = (id: string, name: string): TaskId =>
  id.length <= MAX_ID
    ? id
    : `${id.slice(0, MAX_ID - 9)}-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;

/**
 * Our ids of a file's names, injectively: "père" becomes "pere", or "pu00e8re" where the file also has "pere".
 * @throws TaskatlasError `invalid-input` when two names would become one id, or one that stands for a reference
 */
function idsOf(names: readonly string[]): ReadonlyMap<string, TaskId> {
  const plain = names.map((name) => slug(name, true));
  const count = new Map<TaskId, number>();
  for (const id of plain) count.set(id, (count.get(id) ?? 0) + 1);
  const ids = new Map<string, TaskId>();
  const owner = new Map<TaskId, string>();
  const issues: FieldIssue[] = [];
  names.forEach((name, i) => {
    const simple = plain[i] ?? '';
    const id = shortened((count.get(simple) ?? 0) > 1 ? slug(name, false) : simple, name);
    const other = owner.get(id);
    const problem =
      id === ''
        ? 'has no letter or digit'
        : REFERENCE_IDS.has(id)
          ? `becomes "${id}", which stands for a reference`
          : isReservedName(id)
            ? `becomes "${id}", which is reserved by JavaScript`
            : other !== undefined
              ? `and "${other}" both become "${id}"`
              : null;
    if (problem)
      issues.push({ path: name, message: `The task name "${name}" ${problem}: rename it in the file` });
    ids.set(name, id);
    owner.set(id, name);
  });
  const [first] = issues;
  if (!first) return ids;
  const rest = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  throw new TaskatlasError('invalid-input', `${first.message}${rest}.`, { issues });
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

/** Names of tasks to their ids, and what each is used for. */
function declarations(document: TransfersDocument): {
  tasks: TaskDeclaration[];
  ids: ReadonlyMap<string, TaskId>;
} {
  const targets = new Set(targetsOf(document));
  const sources = new Set(
    document.transfers.flatMap(({ target, sources: of }) => of.filter((source) => source !== target)),
  );
  const used = new Set(document.transfers.flatMap((transfer) => [transfer.target, ...transfer.sources]));
  const names = [...used].filter((name) => !REFERENCES.has(name)).sort();
  const ids = idsOf(names);
  const titles = new Map(Object.entries(document.task_names));
  const tasks = names.map((name): TaskDeclaration => {
    const title = titles.get(name) ?? name;
    return {
      id: ids.get(name) ?? name,
      name: title,
      summary: `${title}, as published.`,
      roles: [
        ...(sources.has(name) ? (['source'] as const) : []),
        ...(targets.has(name) ? (['target'] as const) : []),
      ],
      family: FAMILIES.find(([pattern]) => pattern.test(name))?.[1] ?? 'texture',
      input: 'rgb',
      head: { kind: 'vector', size: 1 },
      loss: 'l1',
      metric: { name: 'published win rate', unit: '', higherIsBetter: true },
      labelCost: document.source_only.includes(name) ? 0 : 1,
      version: 1,
      ...(name === 'random' ? { untrained: true } : {}),
    };
  });
  return { tasks, ids };
}

function candidateOf(transfer: PublishedTransfer, id: (name: string) => TaskId): CandidateResult {
  const { sources: names, target } = transfer;
  const only = names.length === 1 ? names[0] : undefined;
  const kind =
    only === 'self' ? 'self' : only === 'pixels' ? 'scratch' : only === target ? 'retransfer' : 'transfer';
  const sources = kind === 'self' ? [id(target)] : kind === 'scratch' ? [] : names.map(id).sort();
  return {
    key: kind === 'self' || kind === 'scratch' ? kind : sources.join('+'),
    kind,
    sources,
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
  target: TaskId,
  candidates: readonly CandidateResult[],
  notes: readonly SweepNote[],
): TargetAnalysis {
  return {
    target,
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
function specOf(
  document: TransfersDocument,
  tasks: readonly TaskDeclaration[],
  analyses: readonly TargetAnalysis[],
  name: string,
): SweepSpec {
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
    policy: { budget: Math.min(4, tasks.length), maxOrder: 4, objective: leadingObjective(analyses) },
  };
}

/** Where results come from, in a few words. */
function sourceOf({ repo, commit }: TransfersDocument): string | null {
  if (repo === '') return null;
  return commit === '' ? repo : `${repo} @ ${commit.slice(0, 12)}`;
}

/** Of what a file says of transfers; how the file was read does not count. */
function digestOf(name: string, document: TransfersDocument): string {
  const { report: _, dictionary26: __, sources: ___, ...content } = document;
  return createHash('sha256')
    .update(canonicalJson([name, content]))
    .digest('hex')
    .slice(0, 16);
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
  const { tasks, ids } = declarations(document);
  const id = (name: string): TaskId => ids.get(name) ?? name;
  const name = options.name ?? `Taskonomy ${document.regime}`;
  const notes = [...(options.notes ?? []), ...defectsOf(document)].map((n) => ({
    ...n,
    targets: n.targets.map(id),
  }));
  const groups = byTarget(document.transfers);
  const analyses = targetsOf(document).map((target) =>
    analysisOf(
      id(target),
      (groups.get(target) ?? []).map((transfer) => candidateOf(transfer, id)),
      notes,
    ),
  );
  return {
    sweep: {
      id: `imported-${digestOf(name, document)}`,
      name,
      spec: specOf(document, tasks, analyses, name),
      tasks,
      origin: 'imported',
      source: sourceOf(document),
      notes,
    },
    analyses,
  };
}
