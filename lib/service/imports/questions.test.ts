import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { solvePolicy } from '@/lib/science/policy';
import { bestSourceView, matrixView, policyProblem, type SweepData, sweepView } from '../views';
import { importedSweep } from './sweep';
import { readTransfers } from './transfers';

const reference = path.resolve(process.env.TASKATLAS_REFERENCE ?? '../shared/reference', 'taskonomy');

/** A published file as the views see it once it is imported. */
function imported(name: string): SweepData {
  const [document] = readTransfers(JSON.parse(readFileSync(path.join(reference, name), 'utf8')));
  if (!document) throw new Error('no document');
  const { sweep, analyses } = importedSweep(document);
  return {
    sweep: { ...sweep, number: 1, state: 'done', createdAt: 0, finishedAt: 0 },
    runs: [],
    analyses,
    policies: [],
    summaries: new Map(),
    workers: [],
    now: 0,
  };
}

describe.skipIf(!existsSync(reference))('reference: what can be asked of an imported sweep', () => {
  it('matrix and tree', () => {
    const matrix = matrixView(imported('transfers_16k.json'));
    expect([matrix.sources.length, matrix.targets.length, matrix.preliminary]).toEqual([26, 22, false]);
    expect(new Set(matrix.cells.map((cell) => cell.state))).toEqual(new Set(['done']));
    expect(matrix.dendrogram?.merges).toHaveLength(25);
    const cell = matrix.cells.find((c) => c.source === 'denoise' && c.target === 'autoencoder');
    expect(cell?.gain?.value).toBe(0.12428629102024338);
  });

  it.each([
    ['transfers_16k.json', 4, 4, 2.0015],
    ['transfers_16k.json', 4, 8, 2.2794],
    ['transfers_16k.json', 1, 4, 1.9997],
    ['transfers_1k.json', 2, 4, 2.8377],
  ])('policy of %s, order %i, budget %i', async (name, maxOrder, budget, objective) => {
    const question = { budget, maxOrder, objective: 'affinity' as const, force: [], forbid: [], weights: {} };
    const solution = await solvePolicy(policyProblem(imported(name), question));
    expect(solution.objective).toBeCloseTo(objective, 4);
    expect(solution.optimal).toBe(true);
  });

  it('best sources, up to four joined', () => {
    const data = imported('transfers_16k.json');
    const first = bestSourceView(data, 'rgb2sfnorm');
    expect(first.sources[0]).toMatchObject({ source: 'reshade', order: 1 });
    const joined = bestSourceView(data, 'rgb2sfnorm', { maxOrder: 4 });
    expect(Math.max(...joined.sources.map((s) => s.order))).toBe(4);
    // Affinities are compared within one set of candidates only.
    const single = joined.sources.find((s) => s.order === 1);
    expect(single?.source).toBe('reshade');
    expect(joined.sources[0]?.affinity?.value).toBeGreaterThan(single?.affinity?.value ?? 1);
  });

  it('what a reader must know', () => {
    const { notes } = sweepView(imported('transfers_1k.json'));
    expect(notes[0]?.level).toBe('warning');
    expect(notes.find((note) => note.code === 'flat-ranking')?.targets).toEqual(['point-match']);
  });
});
