import { describe, expect, it } from 'vitest';
import { readPickle } from './pickle';
import pickles from './testing/pickles.json';
import { pickleOfFloats } from './testing/write-pickle';

const fixture = (name: keyof typeof pickles): Uint8Array => Buffer.from(pickles[name], 'base64');
const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const refusal = (message: RegExp) =>
  expect.objectContaining({ code: 'invalid-input', message: expect.stringMatching(message) });

const transfers = new Map([
  ['rgb2depth__edge2d', 0.25],
  ['self__edge2d', 1],
  ['edge2d__random__rgb2depth', 5.76734529096257e-5],
]);

describe('readPickle', () => {
  it.each([0, 1, 2, 3, 4] as const)('reads floats, plain and of NumPy, in protocol %i', (protocol) => {
    expect(readPickle(fixture(`python3-protocol${protocol}`))).toEqual(transfers);
    expect(readPickle(fixture(`numpy-protocol${protocol}`))).toEqual(transfers);
  });

  it('reads what Python 2 wrote: text, binary, and with NumPy', () => {
    const text =
      "(dp0\nS'rgb2depth__edge2d'\np1\nF0.25\nsS'self__edge2d'\np2\nI1\nsVedge2d__random__rgb2depth\np3\nF5.76734529096257e-05\ns.";
    expect(readPickle(latin1(text))).toEqual(transfers);
    const binary =
      '\x80\x02}q\x01(U\x04a__bq\x02cnumpy.core.multiarray\nscalar\nq\x03cnumpy\ndtype\nq\x04U\x02f8K\x00K\x01\x87Rq\x05' +
      '(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tbU\x08\x00\x00\x00\x00\x00\x00\xe0?\x86Rq\x06U\x04c__dG?\xd0\x00\x00\x00\x00\x00\x00u.';
    expect(readPickle(latin1(binary))).toEqual(
      new Map([
        ['a__b', 0.5],
        ['c__d', 0.25],
      ]),
    );
    const old =
      "(dp0\nS'a__b'\np1\ncnumpy.core.multiarray\nscalar\np2\n(cnumpy\ndtype\np3\n(S'f8'\np4\nI0\nI1\ntp5\nRp6\n(I3\nS'<'\np7\nNNNI-1\nI-1\nI0\ntp8\nb" +
      "S'\\x00\\x00\\x00\\x00\\x00\\x00\\xe0?'\np9\ntp10\nRp11\ns.";
    expect(readPickle(latin1(old))).toEqual(new Map([['a__b', 0.5]]));
  });

  it('heeds the byte order of a NumPy type', () => {
    const scalar = (order: string, bytes: string): Uint8Array =>
      latin1(
        `\x80\x02cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nU\x02f8K\x00K\x01\x87R(K\x03U\x01${order}NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tbU\x08${bytes}\x86R.`,
      );
    expect(readPickle(scalar('>', '?\xe0\x00\x00\x00\x00\x00\x00'))).toBe(0.5);
    expect(readPickle(scalar('<', '\x00\x00\x00\x00\x00\x00\xe0?'))).toBe(0.5);
  });

  it.each([0, 1, 2, 3, 4] as const)('reads every kind of value in protocol %i', (protocol) => {
    const value = readPickle(fixture(`mixed-protocol${protocol}`)) as Map<string, unknown>;
    expect(Object.fromEntries(value)).toEqual({
      list: [1, 2, 3],
      tuple: [1],
      two: [1, 2],
      three: [1, 2, 3],
      four: [1, 2, 3, 4],
      none: null,
      true: true,
      false: false,
      int: -7,
      big: 2 ** 40,
      neg: -(2 ** 40),
      text: 'grüße',
      bytes: Buffer.from([0xff, 0]),
      empty: [],
      emptyt: [],
      shared: [1, 2, 3],
      nested: new Map([['x', new Map([['y', 1.5]])]]),
    });
    expect(value.get('shared')).toBe(value.get('list'));
  });

  it.each([
    ['reduce-protocol0', /builtin.*print/],
    ['reduce-protocol2', /builtin.*print/],
    ['reduce-protocol4', /builtins\.print/],
    ['object-protocol0', /reconstructor/],
    ['object-protocol2', /__main__\.Plain/],
    ['set-protocol4', /EMPTY_SET/],
    ['array-protocol3', /numpy\.core\.multiarray\._reconstruct/],
  ] as const)('refuses %s by name', (name, message) => {
    expect(() => readPickle(fixture(name))).toThrow(refusal(message));
  });

  it.each([
    ["cos\nsystem\n(S'echo'\ntR.", /os\.system/],
    ["(S'echo'\nios\nsystem\n.", /INST/],
    ['\x80\x02}(U\x01aK\x01o.', /OBJ/],
    ['\x80\x02)\x81.', /NEWOBJ/],
    ['\x80\x02\x82\x01.', /EXT1/],
    ['Pname\n.', /PERSID/],
    ['}}R.', /REDUCE/],
    ['}}b.', /BUILD/],
    ['cnumpy\ndtype\n(V__import__\ntR.', /NumPy/],
    ['c__proto__\ntoString\n.', /__proto__/],
  ])('refuses %j', (text, message) => {
    expect(() => readPickle(latin1(text))).toThrow(refusal(message));
  });

  it.each([
    '',
    '(d',
    '}',
    's.',
    '(S"a\n.',
    "S'a\n.",
    'F\n.',
    'h\x05.',
    '\xff.',
    '(K\x01d.',
    'J\x01.',
    'K\x01K\x02.',
    'X\xff\xff\xff\x7fab.',
  ])('calls %j damaged', (text) => {
    expect(() => readPickle(latin1(text))).toThrow(refusal(/damaged/));
  });

  it('holds its limits whatever the file says', () => {
    expect(() => readPickle(new Uint8Array(100), { bytes: 99, objects: 10 })).toThrow(refusal(/at most 99/));
    expect(() => readPickle(latin1(`${'2'.repeat(3)}.`), { bytes: 99, objects: 10 })).toThrow(
      refusal(/damaged/),
    );
    const bomb = `K\x01${'2'.repeat(50)}.`;
    expect(() => readPickle(latin1(bomb), { bytes: 99, objects: 10 })).toThrow(
      refusal(/more than 10 objects/),
    );
  });

  it('ends every truncation and every flipped byte of a real file with an error or plain values', () => {
    const file = Buffer.from(pickleOfFloats(transfers));
    for (let i = 0; i < file.length; i++) {
      expect(() => readPickle(file.subarray(0, i))).toThrow(refusal(/./));
      const flipped = Buffer.from(file);
      flipped[i] = (flipped[i] as number) ^ 0xff;
      try {
        readPickle(flipped);
      } catch (error) {
        expect(error).toMatchObject({ code: 'invalid-input' });
      }
    }
    expect(readPickle(file)).toEqual(transfers);
  });
});
