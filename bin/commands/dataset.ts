import { resolve } from 'node:path';
import type { Command } from 'commander';
import { type PoolSizes, TaskatlasError } from '@/lib/science/core';

const SHOWN = 20;
const NAMED = 5;

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

/** Which pieces of a furniture library rooms would show, in which pool, by whom. */
async function checkLibrary(path: string, options: { json?: boolean }): Promise<void> {
  const { creditsOf, dealLibrary, libraryHash, openLibrary } = await import('@/lib/science/datasets');
  const library = openLibrary(path, libraryHash(path));
  const { roles } = dealLibrary(library);
  const used = new Set(Object.values(roles).flatMap((pools) => Object.values(pools).flat()));
  const faults: string[] = [];
  for (const piece of used)
    await library.load([piece]).catch((error: unknown) => {
      faults.push(error instanceof Error ? error.message : String(error));
    });
  if (faults.length > 0) process.exitCode = 1;
  if (options.json) return print(JSON.stringify({ ...library, roles, faults }, null, 2));
  print(`${path}: ${library.pieces.length} pieces; by part and pool (other parts stay procedural):`);
  for (const [role, pools] of Object.entries(roles)) {
    const counts = Object.entries(pools).map(([pool, pieces]) => `${pool} ${pieces.length}`);
    print(`  ${role}: ${counts.join(', ')}`);
  }
  for (const fault of faults) print(`  fault: ${fault}`);
  print(creditsOf(library));
}

/** A whole number within limits. */
const within = (text: string, option: string, least: number, most: number): number => {
  const value = whole(text, option);
  if (value < least || value > most)
    throw new TaskatlasError('invalid-input', `${option} must be ${least} to ${most}, not ${text}.`);
  return value;
};

interface LookFlags {
  size?: string;
  background?: string;
  bits?: string;
  json?: boolean;
}

const hex = (channel: number): string => channel.toString(16).padStart(2, '0');

async function look(file: string, { size, bits, background, json }: LookFlags): Promise<void> {
  const { lookAtPicture } = await import('@/lib/science/datasets');
  const seen = await lookAtPicture(resolve(file), {
    background,
    size: size === undefined ? undefined : within(size, '--size', 1, 512),
    bits: bits === undefined ? undefined : within(bits, '--bits', 8, 16),
  });
  if (json) return print(JSON.stringify(seen));
  print(`${file}: ${seen.width} × ${seen.height}`);
  for (const note of seen.notes) print(`  ${note}`);
  for (let at = 0; at < seen.rgb.length && at < SHOWN * seen.width; at += seen.width)
    print(
      seen.rgb
        .slice(at, at + Math.min(seen.width, SHOWN))
        .map((pixel) => pixel.map(hex).join(''))
        .join(' '),
    );
}

function registerLook(group: Command): void {
  group
    .command('look <file>')
    .description(
      'what a data set reads from a picture: size, pixels (at most 4,096, row by row), and how it was read',
    )
    .option('--size <n>', 'the middle square at n × n pixels, as a data set of that size has it')
    .option('--background <colour>', 'what transparent pixels are put on', '#ffffff')
    .option('--bits <n>', 'significant bits of 16-bit samples; found in the file by default')
    .option('--json', 'print {width, height, rgb: [[r, g, b], …], notes} as JSON')
    .action(look);
}

interface CheckFlags {
  json?: boolean;
  pools?: string;
  seed: string;
  background?: string;
  bits?: string;
}

/** `source,transfer,selection,test`. */
function poolsOf(text: string): PoolSizes {
  const [source, transfer, selection, test, more] = text
    .split(',')
    .map((n) => whole(n.trim() || 'nothing', '--pools'));
  if (
    source === undefined ||
    transfer === undefined ||
    selection === undefined ||
    test === undefined ||
    more !== undefined
  )
    throw new TaskatlasError(
      'invalid-input',
      `--pools needs four numbers, source,transfer,selection,test: for example 3600,300,150,600, not "${text}".`,
    );
  return { source, transfer, selection, test };
}

async function check(dir: string, flags: CheckFlags): Promise<void> {
  if (dir.endsWith('.sh3f')) return await checkLibrary(resolve(dir), flags);
  const { checkFolder, printable } = await import('@/lib/science/datasets');
  const report = await checkFolder(resolve(dir), {
    onProgress: progress('checked'),
    pools: flags.pools === undefined ? undefined : poolsOf(flags.pools),
    seed: whole(flags.seed, '--seed'),
    background: flags.background,
    bits: flags.bits === undefined ? undefined : within(flags.bits, '--bits', 8, 16),
  });
  if (report.faults.length > 0) process.exitCode = 1;
  if (flags.json) return print(JSON.stringify(report, null, 2));
  const groups = report.kind === 'taskonomy' ? 'buildings' : 'classes';
  print(
    `${dir}: ${report.kind}, ${report.images} images in ${report.groups} ${groups}, ${report.complete} complete.`,
  );
  for (const [name, count] of Object.entries(report.counts)) print(`  ${printable(name)}: ${count}`);
  for (const note of report.notes) print(`  ${note}`);
  if (report.leftOut.length === 0 && report.ignored > 0)
    print(`  ${report.ignored} other files were not looked at`);
  for (const { reason, count, paths } of report.leftOut) {
    const more = count > NAMED ? ` and ${count - NAMED} more` : '';
    print(`  left out, ${reason}: ${paths.slice(0, NAMED).map(printable).join(', ')}${more}`);
  }
  for (const { path, why } of report.faults.slice(0, SHOWN)) print(`  fault: ${printable(path)} ${why}`);
  if (report.faults.length > SHOWN)
    print(`  and ${report.faults.length - SHOWN} more faults (--json lists them all)`);
}

function registerCheck(group: Command): void {
  group
    .command('check <dir>')
    .description(
      'what a folder holds (Taskonomy layout, pictures by class, IDX) or a furniture library (.sh3f), and which files cannot be used',
    )
    .option(
      '--pools <source,transfer,selection,test>',
      'deal pictures by class to pools of these sizes: names classes that a pool lacks',
    )
    .option('--seed <n>', 'seed of the dealing', '1')
    .option('--background <colour>', 'what transparent pixels are put on', '#ffffff')
    .option('--bits <n>', 'significant bits of 16-bit samples; found in the folder by default')
    .option('--json', 'print the report as JSON, with every fault and every name that was left out')
    .action(check);
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

/** `dataset check DIR`, `dataset look FILE`, `export rooms DIR`. */
export function registerDataset(program: Command): void {
  const group = program.command('dataset').description('data sets in folders');
  registerCheck(group);
  registerLook(group);
  registerExport(program);
}
