import { writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import type { Command } from 'commander';

type OpenSweeps = Awaited<ReturnType<typeof import('../compose')['openSweeps']>>;

/** Writes what is asked of the sweeps as JSON, gzipped when the name ends in .gz; answers the number of bytes. */
async function write<T>(
  file: string,
  ask: (sweeps: OpenSweeps) => Promise<T>,
  summary: (answer: T) => string,
): Promise<void> {
  const { openSweeps } = await import('../compose');
  const sweeps = await openSweeps();
  try {
    const answer = await ask(sweeps);
    const text = JSON.stringify(answer);
    const bytes = file.endsWith('.gz') ? gzipSync(text, { level: 9 }) : Buffer.from(text);
    await writeFile(file, bytes);
    process.stdout.write(`${file}: ${summary(answer)}, ${bytes.length} bytes\n`);
  } finally {
    await sweeps.close();
  }
}

/** `export bundle SWEEP FILE`: the figures of a sweep, for others to look at; `export runs SWEEP FILE`: to go on with. */
export function registerExport(program: Command): Command {
  const group = program.command('export').description('write results for use elsewhere');
  group
    .command('bundle <sweep> <file>')
    .description('the figures of a sweep (number, id or latest) without weights; .gz in the name packs them')
    .action((sweep: string, file: string) =>
      write(
        file,
        (sweeps) => sweeps.exportBundle(sweep),
        ({ name, analyses, policies }) => `${name}, ${analyses.length} targets, ${policies.length} policies`,
      ),
    );
  group
    .command('runs <sweep> <file>')
    .description('its finished runs with per-image losses and curves, to go on with on another machine')
    .action((sweep: string, file: string) =>
      write(
        file,
        (sweeps) => sweeps.exportRuns(sweep),
        ({ name, runs }) => `${name}, ${runs.length} finished runs`,
      ),
    );
  return group;
}
