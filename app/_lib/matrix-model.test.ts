import { describe, expect, it } from 'vitest';
import { cellKey, matrixModel, rankedCells } from './matrix-model';
import { orderMatrix } from './matrix-order';
import { candidateSet, cell, matrix, targetRow } from './testing/matrix';

const exact = (value: number) => ({ value, low: null, high: null });
const view = matrix(
  [
    cell('a', 't', {
      affinity: exact(0.5),
      best: true,
      rank: 1,
      gain: { value: 0.8, low: 0.75, high: 0.85 },
    }),
    cell('b', 't', {
      affinity: exact(0.3),
      tied: true,
      rank: 1,
      helps: 'unsure',
      gain: { value: 0.45, low: 0.4, high: 0.55 },
    }),
    cell('t', 't', { affinity: exact(0.9), helps: 'unknown' }),
    cell('a', 'u', { gain: exact(0.3), helps: 'hurts' }),
    cell('b', 'u', {
      state: 'predicted',
      affinity: null,
      gain: null,
      quality: null,
      effect: null,
      loss: null,
      probe: 0.4,
      helps: 'unknown',
    }),
    cell('t', 'u', { state: 'failed', affinity: null, gain: null, quality: null, effect: null, loss: null }),
  ],
  {
    targetRows: [
      targetRow('t', { self: exact(0.6) }),
      targetRow('u', { set: candidateSet({ noneHelps: true, best: null }) }),
    ],
  },
);

describe('a matrix ready to draw', () => {
  const model = matrixModel(view, 'gain', 'light');
  const tile = (source: string, target: string) => model.tiles.get(cellKey(source, target));
  it('sizes tiles by certainty and marks the best', () => {
    expect(tile('a', 't')).toMatchObject({ kind: 'value', share: 1, mark: 'best', certainty: 'firm' });
    expect(tile('b', 't')).toMatchObject({ share: 0.5, certainty: 'unsure' });
  });
  it('marks no tie that is not shown to help', () => {
    expect(tile('b', 't')?.mark).toBeNull();
  });
  it('tells the diagonal, predictions and failures apart', () => {
    expect(tile('t', 't')?.kind).toBe('itself');
    const bare = matrix([cell('t', 't', { affinity: null })]);
    expect(matrixModel(bare, 'affinity', 'light').tiles.get('t>t')?.kind).toBe('itself');
    expect(tile('b', 'u')).toMatchObject({
      kind: 'predicted',
      text: 'predicted by the ridge probe, probe skill .40',
    });
    expect(tile('t', 'u')).toMatchObject({ kind: 'empty', state: 'failed' });
  });
  it('colours a guess on sequential ramps only', () => {
    expect(tile('b', 'u')?.colour).toBe('transparent');
    expect(matrixModel(view, 'affinity', 'light').tiles.get('b>u')?.colour).not.toBe('transparent');
  });
  it('knows targets that no source helps', () => {
    expect([...model.helpless]).toEqual(['u']);
  });
  it('says value and interval in words', () => {
    expect(tile('a', 't')?.text).toBe('Gain 80\u00a0%, 75 to 85\u00a0%');
  });
  it('keeps the own network apart', () => {
    expect(model.own.get('t')?.value.value).toBe(0.6);
    expect(model.own.has('u')).toBe(false);
  });
  it('ranks sources by their rank, then affinity, without the target itself', () => {
    expect(rankedCells(view, 't').map((c) => c.source)).toEqual(['a', 'b']);
  });
});

describe('orders', () => {
  it('follows the order of the API and forgets nobody', () => {
    const ordered = orderMatrix(
      { ...view, orders: { value: { sources: ['b', 'gone'], targets: ['u', 't'] } } },
      new Map(),
      'value',
    );
    expect(ordered.sources.ids).toEqual(['b', 'a', 't']);
    expect(ordered.targets.ids).toEqual(['u', 't']);
  });
});
