import type { z } from 'zod';
import type { FieldIssue } from '@/lib/science/core';

/** `['tasks', 2, 'name']` → `tasks[2].name`. */
const fieldPath = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');

/** Where a value had several shapes to choose from: what is wrong inside the one that it was meant to have, if that is told. */
const inside = (issue: z.core.$ZodIssue): z.core.$ZodIssue[] => {
  if (issue.code !== 'invalid_union') return [issue];
  const meant = issue.errors.find((issues) =>
    issues.every(({ code, path }) => path.length > 0 || code === 'unrecognized_keys'),
  );
  return meant?.flatMap((each) => inside({ ...each, path: [...issue.path, ...each.path] })) ?? [issue];
};

/** What a schema refused, field by field; unknown fields are named one by one. */
export const fieldIssues = (error: z.ZodError): FieldIssue[] =>
  error.issues.flatMap(inside).flatMap((issue): FieldIssue[] => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path: fieldPath([...issue.path, key]),
        message: 'unknown field; remove it or fix the spelling',
      }));
    }
    return [{ path: fieldPath(issue.path), message: issue.message }];
  });
