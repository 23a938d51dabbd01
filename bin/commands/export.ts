import { writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import type { Command } from 'commander';

/** `export bundle SWEEP FILE`: the figures of a sweep, for others to look at. */
export function registerExport(program: Command): Command {
  const group = program.command('export').description('write results for use elsewhere');
  group
    .command('bundle <sweep> <file>')
    .description('the figures of a sweep (number, id or latest) without weights; .gz in the name packs them')
    .action(async (sweep: string, file: string) => {
      const { openSweeps } = await import('../compose');
      const sweeps = await openSweeps();
      try {
        const bundle = await sweeps.exportBundle(sweep);
        const text = JSON.stringify(bundle);
        const bytes = file.endsWith('.gz') ? gzipSync(text, { level: 9 }) : Buffer.from(text);
        await writeFile(file, bytes);
        process.stdout.write(
          `${file}: ${bundle.name}, ${bundle.analyses.length} targets, ${bundle.policies.length} policies, ${bytes.length} bytes\n`,
        );
      } finally {
        await sweeps.close();
      }
    });
  return group;
}
