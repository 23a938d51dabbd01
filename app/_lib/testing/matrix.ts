import type { CellView, MatrixView, TargetView } from '@/lib/service/contracts';

const exact = (value: number) => ({ value, low: null, high: null });

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
    probe: null,
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
    self: null,
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
