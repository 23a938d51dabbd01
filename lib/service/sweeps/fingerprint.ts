import { createHash } from 'node:crypto';
import type { Recipe } from '@/lib/science/core';

/**
 * JSON with sorted keys and no space: equal values give equal text. Undefined fields are left out, as in JSON;
 * numbers are written in their shortest form (ECMA-262), which is the same on every machine.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError(`${value} has no identity`);
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`);
  return `{${fields.join(',')}}`;
}

/** Identity of a run: SHA-256 of its recipe's canonical JSON, in hex (DESIGN §5). */
export const fingerprintOf = (recipe: Recipe): string =>
  createHash('sha256').update(canonicalJson(recipe)).digest('hex');
