import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readBytes } from './files';
import { givenFiles } from './testing/given-file';

const { folder, read, refusal, write } = givenFiles();
const sound = '{"transfers":[{"target":"x","sources":["y"],"gain":0.5}]}';

describe('CSV as tools write it', () => {
  const expected = [{ target: 'a', sources: ['b'], affinity: null, gain: 0.5, quality: null }];
  const utf16 = (text: string, mark: boolean): Buffer =>
    Buffer.concat([mark ? Buffer.from([0xff, 0xfe]) : Buffer.alloc(0), Buffer.from(text, 'utf16le')]);
  const plain = 'target,sources,gain\na,b,0.5\n';

  it.each([
    ['semicolons and a decimal comma', 'target;sources;gain\na;b;0,5\n'],
    ['a decimal comma in quotes', 'target,sources,gain\na,b,"0,5"\n'],
    ['tabs', 'target\tsources\tgain\na\tb\t0.5\n'],
    ['bars', 'target|sources|gain\na|b|.5\n'],
    ['a percent sign', 'target,sources,gain\na,b,50%\n'],
    ['a percent sign, a space and a comma', 'target;sources;gain\na;b;50,0 %\n'],
    ['UTF-16 with a mark', utf16(plain, true)],
    ['UTF-16 without a mark', utf16(plain, false)],
    ['UTF-16, big end first', utf16(plain, true).swap16()],
    ['UTF-8 with a mark', `\uFEFF${plain}`],
    ['CRLF', plain.replaceAll('\n', '\r\n')],
    ['CR alone', plain.replaceAll('\n', '\r')],
    ['no line break at the end', plain.trimEnd()],
    ['blank lines', `\n\n${plain}\n\n`],
    ['Excel’s first line', `sep=;\r\n${plain.replaceAll(',', ';')}`],
    ['quotes around everything', '"target","sources","gain"\n"a","b","0.5"\n'],
    ['columns without a name that are empty', 'target;sources;gain;;\na;b;0,5;;\n'],
    ['another order and another case', 'Gain,Sources,TARGET\n0.5,b,a\n'],
    ['exponents', 'target,sources,gain\na,b,5e-1\n'],
  ])('%s', async (_, content) => {
    expect((await read('table.csv', content)).transfers).toEqual(expected);
    expect((await read('table.csv.gz', gzipSync(content))).transfers).toEqual(expected);
    expect((await read('table.txt', content)).transfers).toEqual(expected);
  });

  it('line breaks in quotes are part of a name', async () => {
    const { transfers } = await read('quotenl.csv', 'target,sources,gain\n"a\nb",c,0.5\n');
    expect(transfers[0]).toMatchObject({ target: 'a\nb', sources: ['c'] });
  });

  it('gains alone rank sources: the file of wins that the docs allow', async () => {
    const { transfers, report } = await read(
      'wins.csv',
      'target,sources,gain\nbirds,clip-b32,0.855\nbirds,mae-b16,0.725\nbirds,sup-inat,0.945\ncars,clip-b32,0.815\n',
    );
    expect(report).toEqual({ imported: 4, dropped: [], ignored: [] });
    expect(transfers.map((t) => [t.affinity, t.gain, t.quality])).toEqual(
      [0.855, 0.725, 0.945, 0.815].map((gain) => [null, gain, null]),
    );
  });

  it('NA, NaN and a dash are "not measured", and counted like comments', async () => {
    const { transfers, report } = await read(
      'missing.csv',
      'target,sources,gain,quality\n# by hand\na,b,0.5,NA\na,c,NaN,0.5\na,d,0.5,–\n',
    );
    expect(transfers.map(({ gain, quality }) => [gain, quality])).toEqual([
      [0.5, null],
      [null, 0.5],
      [0.5, null],
    ]);
    expect(report.ignored).toEqual([
      { field: 'values written as missing (NA, NaN, –)', count: 3 },
      { field: 'comment lines', count: 1 },
    ]);
  });

  it.each([
    ['1,234', '"1,234" is ambiguous'],
    ['1,000', '"1,000" is ambiguous'],
    ['55', 'write 55 % as a percentage'],
    ['inf', '"inf" is not a number'],
    ['0x1', '"0x1" is not a number'],
    ['1e308', '"1e308" is not between 0 and 1'],
    ['-0.1', '"-0.1" is not between 0 and 1'],
    ['101 %', '"101 %" is not between 0 and 1'],
    ['0.5.1', '"0.5.1" is not a number'],
  ])('the number %s is refused with its cell', async (cell, message) => {
    const error = await refusal('number.csv', `target;sources;gain\nc;d;0.5\na;b;${cell}\n`);
    expect(error.issues[0]?.path).toBe('line 3, gain');
    expect(error.issues[0]?.message).toContain(message);
  });

  it('the rest of the file tells what "1,000" and "1.000" are', async () => {
    const comma = await read('comma.csv', 'target;sources;gain\na;b;0,25\na;c;1,000\n');
    expect(comma.transfers.map((t) => t.gain)).toEqual([0.25, 1]);
    expect((await read('point.csv', 'target;sources;gain\na;c;1.000\n')).transfers[0]?.gain).toBe(1);
    expect((await refusal('both.csv', 'target;sources;gain\na;b;0,25\na;c;1.000\n')).message).toContain(
      '"1.000" is ambiguous',
    );
  });

  it.each([
    ['a column twice', 'target,sources,gain,Gain\na,b,0.1,0.9\n', 'the column "gain" is there twice'],
    ['an unknown column', 'target,sources,wins\na,b,0.5\n', 'unknown column "wins"'],
    ['a slip', 'target,source,gain\na,b,0.5\n', 'did you mean "sources"?'],
    ['a value under no name', 'target,sources,gain,\na,b,0.5,7\n', '"7" is under a column without a name'],
    [
      'a decimal comma without quotes',
      'target,sources,gain\na,b,0,5\n',
      '4 cells under 3 columns (a decimal comma needs quotes',
    ],
    ['a quote that does not close', 'target,sources,gain\n"a,b,0.5\n', 'Quote Not Closed'],
    ['Latin-1', Buffer.from('target,sources,gain\n\xe9,b,0.5\n', 'latin1'), 'not text in UTF-8 or UTF-16'],
    ['seeds and accuracies', 'source,target,seed,accuracy\nb,a,1,68.15\n', 'unknown column "accuracy"'],
  ])('%s is refused and named', async (_, content, message) => {
    expect((await refusal('table.csv', content)).message).toContain(message);
  });
});

describe('files', () => {
  it('that are truncated gzip data are refused in one line', async () => {
    const whole = gzipSync(sound);
    const error = await refusal('cut.json.gz', whole.subarray(0, whole.length - 12));
    expect(error.message).toContain('ends too early: the file is truncated');
    const damaged = Buffer.from(whole);
    damaged[12] = (damaged[12] ?? 0) ^ 0xff;
    expect((await refusal('bad.json.gz', damaged)).message).toContain('gzip data');
  });

  it('that unpack to more than the limit are not unpacked further', async () => {
    const file = write('bomb.json.gz', gzipSync(Buffer.alloc(5_000_000, 32)));
    await expect(readBytes(file, 1_000_000)).rejects.toThrow(
      /bomb\.json\.gz: the gzip data unpacks to more than 1 MB/,
    );
    await expect(readBytes(write('large.json', Buffer.alloc(2_000_000, 32)), 1_000_000)).rejects.toThrow(
      /larger than 1 MB/,
    );
  });

  it('that are folders, missing or not text are named', async () => {
    await expect(readBytes(folder)).rejects.toThrow(/not a regular file/);
    await expect(readBytes(path.join(folder, 'no.json'))).rejects.toMatchObject({ code: 'not-found' });
    await expect(readBytes('/dev/zero')).rejects.toThrow(/not a regular file/);
    expect((await refusal('zeros.json', Buffer.alloc(100))).message).toContain('not text');
  });
});
