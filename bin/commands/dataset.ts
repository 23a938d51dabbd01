import { resolve } from 'node:path';
import type { Command } from 'commander';
import { TaskatlasError } from '@/lib/science/core';

const SHOWN = 20;

const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** A line of progress on a terminal, nothing elsewhere. */
const progress =
  (what: string) =>
  (done: number, total: number): void => {
    if (!process.stderr.isTTY) return;
    process.stderr.write(`\r${what} ${done} of ${total}${done === total ? '\n' : ''}`);
  };

const whole = (text: string, option: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0)
    throw new TaskatlasError('invalid-input', `${option} must be a whole number, not "${text}".`);
  return value;
};

function registerCheck(program: Command): void {
  program
    .command('dataset')
    .description('data sets in folders')
    .command('check <dir>')
    .description(
      'what a folder holds (Taskonomy layout, pictures by class, IDX), and which files cannot be used',
    )
    .option('--json', 'print the report as JSON, with every fault')
    .action(async (dir: string, options: { json?: boolean }) => {
      const { checkFolder } = await import('@/lib/science/datasets');
      const report = checkFolder(resolve(dir), { onProgress: progress('checked') });
      if (report.faults.length > 0) process.exitCode = 1;
      if (options.json) return print(JSON.stringify(report, null, 2));
      const groups = report.kind === 'taskonomy' ? 'buildings' : 'classes';
      print(
        `${dir}: ${report.kind}, ${report.images} images in ${report.groups} ${groups}, ${report.complete} complete.`,
      );
      for (const [name, count] of Object.entries(report.counts)) print(`  ${name}: ${count}`);
      if (report.ignored > 0) print(`  ${report.ignored} other files were not looked at`);
      for (const { path, why } of report.faults.slice(0, SHOWN)) print(`  fault: ${path} ${why}`);
      if (report.faults.length > SHOWN)
        print(`  and ${report.faults.length - SHOWN} more faults (--json lists them all)`);
    });
}

function registerExport(program: Command): void {
  const group = program.commands.find((command) => command.name() === 'export') ?? program.command('export');
  if (group.description() === '') group.description('take data or results out');
  group
    .command('rooms <dir>')
    .description('rendered rooms with their labels, in the Taskonomy folder layout')
    .requiredOption('--images <n>', 'how many')
    .option('--seed <n>', 'seed of the rooms', '1')
    .option('--size <pixels>', 'side of the pictures', '256')
    .action(async (dir: string, options: { images: string; seed: string; size: string }) => {
      const { exportRooms } = await import('@/lib/science/datasets');
      const files = exportRooms(resolve(dir), {
        images: whole(options.images, '--images'),
        seed: whole(options.seed, '--seed'),
        size: whole(options.size, '--size'),
        onProgress: progress('exported'),
      });
      print(`${dir}: ${options.images} rooms, ${files} files.`);
    });
}

/** `dataset check DIR`, `export rooms DIR`. */
export function registerDataset(program: Command): void {
  registerCheck(program);
  registerExport(program);
}
