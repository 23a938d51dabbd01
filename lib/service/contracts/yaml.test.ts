import { describe, expect, it } from 'vitest';
import { readYaml } from './yaml';

describe('readYaml', () => {
  it.each([
    ['name: x\n', { name: 'x' }],
    ['---\nname: x\n...\n', { name: 'x' }],
    ['name: x\n---\n', { name: 'x' }],
    ['{"name": "x"}', { name: 'x' }],
    ['', null],
  ])('reads %j', (text, value) => {
    expect(readYaml(text)).toEqual({ value });
  });

  it.each([
    ['name: x\n---\nname: y\n', /second YAML document begins at line [23]/, /^line [23]$/],
    ['name: x\n...\n---\n- y\n', /second YAML document/, /^line/],
    ['name: x\nname: y\n', /Map keys must be unique at line 2/, /^line 2$/],
    ['{"a": 1, "a": 2}', /Map keys must be unique/, /^line 1$/],
    ['a: [1\n', /no valid YAML/, /^line/],
  ])('refuses %j', (text, message, where) => {
    expect(readYaml(text)).toEqual({
      issue: { path: expect.stringMatching(where), message: expect.stringMatching(message) },
    });
  });

  it('refuses aliases that double at every line', () => {
    const lines = Array.from(
      { length: 9 },
      (_, i) =>
        `k${i}: &a${i} [${Array(9)
          .fill(i === 0 ? '1' : `*a${i - 1}`)
          .join(', ')}]`,
    );
    expect(readYaml(lines.join('\n'))).toEqual({
      issue: { path: '', message: expect.stringContaining('too many YAML aliases') },
    });
  });

  it('keeps __proto__ a field like any other, which no contract has', () => {
    const read = readYaml('__proto__: {polluted: 1}\n');
    expect('value' in read && Object.keys(read.value as object)).toEqual(['__proto__']);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});
