import { describe, expect, it } from 'vitest';
import { classesFault } from './same-classes';

describe('classes of two folders', () => {
  const digits = Array.from({ length: 10 }, (_, i) => String(i));

  it('are the same by their names', () => {
    expect(classesFault(['cat', 'dog'], ['cat', 'dog'], false)).toBeNull();
    // One name with a letter tells that the others are names as well.
    expect(classesFault(['1', '2', 'none'], ['1', '2', 'none'], false)).toBeNull();
  });

  it('differ where names differ, whatever a person says of them', () => {
    for (const declared of [false, true]) {
      expect(classesFault(['cat', 'dog'], ['cat', 'fox'], declared)).toBe(
        'has the classes cat, fox; the source domain has cat, dog',
      );
      expect(classesFault(digits, digits.slice(0, 5), declared)).toContain('has the classes 0, 1, 2, 3, 4');
    }
  });

  it('are not known to be the same by numbers alone: digits and clothes have both 0 to 9', () => {
    for (const [source, target] of [
      [null, null],
      [digits, digits],
      [['cat', 'dog'], null],
    ] as const) {
      expect(classesFault(source, target, false)).toContain('set "sameClasses: true"');
      expect(classesFault(source, target, true)).toBeNull();
    }
  });
});
