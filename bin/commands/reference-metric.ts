import { z } from 'zod';
import { TaskatlasError } from '@/lib/science/core';
import { fieldIssues } from '@/lib/service/contracts';
import { toJson } from './json-input';

/** One entry of the reference registry: checks a case's inputs and computes its value in the shape of `expected`. */
export interface ReferenceMetric {
  description: string;
  run(inputs: unknown): unknown | Promise<unknown>;
}

/** JSON carries NaN and infinities as strings. */
const jsonNumber = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity']).transform(Number)]);
export const jsonVector = z.array(jsonNumber);
export const jsonMatrix = z
  .array(jsonVector)
  .min(1)
  .refine((rows) => rows.every((row) => row.length === rows[0]?.length), 'rows must be equally long');

/** Builds a metric from its input schema and its computation; wrong inputs become an error naming the field. */
export function defineMetric<T>(
  description: string,
  inputs: z.ZodType<T>,
  compute: (inputs: T) => unknown | Promise<unknown>,
): ReferenceMetric {
  return {
    description,
    run(raw) {
      const parsed = inputs.safeParse(raw);
      if (parsed.success) return compute(parsed.data);
      const issues = fieldIssues(parsed.error);
      const text = issues.map(({ path, message }) => `inputs.${path}: ${message}`).join('; ');
      throw new TaskatlasError('invalid-input', text, { issues });
    },
  };
}

export const referenceFile = z.object({
  cases: z.array(z.object({ name: z.string(), inputs: z.unknown() })),
});

export type CaseAnswer = { name: string; value: unknown } | { name: string; error: string };

/** Runs every case; a case that fails gives its reason and the others go on. */
export async function runCases(
  metric: ReferenceMetric,
  cases: readonly { name: string; inputs: unknown }[],
): Promise<CaseAnswer[]> {
  const answers: CaseAnswer[] = [];
  for (const { name, inputs } of cases) {
    try {
      answers.push({ name, value: toJson(await metric.run(inputs)) });
    } catch (error) {
      answers.push({ name, error: error instanceof Error ? error.message : String(error) });
    }
  }
  return answers;
}
