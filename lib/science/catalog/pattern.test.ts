import { describe, expect, it } from 'vitest';
import { resolveOptions } from './method-options';
import { methodById } from './methods';
import { compilePattern } from './pattern';

describe('a pattern of layer names', () => {
  it('finds what the same regular expression finds', () => {
    const names = ['encoder/conv1', 'encoder/conv2', 'encoder/code', 'head/conv1', 'x(y)'];
    for (const text of [
      '',
      '^encoder/conv[12]$',
      'conv',
      '(code|head)',
      'conv\\d',
      '^$',
      '\\(y\\)',
      '.*/c.{3,}1?',
    ]) {
      const own = new RegExp(text);
      expect(
        names.map((name) => compilePattern(text).test(name)),
        text,
      ).toEqual(names.map((name) => own.test(name)));
    }
  });

  it('is searched in linear time: none of these ends with a regular expression of JavaScript', () => {
    const name = `${'a'.repeat(5000)}!`;
    for (const text of [
      '(a+)+$',
      '(a|aa)*b',
      '^(a|a)*$',
      '^(([a-z])+.)+[A-Z]([a-z])+$',
      '(.*)*(.*)*(.*)*b',
    ]) {
      expect(compilePattern(text).test(name), text).toBe(false);
    }
  });

  it('is refused where it looks around, refers back or would grow when it is compiled', () => {
    const refused = [
      '(?=a)',
      '(?<!a)b',
      '(a)\\1',
      '(',
      'a{1000}',
      '((a{99}){99}){99}',
      'a{1,500}',
      'a'.repeat(201),
    ];
    for (const text of refused) expect(() => compilePattern(text), text).toThrow();
    const options = (restore: string) =>
      resolveOptions('partial', methodById('partial').options ?? {}, { restore });
    expect(() => options('(a)\\1')).toThrow(/must be a regular expression/);
    expect(() => options('^encoder/')).not.toThrow();
  });
});
