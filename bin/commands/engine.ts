import type { Command } from 'commander';
import { TaskatlasError } from '@/lib/science/core/errors';
import { table } from '../terminal';

interface InstallFlags {
  gpu?: boolean;
  fromWheel?: string;
  tensorflow?: string;
  vendor: boolean;
  force?: boolean;
  json?: boolean;
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);
/** Progress goes to standard error, so that `--json` leaves standard output to one object. */
const say = (text: string): void => void process.stderr.write(`${text}\n`);

// The engine room is loaded only when one of its commands runs.
const engineRoom = () => import('@/lib/train/engine/native');

async function find(name: string | undefined, emptyMessage: string) {
  const { listEngines } = await engineRoom();
  const engines = listEngines();
  if (engines.length === 0) throw new TaskatlasError('not-found', emptyMessage);
  const chosen =
    name === undefined ? engines : engines.filter((engine) => engine.directory.endsWith(`/${name}`));
  if (chosen.length === 0)
    throw new TaskatlasError(
      'not-found',
      `No engine is called "${name}"; \`taskatlas engine list\` names those that are there.`,
    );
  return chosen;
}

const NOTHING =
  'No native engine is installed; trainings run on WebAssembly. `taskatlas engine install` brings one.';

async function install(flags: InstallFlags): Promise<void> {
  const { installEngine, TESTED_TENSORFLOW } = await engineRoom();
  const variant = flags.gpu === true ? 'gpu' : 'cpu';
  const result = await installEngine(
    {
      variant,
      wheel: flags.fromWheel ?? null,
      tensorflow: flags.tensorflow ?? TESTED_TENSORFLOW,
      vendor: flags.vendor,
      force: flags.force === true,
    },
    say,
  );
  if (flags.json) return print(JSON.stringify(result, null, 2));
  const { record, directory } = result;
  print(
    result.installed
      ? `Installed: TensorFlow ${record.tensorflow} (${record.variant}) by ${record.origin === 'vendor' ? "the vendor's download" : record.source}, binding built with ${record.builtWith}.`
      : `Already there: TensorFlow ${record.tensorflow} (${record.variant}). \`--force\` builds it again.`,
  );
  print(
    `It lies in ${directory}, serves every clone of this user, and goes with \`taskatlas engine remove\`.`,
  );
  if (record.variant === 'gpu' && record.verified.device === 'cpu')
    print(
      'It was verified on the processor only: no usable GPU was seen. On the machine with the GPU, run `taskatlas engine verify`.',
    );
}

async function list(flags: { json?: boolean }): Promise<void> {
  const { listEngines, projectTfjsVersion } = await engineRoom();
  const engines = listEngines();
  if (flags.json) return print(JSON.stringify(engines, null, 2));
  if (engines.length === 0) return print(NOTHING);
  print(
    table(
      ['engine', 'TensorFlow', 'for', 'verified on', 'origin', 'folder'],
      engines.map(({ directory, record }) => [
        directory.split('/').at(-1) ?? directory,
        record.tensorflow,
        record.variant,
        record.verified.device,
        record.origin,
        directory,
      ]),
    ),
  );
  const tfjs = projectTfjsVersion();
  for (const { directory, record } of engines)
    if (record.tfjs !== tfjs)
      print(
        `${directory} is not used here: it serves TensorFlow.js ${record.tfjs}, and this clone runs ${tfjs}.`,
      );
}

async function verify(name: string | undefined, flags: { json?: boolean; steps: string }): Promise<void> {
  const { verifyEngine } = await engineRoom();
  const steps = Number(flags.steps);
  if (!(Number.isInteger(steps) && steps >= 2))
    throw new TaskatlasError('invalid-input', '--steps wants a whole number of at least 2.');
  const reports = [];
  for (const { directory, record } of await find(name, NOTHING)) {
    say(`Training ${steps} steps on ${directory} …`);
    reports.push({ directory, variant: record.variant, ...(await verifyEngine(directory, steps)) });
  }
  if (flags.json) return print(JSON.stringify(reports, null, 2));
  for (const report of reports)
    print(
      `${report.directory}: ${report.checked} numbers as worked by hand on the ${report.device === 'gpu' ? 'GPU' : 'processor'}; ` +
        `${report.steps} steps, loss ${report.firstLoss.toFixed(4)} → ${report.lastLoss.toFixed(4)}, ${report.tensorsLeaked} tensors left behind.`,
    );
}

async function remove(name: string | undefined, flags: { json?: boolean }): Promise<void> {
  const { removeEngine } = await engineRoom();
  const engines = await find(name, 'No native engine is installed: nothing to remove.');
  if (name === undefined && engines.length > 1)
    throw new TaskatlasError(
      'invalid-input',
      `Which one? ${engines.map((engine) => engine.directory.split('/').at(-1)).join(', ')}`,
    );
  for (const engine of engines) removeEngine(engine);
  if (flags.json) return print(JSON.stringify({ removed: engines.map((engine) => engine.directory) }));
  for (const engine of engines) print(`Removed ${engine.directory}.`);
}

/** `taskatlas engine install | list | verify | remove`: native TensorFlow, outside of node_modules. */
export function registerEngine(program: Command): void {
  const engine = program
    .command('engine')
    .description('native TensorFlow for training (WebAssembly needs none of this)');
  engine
    .command('install')
    .description("install native TensorFlow: the vendor's download, else built against a TensorFlow wheel")
    .option('--gpu', 'for NVIDIA GPUs, with CUDA libraries from the Python registry (about 5 GB on disk)')
    .option(
      '--from-wheel <file>',
      'build against this TensorFlow wheel (NVIDIA wheels beside it are used for --gpu)',
    )
    .option('--tensorflow <version>', 'TensorFlow version to ask the Python registry for')
    .option('--no-vendor', "do not try the vendor's download")
    .option('--force', 'build again, replacing the one that is there')
    .option('--json', 'print the result as JSON')
    .action(install);
  engine
    .command('list')
    .description('engines that are installed')
    .option('--json', 'print as JSON')
    .action(list);
  engine
    .command('verify [name]')
    .description('train on an engine and compare with answers worked by hand')
    .option('--steps <n>', 'training steps that must leave no tensor behind', '100')
    .option('--json', 'print the reports as JSON')
    .action(verify);
  engine
    .command('remove [name]')
    .description('remove an engine')
    .option('--json', 'print what was removed as JSON')
    .action(remove);
}
