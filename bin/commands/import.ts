import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { TaskatlasError } from '@/lib/science/core';

async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new TaskatlasError('not-found', `${file}: no such file`, { cause });
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TaskatlasError(
      'invalid-input',
      `${file}: not JSON (${cause instanceof Error ? cause.message : cause})`,
      { cause },
    );
  }
}

/** `import transfers FILE`: published or foreign transfer results as a read-only sweep. */
export function registerImport(program: Command): void {
  const group = program.command('import').description('bring in results that were measured elsewhere');
  group
    .command('transfers <file>')
    .description('results in the open transfers format (JSON) as a read-only sweep')
    .option('--name <name>', 'name of the sweep')
    .option('--json', 'print the sweep as JSON')
    .action(async (file: string, options: { name?: string; json?: boolean }) => {
      const document = await readJson(file);
      const { openSweeps } = await import('../compose');
      const sweeps = await openSweeps();
      try {
        const sweep = await sweeps.importTransfers(document, {
          name: options.name ?? basename(file, '.json'),
        });
        process.stdout.write(
          options.json
            ? `${JSON.stringify(sweep, null, 2)}\n`
            : `Sweep ${sweep.number} (${sweep.name}): imported, read-only.\n`,
        );
      } finally {
        await sweeps.close();
      }
    });
}
