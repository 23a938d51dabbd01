import { describe, expect, it } from 'vitest';
import { importedSweep } from './sweep';
import { givenFiles } from './testing/given-file';

const { read, refusal } = givenFiles();

const one = (transfer: object, rest: object = {}): string =>
  JSON.stringify({ transfers: [transfer], ...rest });
const fine = { target: 'x', sources: ['y'], gain: 0.5 };

describe('JSON whose fields are wrong', () => {
  it.each([
    [
      'a slip',
      one({ target: 'a', sources: ['b'], gains: 0.5 }),
      'transfers[0].gains',
      'did you mean "gain"?',
    ],
    ['another case', one({ target: 'a', sources: ['b'], Quality: 0.5 }), 'transfers[0].Quality', '"quality"'],
    [
      'a slip among sound ones',
      JSON.stringify({ transfers: [fine, { target: 'a', source: ['b'], gain: 0 }] }),
      'transfers[1].source',
      '"sources"',
    ],
    ['a slip at the top', one(fine, { target: ['a'] }), 'target', 'did you mean "targets"?'],
    [
      '1e308',
      '{"transfers":[{"target":"a","sources":["b"],"gain":1e308}]}',
      'transfers[0].gain',
      '1e+308 is not between 0 and 1',
    ],
    [
      '1e400',
      '{"transfers":[{"target":"a","sources":["b"],"gain":1e400}]}',
      'transfers[0].gain',
      'Infinity is not between',
    ],
    [
      'a negative share',
      one({ ...fine, quality: -0.1 }),
      'transfers[0].quality',
      '-0.1 is not between 0 and 1',
    ],
    ['text for a number', one({ ...fine, affinity: '0.5' }), 'transfers[0].affinity', '"0.5" is not between'],
    [
      'a field twice',
      '{"transfers":[{"target":"a","sources":["b"],"gain":0.1,"gain":0.9}]}',
      'transfers[0].gain',
      'given twice',
    ],
    [
      'a field twice, once escaped',
      '{"transfers":[{"target":"a","sources":["b"],"gain":0.1,"\\u0067ain":0.9}]}',
      'transfers[0].gain',
      'given twice',
    ],
    [
      '__proto__ as a field',
      '{"transfers":[{"target":"a","sources":["b"],"gain":0.5,"__proto__":{"gain":1}}]}',
      'transfers[0].__proto__',
      'reserved by JavaScript',
    ],
    [
      '__proto__ among names',
      '{"transfers":[{"target":"a","sources":["b"],"gain":0.5}],"task_names":{"__proto__":"x"}}',
      'task_names.__proto__',
      'reserved',
    ],
    [
      '__proto__ as a target',
      one({ ...fine, target: '__proto__' }),
      'transfers[0].target',
      '"__proto__" is reserved',
    ],
    [
      'constructor as a source',
      one({ ...fine, sources: ['constructor'] }),
      'transfers[0].sources[0]',
      '"constructor" is reserved',
    ],
    ['toString as a target', one({ ...fine, target: 'toString' }), 'transfers[0].target', 'reserved'],
    ['a name of spaces', one({ ...fine, target: '  ' }), 'transfers[0].target', 'a name is empty'],
    [
      'a name with a control character',
      one({ ...fine, target: 'a\u001b[2J' }),
      'transfers[0].target',
      'control characters',
    ],
    [
      'a name with half a character',
      one({ ...fine, target: 'a\ud800' }),
      'transfers[0].target',
      'a name has control characters or half of a character',
    ],
    [
      'a reference as a target',
      one({ ...fine, target: 'self' }),
      'transfers[0].target',
      'the name of a reference',
    ],
  ])('%s', async (_, text, at, message) => {
    const error = await refusal('wrong.json', text);
    expect(error.code).toBe('invalid-input');
    expect(error.issues[0]?.path).toBe(at);
    expect(`${error.message} ${error.issues[0]?.message}`).toContain(message);
  });

  it('NaN is named, and what to write instead', async () => {
    const error = await refusal('nan.json', '{"transfers":[{"target":"a","sources":["b"],"gain":NaN}]}');
    expect(error.message).toContain('JSON has no NaN or Infinity: write null');
  });

  it('nesting without end is refused, wherever it is', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const error = await refusal('deep.json', `{"note":${deep},"transfers":[${JSON.stringify(fine)}]}`);
    expect(error.message).toContain('nests more than 64 deep');
  });

  it('more faults than are listed are counted', async () => {
    const transfers = Array.from({ length: 50 }, () => ({ ...fine, gain: 2 }));
    const error = await refusal('many.json', JSON.stringify({ transfers }));
    expect(error.message).toContain('transfers[0].gain');
    expect(error.message).toContain('(and 49 more)');
    expect(error.issues).toHaveLength(20);
  });
});

describe('what a file says twice or against itself', () => {
  it('values that differ are all left out and counted; the rest is read', async () => {
    const { transfers, report } = await read(
      'dup.json',
      '{"transfers":[{"target":"a","sources":["b"],"gain":0.1},{"target":"a","sources":["b"],"gain":0.9},{"target":"b","sources":["a"],"gain":0.5}]}',
    );
    expect(transfers).toEqual([{ target: 'b', sources: ['a'], affinity: null, gain: 0.5, quality: null }]);
    expect(report).toMatchObject({ imported: 1, ignored: [] });
    expect(report.dropped).toEqual([
      expect.objectContaining({
        reason: 'conflicting',
        count: 2,
        examples: ['transfers[0] (b → a)', 'transfers[1] (b → a)'],
      }),
    ]);
  });

  it('values that agree are taken once; measures in several rows come together', async () => {
    const { transfers, report } = await read(
      'again.csv',
      'target,sources,gain,quality\na,b,0.5,\na,b,0.5,0.25\na,b,,0.25\n',
    );
    expect(transfers).toEqual([{ target: 'a', sources: ['b'], affinity: null, gain: 0.5, quality: 0.25 }]);
    expect(report.dropped).toEqual([expect.objectContaining({ reason: 'repeated', count: 2 })]);
  });

  it.each([
    [
      'conflict-order',
      '{"transfers":[{"target":"a","sources":["b","c"],"gain":0.1},{"target":"a","sources":["c","b"],"gain":0.9},{"target":"a","sources":["b","b"],"gain":0.7}]}',
      [
        '1: a source is named twice (transfers[2] (b+b → a))',
        '2: the same sources for the same target have different values',
      ],
    ],
    [
      'missingtarget',
      '{"targets":["zzz"],"transfers":[{"target":"a","sources":["b"],"gain":0.5}]}',
      [
        'the target is not in the list "targets" (transfers[0] (b → a))',
        'no transfer that can be used has it (zzz)',
      ],
    ],
    ['novalue', one({ target: 'a', sources: ['b'] }), ['1: no affinity, gain or quality']],
    ['joined', one({ target: 'a', sources: ['self', 'b'], gain: 0.5 }), ['cannot be joined']],
  ])('%s: nothing is left, and each reason is named', async (name, text, messages) => {
    const { message } = await refusal(`${name}.json`, text);
    expect(message).toContain('No transfer of the file can be used');
    for (const each of messages) expect(message).toContain(each);
  });

  it('each reason is counted beside what is read, in the report and in the notes of the sweep', async () => {
    const document = await read(
      'mixed.json',
      JSON.stringify({
        targets: ['x', 'gone'],
        comment: 'mine',
        transfers: [
          { ...fine, seed: 1, note: 'a' },
          { ...fine, sources: ['z'], order: 7, seed: 2 },
          { ...fine, target: 'other' },
          { target: 'x', sources: ['w'] },
        ],
      }),
    );
    expect(document.targets).toEqual(['x']);
    expect(document.report.imported).toBe(1);
    expect(
      document.report.dropped.map(({ reason, count, examples }) => [reason, count, examples[0]]),
    ).toEqual([
      ['wrong-order', 1, 'transfers[1] (z → x)'],
      ['unlisted-target', 1, 'transfers[2] (y → other)'],
      ['no-value', 1, 'transfers[3] (w → x)'],
      ['target-without-transfers', 1, 'gone'],
    ]);
    expect(document.report.ignored).toEqual([
      { field: 'comment', count: 1 },
      { field: 'transfers[].seed', count: 2 },
      { field: 'transfers[].note', count: 1 },
    ]);
    const { notes } = importedSweep(document, { name: 'mixed' }).sweep;
    expect(notes?.map(({ code }) => code)).toEqual(
      expect.arrayContaining([
        'wrong-order',
        'unlisted-target',
        'no-value',
        'target-without-transfers',
        'ignored-fields',
      ]),
    );
  });

  it('an order that is not the number of sources is named by its line', async () => {
    const { message } = await refusal('order.csv', 'target,sources,order,gain\na,b,7,0.5\n');
    expect(message).toContain('the order is not the number of sources (line 2 (b → a))');
  });

  it('"scratch" is the reference that the published files call "pixels"', async () => {
    const document = await read('scratch.csv', 'target,sources,gain\na,b,0.7\na,scratch,0.5\na,pixels,0.5\n');
    const [analysis] = importedSweep(document, { name: 'x' }).analyses;
    expect(analysis?.candidates.map((c) => [c.key, c.kind])).toEqual([
      ['b', 'transfer'],
      ['scratch', 'scratch'],
    ]);
    expect(document.report.dropped).toEqual([expect.objectContaining({ reason: 'repeated', count: 1 })]);
  });
});

describe('names', () => {
  const ids = async (names: readonly string[]): Promise<string[]> => {
    const [target = '', ...sources] = names;
    const transfers = sources.map((source) => ({ target, sources: [source], gain: 0.5 }));
    const { sweep } = importedSweep(await read('names.json', JSON.stringify({ transfers })), { name: 'x' });
    return sweep.tasks.map((task) => task.id).sort();
  };

  it('in any script become ids', async () => {
    expect(await ids(['é', '猫'])).toEqual(['e', 'u732b']);
    expect(await ids(['Pre-training (v2)', 'naïve Bayes'])).toEqual(['naive-bayes', 'pre-training-v2']);
  });

  it('that differ by an accent only stay two tasks; one name in two Unicode forms is one', async () => {
    expect(await ids(['x', 'pere', 'père'])).toEqual(
      ['pere', 'pu00e8re', 'x'].map((id) => id.replace('u00e8', 'ue8')),
    );
    const same = [
      { target: 'x', sources: ['p\u00e8re'], gain: 0.5 },
      { target: 'x', sources: ['pe\u0300re'], quality: 0.5 },
    ];
    expect((await read('nfd.json', JSON.stringify({ transfers: same }))).transfers).toHaveLength(1);
  });

  it('that would become one id are refused, both named, and all counted', async () => {
    await expect(ids(['a_b', 'a-b'])).rejects.toThrow('"a_b" and "a-b" both become "a-b"');
    await expect(ids(['a_b', 'a-b', 'c d', 'C d'])).rejects.toThrow('(and 1 more)');
  });

  it('that become an id with a meaning of its own are refused', async () => {
    await expect(ids(['x', 'Self'])).rejects.toThrow('becomes "self", which stands for a reference');
    await expect(ids(['x', 'mean'])).rejects.toThrow('"mean"');
    await expect(ids(['x', 'Constructor'])).rejects.toThrow('reserved by JavaScript');
    await expect(ids(['x', '---'])).rejects.toThrow('has no letter or digit');
  });

  it('that are long keep an id of at most 64 characters, each its own', async () => {
    const long = 'word '.repeat(39);
    const found = await ids(['x', `${long}a`, `${long}b`]);
    expect(new Set(found).size).toBe(3);
    for (const id of found) expect(id).toMatch(/^[a-z0-9-]{1,64}$/);
  });
});
