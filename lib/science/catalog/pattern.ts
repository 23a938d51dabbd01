import { RE2JS } from 're2js';

/** Longest pattern of names of layers, in characters. */
const LONGEST = 200;
/** Repetitions are written out when a pattern is compiled: a count of three digits would cost more than it can find. */
const LARGE_COUNT = /\{\d*,?\d{3,}/;

/** A regular expression that somebody wrote, over names. */
export interface Pattern {
  /** Whether some part of the name fits. */
  test(name: string): boolean;
}

/**
 * Compiles a pattern in RE2's syntax (regular expressions without look-around and back-references), whose search takes
 * time in proportion to the name, whatever the pattern: one of JavaScript's own can take for ever.
 * @throws Error when the text is no such pattern
 */
export function compilePattern(text: string): Pattern {
  if (text.length > LONGEST || LARGE_COUNT.test(text)) throw new Error('the pattern is too large');
  const compiled = RE2JS.compile(text);
  return { test: (name) => compiled.matcher(name).find() };
}
