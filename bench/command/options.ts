import { readFileSync } from 'node:fs';
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';

/** The comment at the head of a benchmark's file: what it measures, and its options. */
const headOf = (source: string): string =>
  (/^\/\*\*\n([\s\S]*?)\n? \*\//.exec(source)?.[1] ?? '').replaceAll(/^ \* ?/gm, '');

/** Ends a benchmark that was asked for what there is not. */
function refuse(message: string): never {
  console.error(`${message} \`--help\` says what there is.`);
  process.exit(2);
}

/** Options of the benchmark that runs; `--help` prints the head of its file, and an unknown option ends it. */
export function readOptions<const T extends ParseArgsOptionsConfig>(options: T, words = 0) {
  try {
    const all: T & { help: { type: 'boolean' } } = { ...options, help: { type: 'boolean' } };
    const parsed = parseArgs({ options: all, allowPositionals: words > 0 });
    if (process.argv.includes('--help')) {
      console.log(headOf(readFileSync(process.argv[1] ?? '', 'utf8')));
      process.exit(0);
    }
    return parsed;
  } catch (error) {
    return refuse(`${error instanceof Error ? error.message.split('. ')[0] : String(error)}.`);
  }
}

/** A whole number of at least 1. */
export function wholeNumber(text: string, name: string): number {
  const value = Number(text);
  return Number.isInteger(value) && value >= 1
    ? value
    : refuse(`${name} wants a whole number, not "${text}".`);
}

/** Those of `known` that a list with commas names; all where there is no list. */
export function chosen<T extends string>(text: string | undefined, known: readonly T[], name: string): T[] {
  const wanted = text?.split(',') ?? known;
  const strange = wanted.find((word) => !known.includes(word as T));
  if (strange !== undefined) refuse(`${name} knows ${known.join(', ')}, not "${strange}".`);
  return known.filter((word) => wanted.includes(word));
}
