import {
  type FieldIssue,
  type MethodOptions,
  type RunKind,
  TaskatlasError,
  type TrainingOptions,
  type TransferRecipe,
} from '../core';
import type { MethodDeclaration } from './method-declaration';
import {
  givenOptions,
  optionIssues,
  type ResolvedOptions,
  resolveOptions as resolve,
} from './method-options';
import { ADAPT_METHODS } from './methods-adapt';
import { PRETRAIN_METHODS } from './methods-pretrain';
import { TRANSFER_METHODS } from './methods-transfer';

const REFERENCES: readonly MethodDeclaration[] = [
  {
    id: 'source',
    kind: 'source',
    name: 'Task-specific network',
    summary: 'Encoder and decoder trained on the source pool; the gold reference, and its encoder a source.',
    source: 'Taskonomy (Zamir et al. 2018), section 3.1',
    version: 2,
    training: 'source',
    needs: [],
  },
  {
    id: 'scratch',
    kind: 'scratch',
    name: 'Scratch',
    summary: 'The network of a transfer from random weights, trained on the transfer pool only.',
    source: 'Taskonomy, section 4 (reference of gain)',
    version: 2,
    training: 'scratch',
    needs: [],
  },
  {
    id: 'mean',
    kind: 'mean',
    name: 'Mean predictor',
    summary: 'Per-pixel median or mean image, constant vector or class prior of the transfer pool.',
    source: 'Taskonomy, section 4 (average estimator)',
    version: 1,
    training: null,
    needs: [],
  },
  {
    id: 'probe',
    kind: 'probe',
    name: 'Ridge probe',
    summary:
      'Closed-form linear read-out of every target from one source’s frozen features: a preliminary matrix.',
    source: 'Linear probes (Alain & Bengio 2016), ridge regression',
    version: 2,
    training: null,
    needs: ['features'],
  },
];

export const METHODS: readonly MethodDeclaration[] = [
  ...REFERENCES,
  ...TRANSFER_METHODS,
  ...ADAPT_METHODS,
  ...PRETRAIN_METHODS,
];

/** Declaration by id; for runs that are neither transfers nor pre-trainings the id is the run's kind. */
export function methodById(id: string): MethodDeclaration {
  const method = METHODS.find((candidate) => candidate.id === id);
  if (!method) {
    const known = METHODS.map((candidate) => candidate.id).join(', ');
    throw new TaskatlasError('invalid-input', `There is no method "${id}"; known methods: ${known}.`);
  }
  return method;
}

export const methodsOfKind = (kind: RunKind): readonly MethodDeclaration[] =>
  METHODS.filter((method) => method.kind === kind);

/** What is wrong with options given for a method; paths begin with `options`. */
export const optionIssuesOf = (id: string, given: Readonly<Record<string, unknown>>): FieldIssue[] =>
  optionIssues(id, methodById(id).options ?? {}, given);

export const methodVersion = (id: string): number => methodById(id).version;

export type { ResolvedOptions as ResolvedMethodOptions } from './method-options';

/** A method's options with defaults filled in. @throws TaskatlasError `invalid-input` naming a wrong option */
export const optionsOf = (id: string, given?: MethodOptions): ResolvedOptions =>
  resolve(id, methodById(id).options ?? {}, given);

/** Whether a transfer learns from labels of the transfer set; one that does not is the same at every size of it. */
export const readsLabels = ({ method, options }: Pick<TransferRecipe, 'method' | 'options'>): boolean =>
  methodById(method).readsLabels?.(optionsOf(method, options)) ?? true;

/** Options as a recipe keeps them: only what differs from the defaults, and no field when nothing does. */
export function recipeOptions(id: string, given: MethodOptions = {}): { options?: MethodOptions } {
  const options = givenOptions(methodById(id).options ?? {}, given);
  return Object.keys(options).length > 0 ? { options } : {};
}

/** Training of a method: the preset's or the sweep's, with the method's own epochs and rate where it names them. */
export function trainingOf(base: TrainingOptions, options: MethodOptions = {}): TrainingOptions {
  const { epochs, 'learning-rate': learningRate } = options;
  return {
    ...base,
    ...(typeof epochs === 'number' && epochs > 0 ? { epochs } : {}),
    ...(typeof learningRate === 'number' && learningRate > 0 ? { learningRate } : {}),
  };
}

/** Name of a method with its options: `fine-tune(l2-sp=0.01)`. */
export function methodLabel(id: string, given?: MethodOptions): string {
  const options = Object.entries(givenOptions(methodById(id).options ?? {}, given));
  if (options.length === 0) return id;
  return `${id}(${options.map(([name, value]) => (value === true ? name : `${name}=${value}`)).join(',')})`;
}

/** The method of plain transfers: its candidates are named by their sources alone. */
export const PLAIN_METHOD = 'readout';

/** Key of a candidate in its target's tournament: `surface-normals`, `fine-tune:surface-normals`, `ensemble:a+b`. */
export function candidateKey(method: string, sources: readonly string[]): string {
  const joined = sources.join('+');
  if (method === PLAIN_METHOD) return joined;
  return joined === '' ? method : `${method}:${joined}`;
}

/** The method with its options that made a transfer. */
export const labelOf = (recipe: Pick<TransferRecipe, 'method' | 'options'>): string =>
  methodLabel(recipe.method, recipe.options);
