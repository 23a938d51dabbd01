import type { MethodChoice, OptionSpec, SweepSpec } from '@/lib/service/contracts';

/** Options as a person fills them: by id; what is absent or empty has its default. */
export type OptionTexts = Readonly<Record<string, string>>;

/** One way to transfer in the form. */
export interface MethodForm {
  method: string;
  options: OptionTexts;
  label: string;
  /** Only from these; from every source when empty. */
  sources: readonly string[];
}

/** One encoder that the sweep teaches. */
export interface TaughtForm extends MethodForm {
  id: string;
  tasks: readonly string[];
}

type Methods = NonNullable<SweepSpec['methods']>;
type Taught = NonNullable<SweepSpec['pretrained']>;
type Given = Readonly<Record<string, string | number | boolean>>;

export const PLAIN: MethodForm = { method: 'readout', options: {}, label: '', sources: [] };

/** A number where the text is one; else the text itself, which the server then names as wrong. */
export function numberOf(text: string): number | string | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  const value = Number(trimmed);
  return Number.isNaN(value) ? trimmed : value;
}

function optionValue(spec: OptionSpec, text: string): string | number | boolean | undefined {
  if (spec.kind === 'number') return numberOf(text);
  if (text === '') return undefined;
  return spec.kind === 'flag' ? text === 'true' : text;
}

/** Options as a sweep file has them: none when all have their defaults. */
function optionsGiven({ options }: MethodChoice, texts: OptionTexts): { options?: Given } {
  const given = options.flatMap(([id, spec]): [string, string | number | boolean][] => {
    const value = optionValue(spec, texts[id] ?? '');
    return value === undefined ? [] : [[id, value]];
  });
  return given.length === 0 ? {} : { options: Object.fromEntries(given) };
}

const textsOf = (given: Given = {}): OptionTexts =>
  Object.fromEntries(Object.entries(given).map(([id, value]) => [id, String(value)]));

const choiceOf = (choices: readonly MethodChoice[], id: string): MethodChoice | undefined =>
  choices.find((choice) => choice.id === id);

const common = (choices: readonly MethodChoice[], { method, options, label }: MethodForm) => {
  const choice = choiceOf(choices, method);
  return {
    method,
    ...(choice ? optionsGiven(choice, options) : {}),
    ...(label.trim() === '' ? {} : { label: label.trim() }),
  };
};

/** An entry of `methods:`; its name alone when that says everything. */
export function methodEntry(choices: readonly MethodChoice[], form: MethodForm): unknown {
  const entry = {
    ...common(choices, form),
    ...(form.sources.length > 0 ? { sources: form.sources } : {}),
  };
  return Object.keys(entry).length === 1 ? form.method : entry;
}

/** An entry of `pretrained:`, without what its method does not take. */
export function taughtEntry(choices: readonly MethodChoice[], form: TaughtForm): unknown {
  const takes = choiceOf(choices, form.method)?.takes;
  return {
    id: form.id.trim(),
    ...common(choices, form),
    ...(takes?.tasks && form.tasks.length > 0 ? { tasks: form.tasks } : {}),
    ...(takes?.sources && form.sources.length > 0 ? { sources: form.sources } : {}),
  };
}

export const methodForms = (methods: Methods | undefined): MethodForm[] =>
  (methods ?? [PLAIN]).map((entry) => ({
    method: entry.method,
    options: textsOf('options' in entry ? entry.options : {}),
    label: ('label' in entry ? entry.label : undefined) ?? '',
    sources: ('sources' in entry ? entry.sources : undefined) ?? [],
  }));

export const taughtForms = (taught: Taught | undefined): TaughtForm[] =>
  (taught ?? []).map(({ id, method, options, label, tasks, sources }) => ({
    id,
    method,
    options: textsOf(options),
    label: label ?? '',
    tasks,
    sources,
  }));

/** A first name for a taught encoder that no other has: `contrastive`, then `contrastive-2`. */
export function freeName(method: string, taken: readonly string[]): string {
  for (let n = 1; ; n++) {
    const name = n === 1 ? method : `${method}-${n}`;
    if (!taken.includes(name)) return name;
  }
}

/** Whether the ways to transfer are the plain one, which a sweep has without saying so. */
export const isPlain = ([first, ...rest]: readonly MethodForm[]): boolean =>
  first === undefined ||
  (rest.length === 0 &&
    first.method === PLAIN.method &&
    first.label.trim() === '' &&
    first.sources.length === 0 &&
    Object.values(first.options).every((text) => text === ''));
