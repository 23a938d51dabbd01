import { basename, extname } from 'node:path';
import type { Command } from 'commander';
import { TaskatlasError } from '@/lib/science/core';
import type { ImportOptions, ImportReport, PublishedResults, TransfersDocument } from '@/lib/service/imports';
import type { StoredSweep } from '@/lib/service/ports';
import { readDocument } from '../examples';

interface Import {
  document: TransfersDocument;
  options: ImportOptions;
}

interface Printing {
  json?: boolean;
}

/** A stored sweep, and what was taken over of the file that it came from. */
type Answer = StoredSweep & { report: ImportReport };

const summaryOf = (sweep: Answer): string => {
  const { imported, dropped } = sweep.report;
  const left = dropped.reduce((sum, { count }) => sum + count, 0);
  const notes = (sweep.notes ?? []).map(
    ({ level, text }) => `  ${level === 'warning' ? 'Warning' : 'Note'}: ${text}`,
  );
  const able = sweep.tasks.filter((task) => task.roles.includes('target'));
  const targets = sweep.spec.targets?.length ?? able.length;
  return [
    `Sweep ${sweep.number} (${sweep.name}): imported, read-only; ${targets} targets, ${imported} transfers` +
      `${left > 0 ? `; ${left} left out (reasons below)` : ''}.`,
    ...notes,
    `  Ask it: taskatlas matrix --sweep ${sweep.number}, policy --sweep ${sweep.number}, best TARGET --sweep ${sweep.number}`,
  ].join('\n');
};

async function store(imports: readonly Import[], printing: Printing): Promise<void> {
  const { openSweeps } = await import('../compose');
  const sweeps = await openSweeps();
  try {
    const stored = await sweeps.importTransfers(imports);
    const answers = stored.map((sweep, i): Answer => ({ ...sweep, report: reportOf(imports[i]) }));
    const answer = answers.length === 1 ? answers[0] : answers;
    process.stdout.write(
      printing.json ? `${JSON.stringify(answer, null, 2)}\n` : `${answers.map(summaryOf).join('\n\n')}\n`,
    );
  } finally {
    await sweeps.close();
  }
}

const reportOf = (given: Import | undefined): ImportReport =>
  given?.document.report ?? { imported: 0, dropped: [], ignored: [] };

/** What the reader of pickles found beside what the values show. */
function originOf({ altered, absent }: PublishedResults): ImportOptions['notes'] {
  const warning = (code: string, text: string) => ({ level: 'warning' as const, code, text, targets: [] });
  return [
    ...(altered.length > 0
      ? [
          warning(
            'not-the-published-bytes',
            `${altered.join(', ')}: not byte for byte the published file (SHA-256 differs).`,
          ),
        ]
      : []),
    ...(absent.length > 0
      ? [warning('missing-files', `There is no file for ${absent.join(' and ')}: those values are missing.`)]
      : []),
  ];
}

function registerTransfers(group: Command): void {
  group
    .command('transfers <file>')
    .description('results in the open transfers format (JSON or CSV, gzipped or not) as a read-only sweep')
    .option('--name <name>', 'name of the sweep')
    .option('--json', 'print the sweep and the report (imported, dropped by reason) as JSON')
    .action(async (file: string, options: Printing & { name?: string }) => {
      const { readTransfersFile } = await import('@/lib/service/imports');
      const documents = await readTransfersFile(file);
      const plain = file.replace(/\.gz$/i, '');
      const name = options.name ?? basename(plain, extname(plain));
      const imports = documents.map((document) => ({
        document,
        options: { name: documents.length === 1 ? name : `${name} ${document.regime}` },
      }));
      await store(imports, options);
    });
}

function registerTaskonomy(group: Command): void {
  group
    .command('taskonomy <place>')
    .description('the published Taskonomy results: a folder or URL that holds results/affinities/*.pkl')
    .option('--regime <name>', 'only this one: 16k, 1k or early16k')
    .option('--json', 'print the sweeps as JSON')
    .action(async (place: string, options: Printing & { regime?: string }) => {
      const { fetchResults, publishedResults } = await import('@/lib/service/imports');
      const found = publishedResults(await fetchResults(place));
      const wanted = found.filter(
        ({ document }) => options.regime === undefined || document.regime === options.regime,
      );
      if (wanted.length === 0) {
        const regimes = found.map(({ document }) => document.regime).join(', ');
        throw new TaskatlasError(
          'not-found',
          `${place} has no regime "${options.regime}"; it has ${regimes}.`,
        );
      }
      await store(
        wanted.map((results) => ({
          document: results.document,
          options: { name: `Taskonomy ${results.document.regime}`, notes: originOf(results) ?? [] },
        })),
        options,
      );
    });
}

function registerBundle(group: Command): void {
  group
    .command('bundle <file>')
    .description('the figures of a sweep that ran elsewhere (from `export bundle`) as a read-only sweep')
    .option('--json', 'print the sweep and the report (imported, dropped by reason) as JSON')
    .action(async (file: string, options: Printing) => {
      const document = await readDocument(file);
      const { openSweeps } = await import('../compose');
      const sweeps = await openSweeps();
      try {
        const answer = await sweeps.importBundle(document);
        process.stdout.write(`${options.json ? JSON.stringify(answer, null, 2) : summaryOf(answer)}\n`);
      } finally {
        await sweeps.close();
      }
    });
}

function registerRuns(group: Command): void {
  group
    .command('runs <file>')
    .description('finished runs (from `export runs`): sweeps that want them, now or later, find them done')
    .option('--json', 'print the counts as JSON')
    .action(async (file: string, options: Printing) => {
      const document = await readDocument(file);
      const { openSweeps } = await import('../compose');
      const sweeps = await openSweeps();
      try {
        const { name, total, added } = await sweeps.importRuns(document);
        process.stdout.write(
          options.json
            ? `${JSON.stringify({ name, total, added }, null, 2)}\n`
            : `${total} finished runs of ${name}: ${added} taken over, ${total - added} were done here already.\n` +
                '  Weights are not in the file: a source is trained again only when an unfinished run needs it.\n',
        );
      } finally {
        await sweeps.close();
      }
    });
}

/**
 * `import transfers FILE`, `import taskonomy DIR`, `import bundle FILE`: results measured elsewhere as read-only sweeps;
 * `import runs FILE`: runs that were made elsewhere.
 */
export function registerImport(program: Command): Command {
  const group = program.command('import').description('bring in results that were measured elsewhere');
  registerTransfers(group);
  registerTaskonomy(group);
  registerBundle(group);
  registerRuns(group);
  return group;
}
