import type { z } from 'zod';
import type { FieldIssue } from '@/lib/science/core';

/** `['tasks', 2, 'name']` → `tasks[2].name`. */
const fieldPath = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');

/** What a schema refused, field by field; unknown fields are named one by one. */
export const fieldIssues = (error: z.ZodError): FieldIssue[] =>
  error.issues.flatMap((issue): FieldIssue[] => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path: fieldPath([...issue.path, key]),
        message: 'there is no such field; remove it or mend its spelling',
      }));
    }
    return [{ path: fieldPath(issue.path), message: issue.message }];
  });
