import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defectsOf } from './defects';
import { fetchResults } from './fetch-results';
import { publishedResults } from './results';
import { importedSweep } from './sweep';
import { pickleOfFloats } from './testing/write-pickle';
import { readTransfers, type TransfersDocument } from './transfers';

const pickle = (entries: Record<string, number>): Uint8Array =>
  pickleOfFloats(new Map(Object.entries(entries)));

const files = new Map<string, Uint8Array>([
  ['affinities/all_affinities_16k.pkl', pickle({ self__b: 0.7, a__b: 0.2, a__c__b: 0.1 })],
  ['winrates/wins_vs_pixels_16k.pkl', pickle({ self__b: 0.9, a__b: 0.6, a__c__b: 0.4, c__b: 0.3 })],
  ['winrates/wins_vs_task_16k.pkl', pickle({ self__b: 0.5, a__b: 0.25, a__c__b: 0 })],
  ['winrates/wins_vs_pixels.pkl', pickle({ pixels__b: 0.5 })],
]);

describe('publishedResults', () => {
  it('joins the files of a regime by key; what a file lacks is not measured', () => {
    const [first, early] = publishedResults(files);
    expect(first?.document.regime).toBe('16k');
    expect(first?.document.transfers).toEqual([
      { target: 'b', sources: ['a'], affinity: 0.2, gain: 0.6, quality: 0.25 },
      { target: 'b', sources: ['a', 'c'], affinity: 0.1, gain: 0.4, quality: 0 },
      { target: 'b', sources: ['c'], affinity: null, gain: 0.3, quality: null },
      { target: 'b', sources: ['self'], affinity: 0.7, gain: 0.9, quality: 0.5 },
    ]);
    expect(first?.absent).toEqual([]);
    expect(early?.document.regime).toBe('early16k');
    expect(early?.absent).toEqual(['affinity', 'quality']);
  });

  it('says which files are not those that were published', () => {
    const [first] = publishedResults(files);
    expect(first?.altered).toHaveLength(3);
    expect(first?.document.commit).toBe('');
  });

  it.each([
    [{ a: 0.5 }, /key "a"/],
    [{ a__b: 1.5 }, /"a__b" is not a share/],
    [{ a__b: Number.NaN }, /not a share/],
  ])('refuses %j, naming the file', (entries, message) => {
    const bad = new Map([['winrates/wins_vs_task_1k.pkl', pickle(entries as Record<string, number>)]]);
    expect(() => publishedResults(bad)).toThrow(message);
    expect(() => publishedResults(bad)).toThrow(/^winrates\/wins_vs_task_1k\.pkl: /);
  });

  it('says what was looked for when nothing is there', () => {
    expect(() => publishedResults(new Map([['notes.txt', pickle({})]]))).toThrow(/all_affinities\.pkl/);
  });
});

describe('fetchResults', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'taskatlas-results-'));
  const server = createServer((request, response) => {
    if (request.url === '/huge/affinities/all_affinities.pkl') {
      response.end(Buffer.alloc(17 * 1024 * 1024));
      return;
    }
    const bytes = files.get((request.url ?? '').replace(/^\/(tree\/)?results\//, ''));
    response.writeHead(bytes ? 200 : request.url?.startsWith('/broken') ? 500 : 404).end(bytes);
  });
  let url = '';

  beforeAll(async () => {
    for (const [name, bytes] of files) {
      const at = path.join(folder, 'results', name);
      await mkdir(path.dirname(at), { recursive: true });
      await writeFile(at, bytes);
    }
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('finds the files in a folder, in a clone, and below a URL', async () => {
    for (const place of [folder, path.join(folder, 'results'), `${url}/results/`, `${url}/tree`]) {
      const found = await fetchResults(place);
      expect([...found.keys()].sort()).toEqual([...files.keys()].sort());
      for (const [name, bytes] of found) expect(Buffer.compare(bytes, files.get(name) as Uint8Array)).toBe(0);
    }
  });

  it('says what is wrong with a place', async () => {
    await expect(fetchResults(path.join(folder, 'nowhere'))).rejects.toThrow(/holds no published results/);
    await expect(fetchResults(`${url}/nowhere`)).rejects.toThrow(/holds no published results/);
    await expect(fetchResults(`${url}/broken`)).rejects.toThrow(/answered 500/);
    await expect(fetchResults(`${url}/huge`)).rejects.toThrow(/larger than 16 MB/);
    await expect(fetchResults('http://127.0.0.1:1')).rejects.toThrow(/cannot be fetched/);
  });
});

describe('defectsOf', () => {
  const document = (transfers: TransfersDocument['transfers'], regime = '1k') => {
    const [made] = readTransfers({ regime, transfers });
    if (!made) throw new Error('no document');
    return made;
  };
  const of = (target: string, source: string, gain: number | null, rest = {}) => ({
    target,
    sources: source.split('+'),
    affinity: null,
    gain,
    quality: 0.5,
    ...rest,
  });
  const codes = (d: TransfersDocument) => defectsOf(d).map((n) => [n.code, n.targets]);

  it('finds a re-transfer that was not measured rightly, and only that', () => {
    const broken = [of('t', 'self', 0.97, { affinity: 0.5 }), of('t', 't', 0.0001, { affinity: 0.1 })];
    expect(codes(document(broken))).toContainEqual(['broken-retransfer', ['t']]);
    const sound = [of('t', 'self', 0.97), of('t', 't', 0.4)];
    expect(codes(document(sound)).map(([code]) => code)).not.toContain('broken-retransfer');
  });

  it('finds a target on which nothing tells the sources apart', () => {
    const flat = ['a', 'b', 'c', 'd', 'e'].map((source, i) => of('t', source, 0.485 + 0.002 * i));
    expect(codes(document(flat))).toContainEqual(['flat-ranking', ['t']]);
    expect(codes(document(flat))).toContainEqual(['scratch-wins', ['t']]);
    const clear = ['a', 'b', 'c', 'd', 'e'].map((source, i) => of('t', source, 0.485 + 0.01 * i));
    expect(codes(document(clear)).map(([code]) => code)).not.toContain('flat-ranking');
  });

  it('names doubled and missing transfers, the early run, pseudo-sources; warnings come first', () => {
    const odd = [
      of('t', 'b+a', 0.6, { affinity: 0.2 }),
      of('t', 'a+b', 0.7, { affinity: 0.3 }),
      of('t', 'class_selected', null),
      of('t', 'c+a', 0.6, { affinity: 0.3 }),
      of('t', 'self', 0.9, { affinity: 0.5 }),
      of('t', 'pixels', 0.5),
    ];
    const notes = defectsOf(document(odd, 'early16k'));
    const levels = notes.map((n) => n.level);
    expect(levels.indexOf('note')).toBe(levels.lastIndexOf('warning') + 1);
    const text = (code: string) => notes.find((n) => n.code === code)?.text;
    expect(text('conflicting')).toContain('Left out, 2: the same sources for the same target have different');
    expect(text('conflicting')).toContain('transfers[1] (a+b → t)');
    expect(text('missing-values')).toContain('class_selected__t');
    expect(text('missing-values')).not.toContain('pixels');
    for (const code of ['early-run', 'pseudo-sources', 'class-selected', 'affinity-not-comparable'])
      expect(text(code)).toBeTypeOf('string');
    const { analyses, sweep } = importedSweep(document(odd, 'early16k'));
    expect(analyses[0]?.candidates.map((c) => c.key)).toEqual(['class-selected', 'a+c', 'self', 'scratch']);
    expect(analyses[0]?.validity.reasons.join(' ')).toContain('class_selected__t');
    expect(sweep.notes).toEqual(notes);
  });
});

const reference = path.resolve(process.env.TASKATLAS_REFERENCE ?? '../shared/reference', 'taskonomy');

describe.skipIf(!existsSync(reference))('reference: the published pickles', () => {
  const load = (regime: string) =>
    JSON.parse(readFileSync(path.join(reference, `transfers_${regime}.json`), 'utf8'));
  /** The pickle that holds one measure of a reference file. */
  const pickled = (file: ReturnType<typeof load>, measure: string): Uint8Array =>
    pickleOfFloats(
      new Map(
        file.transfers
          .filter((t: Record<string, number | null>) => t[measure] !== null)
          .map((t: Record<string, number> & { sources: string[]; target: string }) => [
            [...t.sources, t.target].join('__'),
            t[measure],
          ]),
      ),
    );

  it.each(['16k', '1k'])('rebuilt in their form have their sizes (%s), and give the same sweep', (regime) => {
    const file = load(regime);
    const rebuilt = new Map<string, Uint8Array>();
    for (const [name, measure] of [
      ['affinities/all_affinities', 'affinity'],
      ['winrates/wins_vs_pixels', 'gain'],
      ['winrates/wins_vs_task', 'quality'],
    ] as const) {
      const bytes = pickled(file, measure);
      expect(bytes.length).toBe(file.files[`src/results/${name}_${regime}.pkl`].bytes);
      rebuilt.set(`${name}_${regime}.pkl`, bytes);
    }
    const [results] = publishedResults(rebuilt);
    const [document] = readTransfers(file);
    if (!results || !document) throw new Error('no document');
    const byKey = (analyses: ReturnType<typeof importedSweep>['analyses']) =>
      analyses.map((a) => ({
        target: a.target,
        reasons: a.validity.reasons,
        candidates: [...a.candidates].sort((x, y) => x.key.localeCompare(y.key)),
      }));
    const [ours, theirs] = [importedSweep(results.document), importedSweep(document)];
    expect(byKey(ours.analyses)).toEqual(byKey(theirs.analyses));
    expect(ours.sweep.tasks.map((task) => ({ ...task }))).toEqual(
      theirs.sweep.tasks.map((task) => ({ ...task })),
    );
  });

  it('have the known defects flagged', () => {
    const notes = (regime: string) => {
      const [document] = readTransfers(load(regime));
      if (!document) throw new Error('no document');
      return importedSweep(document).sweep.notes?.map((n) => [n.code, n.targets]) ?? [];
    };
    for (const regime of ['16k', '1k']) {
      expect(notes(regime)).toContainEqual(['broken-retransfer', ['autoencoder']]);
      expect(notes(regime).filter(([code]) => code === 'broken-retransfer')).toHaveLength(1);
    }
    expect(notes('1k')).toContainEqual(['flat-ranking', ['point-match']]);
    expect(notes('1k').filter(([code]) => code === 'flat-ranking')).toHaveLength(1);
    expect(notes('16k').map(([code]) => code)).not.toContain('flat-ranking');
    expect(notes('16k')).toContainEqual(['missing-values', ['non-fixated-pose']]);
  });
});
