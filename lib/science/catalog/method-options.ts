import { type FieldIssue, type MethodOptions, TaskatlasError } from '../core';
import { compilePattern } from './pattern';

/** One option of a method: what it may be, what it is when nobody says, and what it does. */
export type OptionSpec = { doc: string } & (
  | { kind: 'number'; default: number; min: number; max: number; integer?: true }
  | { kind: 'choice'; default: string; choices: readonly string[] }
  | { kind: 'flag'; default: boolean }
  /** A regular expression over layer names such as `encoder/conv2`; empty = none. */
  | { kind: 'pattern'; default: string }
  /** Methods of the same sweep by id or label, joined by `+`. */
  | { kind: 'methods'; default: string }
  /** Numbers from 0, joined by `+`; empty = none. */
  | { kind: 'numbers'; default: string }
);

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** Options of every method that is trained by gradient. */
export const COMMON_OPTIONS = {
  epochs: {
    kind: 'number',
    default: 0,
    min: 0,
    max: 100_000,
    integer: true,
    doc: 'Passes over the training images; 0 = what the sweep and its preset say.',
  },
  'learning-rate': {
    kind: 'number',
    default: 0,
    min: 0,
    max: 10,
    doc: 'Learning rate of the first step; 0 = what the sweep and its preset say.',
  },
} as const satisfies OptionSpecs;

function isPattern(source: string): boolean {
  try {
    compilePattern(source);
    return true;
  } catch {
    return false;
  }
}

/** What is wrong with a value, or null. */
function fault(spec: OptionSpec, value: unknown): string | null {
  switch (spec.kind) {
    case 'number':
      if (typeof value !== 'number' || !Number.isFinite(value)) return 'must be a number';
      if (spec.integer && !Number.isInteger(value)) return 'must be a whole number';
      return value < spec.min || value > spec.max ? `must lie between ${spec.min} and ${spec.max}` : null;
    case 'choice':
      return spec.choices.includes(value as string) ? null : `must be one of ${spec.choices.join(', ')}`;
    case 'flag':
      return typeof value === 'boolean' ? null : 'must be true or false';
    case 'pattern':
      return typeof value === 'string' && isPattern(value)
        ? null
        : 'must be a regular expression of at most 200 characters, without look-around and back-references (RE2 syntax)';
    case 'methods':
      return typeof value === 'string' && value !== '' ? null : 'must name methods, joined by +';
    case 'numbers':
      return typeof value === 'string' && /^(\d+(\.\d+)?(\+\d+(\.\d+)?)*)?$/.test(value)
        ? null
        : 'must be numbers joined by +, such as 1+0.5';
  }
}

/** What is wrong with the options given for a method; paths are below `path`. */
export function optionIssues(
  method: string,
  specs: OptionSpecs,
  given: Readonly<Record<string, unknown>>,
  path = 'options',
): FieldIssue[] {
  return Object.entries(given).flatMap(([name, value]): FieldIssue[] => {
    const spec = specs[name];
    const known = Object.keys(specs).join(', ') || 'none';
    if (!spec)
      return [{ path: `${path}.${name}`, message: `${method} has no such option; it has: ${known}` }];
    const wrong = fault(spec, value);
    return wrong ? [{ path: `${path}.${name}`, message: wrong }] : [];
  });
}

/** Those options that differ from their defaults, in the order of the declaration: what a recipe and a label hold. */
export const givenOptions = (specs: OptionSpecs, given: MethodOptions = {}): MethodOptions =>
  Object.fromEntries(
    Object.entries(specs).flatMap(([name, spec]) => {
      const value = given[name];
      return value === undefined || value === spec.default ? [] : [[name, value]];
    }),
  );

/** All options of a method, defaults filled in, by typed getters: an option is read as what it was declared to be. */
export interface ResolvedOptions {
  number(name: string): number;
  text(name: string): string;
  flag(name: string): boolean;
}

export function resolveOptions(
  method: string,
  specs: OptionSpecs,
  given: MethodOptions = {},
): ResolvedOptions {
  const [issue] = optionIssues(method, specs, given);
  if (issue) throw new TaskatlasError('invalid-input', `${issue.path}: ${issue.message}.`);
  const get = <T>(name: string, type: string): T => {
    const value = given[name] ?? specs[name]?.default;
    if (typeof value !== type) throw new TaskatlasError('internal', `${method} has no ${type} "${name}".`);
    return value as T;
  };
  return {
    number: (name) => get<number>(name, 'number'),
    text: (name) => get<string>(name, 'string'),
    flag: (name) => get<boolean>(name, 'boolean'),
  };
}
