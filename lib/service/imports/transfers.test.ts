import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { transfersFromCsv } from './csv';
import { importedSweep } from './sweep';
import { readTransfers } from './transfers';

describe('transfersFromCsv', () => {
  it('reads measures by column, sources joined by +, and leaves empty cells unmeasured', () => {
    const text =
      '\uFEFF# made by hand\r\nTarget,sources,gain,quality\r\ndepth,edges + normals,0.5,\r\n"a ""b""",self,1,0.25\r\n';
    expect(transfersFromCsv(text).transfers).toEqual([
      { target: 'depth', sources: ['edges', 'normals'], affinity: null, gain: 0.5, quality: null },
      { target: 'a "b"', sources: ['self'], affinity: null, gain: 1, quality: 0.25 },
    ]);
  });

  it.each([
    ['', /empty/],
    ['target,sources\n', /no transfers/],
    ['target,gain\na,1', /target, sources/],
    ['target,sources,wins\na,b,1', /wins/],
  ])('refuses %j', (text, message) => {
    expect(() => transfersFromCsv(text)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(message) }),
    );
  });

  it('names every line that it cannot read', () => {
    const text = 'target,sources,gain\na,b,1.5\na,,0.5\na,b\na,b,x';
    expect(() => transfersFromCsv(text)).toThrow(
      expect.objectContaining({
        code: 'invalid-input',
        issues: [
          { path: 'line 2, gain', message: expect.stringContaining('1.5') },
          { path: 'line 3', message: expect.stringContaining('no name') },
          { path: 'line 4', message: expect.stringContaining('2 cells') },
          { path: 'line 5, gain', message: expect.stringContaining('"x"') },
        ],
      }),
    );
  });
});

describe('readTransfers', () => {
  it('needs nothing but transfers', () => {
    const [document] = readTransfers({ transfers: [{ target: 'a', sources: ['b'], gain: 0.5 }] });
    expect(document).toMatchObject({ repo: '', regime: '', task_names: {} });
    if (!document) throw new Error('no document');
    const { sweep, analyses } = importedSweep(document, { name: 'mine' });
    expect(sweep).toMatchObject({ name: 'mine', source: null, origin: 'imported' });
    expect(analyses.map((a) => a.target)).toEqual(['a']);
  });

  it('refuses names that would become one id', () => {
    const transfers = [
      { target: 'a b', sources: ['c'], gain: 0.5 },
      { target: 'a_b', sources: ['c'], gain: 0.5 },
    ];
    const [document] = readTransfers({ transfers });
    expect(() => document && importedSweep(document)).toThrow(/"a_b" and "a b" both become "a-b"/);
  });

  it.each([[{ results: [] }], [[]], [null], [{ transfers: [] }], ['text']])('refuses %j', (value) => {
    expect(() => readTransfers(value)).toThrow(expect.objectContaining({ code: 'invalid-input' }));
  });
});

const reference = path.resolve(process.env.TASKATLAS_REFERENCE ?? '../shared/reference', 'taskonomy');

describe.skipIf(!existsSync(reference))('reference: published first-order matrices', () => {
  const load = (name: string) => readTransfers(JSON.parse(readFileSync(path.join(reference, name), 'utf8')));

  it('hold the same values as the published transfers', () => {
    const documents = load('first_order.json');
    expect(documents.map((d) => d.regime)).toEqual(['16k', '1k', 'early16k']);
    const [transfers] = load('transfers_16k.json');
    const key = (t: { target: string; sources: string[] }) => [...t.sources, t.target].join('__');
    const full = new Map(transfers?.transfers.map((t) => [key(t), t]));
    expect(documents[0]?.transfers).toHaveLength(616);
    for (const transfer of documents[0]?.transfers ?? []) {
      const { target, sources, affinity, gain, quality } = full.get(key(transfer)) ?? {};
      expect({ target, sources, affinity, gain, quality }).toEqual(transfer);
    }
  });

  it.each(['novel_tasks.json', 'similarity_tree.json', 'ahp_fixture.json'])(
    '%s is refused: no transfers',
    (name) => {
      expect(() => load(name)).toThrow(/no file of published transfers/);
    },
  );
});
