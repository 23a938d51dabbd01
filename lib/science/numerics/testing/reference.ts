import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'vitest';

const here = dirname(fileURLToPath(import.meta.url));

/** Folder of the published reference values: TASKATLAS_REFERENCE, else `../shared/reference` beside the repository. */
const referenceDirectory = process.env.TASKATLAS_REFERENCE ?? join(here, '../../../../../shared/reference');

export const referencePath = (...parts: string[]): string => join(referenceDirectory, ...parts);

/** Parsed JSON of a reference file; the caller states its shape. */
export const readReference = <T>(...parts: string[]): T =>
  JSON.parse(readFileSync(referencePath(...parts), 'utf8')) as T;

const present = existsSync(referenceDirectory);
if (!present) {
  process.stderr.write(
    `\n*** SKIPPED: reference values not found at ${referenceDirectory}; set TASKATLAS_REFERENCE to test against them ***\n\n`,
  );
}

/**
 * `describe` that is skipped, loudly, where the reference values are absent; its name starts with "reference:". A
 * skipped `describe` still runs its body to collect tests, and bodies read files: so it gets another one then.
 */
export const describeReference = (name: string, tests: () => void): void => {
  const nothing = (): void => it('needs TASKATLAS_REFERENCE', () => {});
  (present ? describe : describe.skip)(`reference: ${name}`, present ? tests : nothing);
};
