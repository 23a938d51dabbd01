import { z } from 'zod';
import { methodLabel, methodsOfKind, optionIssuesOf, PLAIN_METHOD } from '@/lib/science/catalog/methods';
import type { MethodOptions } from '@/lib/science/core';

/** Ways to transfer, and ways to teach an encoder, that a sweep may name. */
export const TRANSFERS = methodsOfKind('transfer');
export const TEACHERS = [
  ...methodsOfKind('pretrain'),
  ...TRANSFERS.filter((method) => method.leavesEncoder === true),
];
const ids = (methods: readonly { id: string }[]): [string, ...string[]] => {
  const [first = PLAIN_METHOD, ...rest] = methods.map((method) => method.id);
  return [first, ...rest];
};

const label = z
  .string()
  .min(1)
  .max(60)
  .regex(/^[a-zA-Z0-9][\w .()=,-]*$/, 'use letters, digits, spaces and . ( ) = , - _');
const name = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[a-z0-9][a-z0-9-]*$/, 'use lower case letters, digits and hyphens');
const options = z.record(z.string().max(40), z.union([z.number(), z.string().max(200), z.boolean()]));

/** The catalog knows which options a method has and what each may be. */
function checkOptions(
  { method, options: given }: { method: string; options?: MethodOptions | undefined },
  context: z.RefinementCtx,
): void {
  for (const { path, message } of optionIssuesOf(method, given ?? {})) {
    context.addIssue({ code: 'custom', path: path.split('.'), message });
  }
}

const methodEntry = z
  .strictObject({
    method: z.enum(ids(TRANSFERS)),
    options: options.optional(),
    /** Name for people; default: the method with its options. */
    label: label.optional(),
    /** Narrows the sources of this method. */
    sources: z.array(name).min(1).max(100).optional(),
  })
  .superRefine(checkOptions);

/** `methods:` of a sweep: names, or entries with options. */
export const sweepMethods = z
  .array(
    z.union(
      [z.enum(ids(TRANSFERS)).transform((method) => ({ method })), methodEntry],
      `must be ${ids(TRANSFERS).join(', ')}, or { method, options, label, sources }`,
    ),
  )
  .min(1)
  .max(40)
  .superRefine((list, context) => {
    const seen = new Set<string>();
    list.forEach((entry, i) => {
      const id = methodLabel(entry.method, 'options' in entry ? entry.options : undefined);
      if (seen.has(id)) context.addIssue({ code: 'custom', path: [i], message: `${id} is listed twice` });
      seen.add(id);
    });
  });

/** `pretrained:` of a sweep: encoders that are taught first and then are sources of every target. */
export const pretrainedSources = z
  .array(
    z
      .strictObject({
        /** Name of the source. */
        id: name,
        method: z.enum(ids(TEACHERS)),
        options: options.optional(),
        label: label.optional(),
        /** Tasks whose labels it learns from. A chained transfer has one: what it was transferred to. */
        tasks: z.array(name).max(100).default([]),
        /** Encoders that it starts from. */
        sources: z.array(name).max(20).default([]),
      })
      .superRefine(checkOptions),
  )
  .min(1)
  .max(100);

/** One method of a sweep with its options as recipes keep them. */
export interface SweepMethod {
  method: string;
  options?: MethodOptions;
  /** As in candidate keys. */
  id: string;
  /** For people. */
  label: string;
  sources?: readonly string[];
}

/** Methods of a sweep; the old field `method` names one without options. */
export function methodsOf(spec: {
  method: string;
  methods?: z.infer<typeof sweepMethods> | undefined;
}): SweepMethod[] {
  return (spec.methods ?? [{ method: spec.method }]).map((entry): SweepMethod => {
    const given = 'options' in entry ? entry.options : undefined;
    const id = methodLabel(entry.method, given);
    return {
      method: entry.method,
      ...(given ? { options: given } : {}),
      id,
      label: ('label' in entry ? entry.label : undefined) ?? id,
      ...('sources' in entry && entry.sources ? { sources: entry.sources } : {}),
    };
  });
}

/** The method that the plain matrix shows: the readout where the sweep has it, else the first. */
export const plainMethodOf = (spec: Parameters<typeof methodsOf>[0]): string => {
  const methods = methodsOf(spec).map((method) => method.id);
  return methods.includes(PLAIN_METHOD) ? PLAIN_METHOD : (methods[0] ?? PLAIN_METHOD);
};
