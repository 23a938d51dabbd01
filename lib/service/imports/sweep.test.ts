import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { importedSweep as imported } from './sweep';
import { readTransfers } from './transfers';

/** Of a parsed file with one document. */
const importedSweep = (file: unknown) => {
  const [document] = readTransfers(file);
  if (!document) throw new Error('no document');
  return imported(document);
};

const small = {
  repo: 'example/repo',
  commit: '0123456789abcdef0123',
  licence: 'MIT',
  regime: '1k',
  task_names: { rgb2depth: 'Z-Depth', edge2d: '2D Edges', random: 'Random Proj.' },
  targets: ['rgb2depth'],
  source_only: ['random'],
  transfers: [
    { target: 'rgb2depth', sources: ['self'], affinity: 0.6, gain: 0.9, quality: 0.5 },
    { target: 'rgb2depth', sources: ['rgb2depth'], affinity: 0.2, gain: 0.8, quality: 0.4 },
    { target: 'rgb2depth', sources: ['random', 'edge2d'], affinity: 0.2, gain: 0.1, quality: 0 },
    { target: 'rgb2depth', sources: ['pixels'], affinity: null, gain: 0.5, quality: null },
  ],
};

describe('importedSweep', () => {
  it('turns published transfers into analyses without intervals', () => {
    const { sweep, analyses } = importedSweep(small);
    expect(sweep).toMatchObject({
      origin: 'imported',
      name: 'Taskonomy 1k',
      source: 'example/repo @ 0123456789ab',
    });
    expect(sweep.tasks.map((task) => [task.id, task.name, task.roles])).toEqual([
      ['edge2d', '2D Edges', ['source']],
      ['random', 'Random Proj.', ['source']],
      ['rgb2depth', 'Z-Depth', ['target']],
    ]);
    expect(analyses).toHaveLength(1);
    const [depth] = analyses;
    expect(depth?.tournamentKeys).toEqual(['self', 'rgb2depth', 'edge2d+random']);
    expect(
      depth?.candidates.map((c) => [
        c.key,
        c.kind,
        c.sources,
        c.affinity?.value ?? null,
        c.affinity?.low ?? null,
      ]),
    ).toEqual([
      ['self', 'self', ['rgb2depth'], 0.6, null],
      ['rgb2depth', 'retransfer', ['rgb2depth'], 0.2, null],
      ['edge2d+random', 'transfer', ['edge2d', 'random'], 0.2, null],
      ['scratch', 'scratch', [], null, null],
    ]);
  });

  it('gives the same sweep for the same file', () => {
    expect(importedSweep(small).sweep.id).toBe(importedSweep(structuredClone(small)).sweep.id);
    expect(importedSweep({ ...small, regime: '4k' }).sweep.id).not.toBe(importedSweep(small).sweep.id);
  });

  it('names the field of what it cannot read', () => {
    const broken = { ...small, transfers: [{ ...small.transfers[0], gain: 1.5 }] };
    expect(() => importedSweep(broken)).toThrow(
      expect.objectContaining({
        code: 'invalid-input',
        issues: [expect.objectContaining({ path: 'transfers[0].gain' })],
      }),
    );
  });
});

const reference = path.resolve(process.env.TASKATLAS_REFERENCE ?? '../shared/reference');
const published = path.join(reference, 'taskonomy/transfers_16k.json');

describe.skipIf(!existsSync(published))('reference: published transfers', () => {
  it('keeps every transfer of the file, and affinities of a target sum to 1', () => {
    const document = JSON.parse(readFileSync(published, 'utf8'));
    const { analyses, sweep } = importedSweep(document);
    const candidates = analyses.flatMap((analysis) => analysis.candidates);
    expect(candidates).toHaveLength(document.count);
    expect(analyses.map((analysis) => analysis.target)).toHaveLength(document.targets.length);
    for (const { candidates: ofTarget } of analyses) {
      const sum = ofTarget.reduce((total, c) => total + (c.affinity?.value ?? 0), 0);
      expect(sum).toBeCloseTo(1, 6);
    }
    expect(sweep.tasks.filter((task) => !task.roles.includes('target')).length).toBeGreaterThan(3);
  });
});
