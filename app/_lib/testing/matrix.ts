import type { CandidateSet, CellView, MatrixView, TargetView } from '@/lib/service/contracts';

const exact = (value: number) => ({ value, low: null, high: null });

/** A set of two single sources of which one helps; a test changes what it speaks of. */
export const candidateSet = (patch: Partial<CandidateSet> = {}): CandidateSet => ({
  name: '2 single sources',
  size: 2,
  maxOrder: 1,
  method: 'readout',
  measure: 'affinity',
  measureWords: 'ranked by affinity',
  leader: 'a',
  best: 'a',
  tieSet: ['a'],
  verdicts: { helps: 1, unsure: 1, hurts: 0, unknown: 0 },
  noneHelps: false,
  missing: null,
  ...patch,
});

/** A measured cell; a test changes what it speaks of. */
export function cell(source: string, target: string, patch: Partial<CellView> = {}): CellView {
  return {
    source,
    target,
    state: 'done',
    affinity: exact(0.1),
    gain: exact(0.6),
    quality: exact(0.4),
    effect: exact(-0.2),
    loss: 0.2,
    metric: null,
    metricGain: null,
    skill: 0.3,
    probe: null,
    rank: null,
    helps: 'helps',
    best: false,
    tied: false,
    probabilityBest: null,
    progress: null,
    runs: [],
    ...patch,
  };
}

export function targetRow(target: string, patch: Partial<TargetView> = {}): TargetView {
  return {
    target,
    kept: true,
    reasons: [],
    complete: true,
    testImages: 100,
    goldSkill: null,
    scratchSkill: null,
    signalToNoise: null,
    lambdaMax: null,
    consistencyIndex: null,
    tieRate: null,
    backends: [],
    losses: { mean: null, scratch: null, gold: null },
    metric: null,
    metrics: { mean: null, scratch: null, gold: null },
    metricNote: null,
    self: null,
    set: candidateSet(),
    ...patch,
  };
}

export function matrix(cells: CellView[], patch: Partial<MatrixView> = {}): MatrixView {
  const sources = [...new Set(cells.map((c) => c.source))];
  const targets = [...new Set(cells.map((c) => c.target))];
  return {
    sweepId: 's',
    method: 'readout',
    methods: [{ id: 'readout', label: 'readout' }],
    sources,
    targets,
    cells,
    targetRows: targets.map((t) => targetRow(t)),
    orders: {},
    dendrogram: null,
    targetDendrogram: null,
    preliminary: false,
    seeds: 1,
    ...patch,
  };
}
