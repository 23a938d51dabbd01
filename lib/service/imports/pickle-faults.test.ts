import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TaskatlasError } from '@/lib/science/core';
import { readPickle } from './pickle';
import { publishedResults } from './results';
import pickles from './testing/pickles.json';
import { pickleOfFloats } from './testing/write-pickle';

const PATH = 'affinities/all_affinities_16k.pkl';
const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/** What becomes of a pickle as a published file: `read`, or our own error. Any other error fails the test. */
function outcome(bytes: Uint8Array): string {
  try {
    publishedResults(new Map([[PATH, bytes]]));
    return 'read';
  } catch (error) {
    if (!(error instanceof TaskatlasError)) throw error;
    expect(error.code).toBe('invalid-input');
    expect(error.message).not.toContain('\n');
    return error.message;
  }
}

/** Pickles that were found to hang the reader or to end it with an error that is not ours (shared/faults/pickles). */
const FOUND: readonly [name: string, base64: string, message: RegExp][] = [
  [
    'a key that a backtracking pattern takes 2^30 steps for',
    'gAJ9cQBYPQAAAF9fX19fX19fX19fX19fX19fX19fX19fX19fX19fX19fX19fX19fX19fX19fX19fX19fX19fX19fX19fXyFxAUc/4AAAAAAAAHMu',
    /the key "_+!" is not "source__…__target"/,
  ],
  [
    'a key of tuples in tuples, 2^32 when written out',
    'gAJ9VQFhcQEwaAFoAYZxAjBoAmgChnEDMGgDaAOGcQQwaARoBIZxBTBoBWgFhnEGMGgGaAaGcQcwaAdoB4ZxCDBoCGgIhnEJMGgJaAmGcQow' +
      'aApoCoZxCzBoC2gLhnEMMGgMaAyGcQ0waA1oDYZxDjBoDmgOhnEPMGgPaA+GcRAwaBBoEIZxETBoEWgRhnESMGgSaBKGcRMwaBNoE4ZxFDBo' +
      'FGgUhnEVMGgVaBWGcRYwaBZoFoZxFzBoF2gXhnEYMGgYaBiGcRkwaBloGYZxGjBoGmgahnEbMGgbaBuGcRwwaBxoHIZxHTBoHWgdhnEeMGge' +
      'aB6GcR8waB9oH4ZxIDBoIGgghkc/4AAAAAAAAHMu',
    /a key of a dict is neither text nor a number/,
  ],
  ['a list that holds itself as a key', 'gAJ9XXEBaAFhRz/gAAAAAAAAcy4=', /a key of a dict is neither text/],
  ['a character beyond Unicode', 'KGRwMApWXFVGRkZGRkZGRgpwMQpGMC41CnMu', /\\UFFFFFFFF is not a character/],
  ['a frame of 2^63 bytes', 'gAWV/////////399Lg==', /a frame is longer than the file/],
  ['an end in the middle of a number', 'gAJ9cQBYBAAAAGFfX2JxAUc/4AAAAAA=', /it ends too early/],
];

const repeat = (text: string, times: number): string => text.repeat(times);

const BUILT: readonly [name: string, pickle: string, message: RegExp][] = [
  ['text of 2^60 bytes', '\x80\x04}\x8d\x00\x00\x00\x00\x00\x00\x00\x10ab.', /it ends too early/],
  ['bytes of 2^60', '\x80\x04\x8e\x00\x00\x00\x00\x00\x00\x00\x10ab.', /it ends too early/],
  ['text of a negative length', '\x80\x02T\xff\xff\xff\xffab.', /it ends too early/],
  ['an integer of 2 GB', '\x80\x02\x8b\xff\xff\xff\x7f\x01.', /it ends too early/],
  [
    'text that is not UTF-8',
    '\x80\x02}X\x02\x00\x00\x00\xff\xfeG\x3f\xe0\x00\x00\x00\x00\x00\x00s.',
    /text is not UTF-8/,
  ],
  ['an empty dict', '\x80\x02}.', /the pickle holds an empty dict/],
  ['a dict in protocol 5 that is empty', '\x80\x05\x95\x02\x00\x00\x00\x00\x00\x00\x00}..', /empty dict/],
  ['lists in lists, 200,000 deep', `${repeat(']', 200_000)}${repeat('a', 199_999)}.`, /holds no dict/],
  ['tuples in tuples as a value', `}U\x04a__b${repeat('(', 50_000)}N${repeat('t', 50_000)}s.`, /not a share/],
  ['a dict as a key', '}}K\x01s.', /neither text nor a number/],
  ['a key that is a number', '}K\x01K\x01s.', /a key is not text/],
  ['a key twice', '}U\x04a__bK\x01sU\x04a__bK\x00s.', /one key twice/],
  [
    'a global whose name is a tuple of tuples',
    `U\x01a${repeat('2\x86', 40)}2\x93.`,
    /a global name is not text/,
  ],
  ['a global with control characters', 'cos\x1b[2J\nsystem\n.', /the name os\?\[2J\.system/],
  ['a POP of nothing', '0}.', /a value is missing/],
  ['a hexadecimal float', '}U\x04a__bF0x1\ns.', /"0x1" is not a number/],
  ['infinity', '}U\x04a__bFinf\ns.', /not a share/],
  ['1e308', '}U\x04a__bF1e308\ns.', /not a share/],
  ['a negative share', '}U\x04a__bF-0.1\ns.', /not a share/],
  ['a key without a source', '}U\x03__bK\x01s.', /is not "source__…__target"/],
  ['a key of underscores', `}X\xa0\x86\x01\x00${repeat('_', 100_000)}K\x01s.`, /is not "source__…__target"/],
  ['a name of an object’s prototype', '}U\x0f__proto____a__bK\x01s.', /is not "source__…__target"/],
  ['a task named constructor', '}U\x0econstructor__bK\x01s.', /"constructor" is reserved by JavaScript/],
];

describe('pickles that are refused', () => {
  it.each(FOUND)('%s', (_, base64, message) => {
    expect(outcome(Buffer.from(base64, 'base64'))).toMatch(message);
  });

  it.each(BUILT)('%s', (_, pickle, message) => {
    expect(outcome(latin1(pickle))).toMatch(message);
  });

  it('for memo entries beyond the limit', () => {
    const abuse = latin1(`\x80\x04}${repeat('\x94', 50)}.`);
    expect(() => readPickle(abuse, { bytes: 99, objects: 20 })).toThrow(/more than 20 objects/);
  });
});

describe('the reader’s time', () => {
  /** Steps grow with the file, not with what it would be written out: a reader that doubles never ends these. */
  it('is linear in tuples that share, in marks and in duplicates', () => {
    const doubling = `U\x01a${repeat('2\x86', 5000)}.`;
    expect(outcome(latin1(doubling))).toMatch(/holds no dict/);
    const marks = `${repeat('(', 100_000)}${repeat('1', 100_000)}}.`;
    expect(outcome(latin1(marks))).toMatch(/empty dict/);
  });
});

describe('mutated pickles', () => {
  const seeds = [
    ...Object.values(pickles).map((text) => Buffer.from(text, 'base64')),
    Buffer.from(
      pickleOfFloats(
        new Map([
          ['a__b', 0.5],
          ['c__a__b', 0.25],
          ['self__b', 1],
        ]),
      ),
    ),
    ...FOUND.map(([, text]) => Buffer.from(text, 'base64')),
  ];

  interface Edit {
    at: number;
    remove: number;
    insert: Uint8Array;
  }

  const edit: fc.Arbitrary<Edit> = fc.record({
    at: fc.nat(2000),
    remove: fc.nat(4),
    insert: fc.uint8Array({ maxLength: 6 }),
  });

  const mutated = (bytes: Uint8Array, edits: readonly Edit[]): Uint8Array =>
    edits.reduce<Uint8Array>((now, { at, remove, insert }) => {
      const from = at % (now.length + 1);
      return Buffer.concat([now.subarray(0, from), insert, now.subarray(from + remove)]);
    }, bytes);

  it('end with our error or with shares', () => {
    const property = fc.property(
      fc.constantFrom(...seeds),
      fc.array(edit, { minLength: 1, maxLength: 4 }),
      (bytes, edits) => void outcome(mutated(bytes, edits)),
    );
    fc.assert(property, { seed: 11, numRuns: 4000 });
  });

  it('and so do opcodes in any order', () => {
    const opcode = fc.constantFrom(
      ...Array.from('()}].0123aeldtsuNFIPRUVXbcghijopqr\x80\x85\x86\x87\x88\x89\x8a\x93\x94\x95'),
    );
    const argument = fc.constantFrom(
      '',
      '\n',
      '0\n',
      '1\n',
      '\x00',
      '\x01',
      '\x01a',
      '\x01\x00\x00\x00',
      'a__b\n',
      "'a'\n",
    );
    const program = fc.array(fc.tuple(opcode, argument), { maxLength: 40 });
    const property = fc.property(
      program,
      (steps) => void outcome(latin1(`${steps.map((s) => s.join('')).join('')}.`)),
    );
    fc.assert(property, { seed: 12, numRuns: 4000 });
  });
});
