import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TaskatlasError } from '@/lib/science/core/errors';
import { runCommand, tail } from './command';
import type { WheelRequirement } from './plan';

export type Say = (line: string) => void;

const unpacker = join(dirname(fileURLToPath(import.meta.url)), 'unpack-wheel.py');

/** Headers that the binding includes, with what those include in turn (folders moved between versions). */
const HEADERS = [
  'tensorflow/c/',
  'tensorflow/core/platform/ctstring',
  'xla/tsl/c/',
  'tsl/',
  'tensorflow/core/common_runtime/next_pluggable_device/c/',
];
const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];

/** The wheel's file, or why pip has none. */
async function download(
  python: string,
  wanted: WheelRequirement,
  folder: string,
): Promise<{ file: string } | { lacking: string }> {
  mkdirSync(folder, { recursive: true });
  const before = new Set(readdirSync(folder));
  const args = [
    '-m',
    'pip',
    'download',
    '--no-deps',
    '--disable-pip-version-check',
    '--dest',
    folder,
    ...wanted.tags,
    wanted.requirement,
  ];
  const result = await runCommand(python, args, {
    watch: (seconds) => (seconds > 3600 ? 'no end after an hour' : null),
  });
  if (result.code !== 0) return { lacking: result.stoppedBecause ?? tail(result.output, 1) };
  const fresh = readdirSync(folder).find((entry) => entry.endsWith('.whl') && !before.has(entry));
  return fresh === undefined ? { lacking: 'pip brought no wheel' } : { file: join(folder, fresh) };
}

/** The first of `wheels` that pip can get. Only libraries are taken from it, so its Python version does not matter. */
export async function downloadWheel(
  python: string,
  wheels: readonly WheelRequirement[],
  folder: string,
  say: Say,
): Promise<string> {
  for (const wanted of wheels) {
    const found = await download(python, wanted, folder);
    if ('file' in found) return found.file;
    say(
      `  ${wanted.requirement}${wanted.tags.length > 0 ? ' (any Python)' : ''}: not to be had (${found.lacking})`,
    );
  }
  throw new TaskatlasError(
    'unavailable',
    'No TensorFlow wheel could be downloaded from the Python registry. Check that `python3 -m pip download --no-deps tensorflow` works here ' +
      '(pip must be installed; a mirror is set with `pip config set global.index-url …`), or bring a wheel: `taskatlas engine install --from-wheel FILE`.',
  );
}

interface WheelMetadata {
  readonly name: string;
  readonly version: string;
  readonly requires: readonly string[];
}

/** Reads the lines that `unpack-wheel.py` prints. */
export function parseMetadata(text: string): WheelMetadata {
  const field = (key: string): string[] =>
    text
      .split('\n')
      .filter((line) => line.startsWith(`${key}:`))
      .map((line) => line.slice(key.length + 1).trim());
  return {
    name: field('Name')[0] ?? 'unknown',
    version: field('Version')[0] ?? 'unknown',
    requires: field('Requires-Dist'),
  };
}

/** NVIDIA's libraries that a TensorFlow wheel names for its extra `and-cuda`, as requirements for pip. */
export function cudaRequirements(requires: readonly string[]): string[] {
  return requires.flatMap((line) => {
    const [requirement = '', condition = ''] = line.split(';');
    if (!/extra\s*==\s*["']and-cuda["']/.test(condition) || !requirement.startsWith('nvidia-')) return [];
    return [requirement.replace(/[()\s]/g, '')];
  });
}

async function unpack(
  python: string,
  wheel: string,
  target: string,
  prefixes: readonly string[],
): Promise<WheelMetadata> {
  const result = await runCommand(python, [unpacker, wheel, target, ...prefixes]);
  if (result.code !== 0)
    throw new TaskatlasError(
      'data',
      `${basename(wheel)} could not be unpacked; download it again:\n${tail(result.output)}`,
    );
  if (/^Unpacked: 0$/m.test(result.stdout))
    throw new TaskatlasError(
      'data',
      `${basename(wheel)} holds none of ${prefixes.join(', ')}: it is not the wheel that is wanted.`,
    );
  return parseMetadata(result.stdout);
}

/**
 * Lays a TensorFlow wheel's headers and libraries out as the binding's build wants them:
 * `deps/include/tensorflow/c/…`, `deps/lib/libtensorflow.so` and `libtensorflow_framework.so` (links to the real
 * names, which the loader looks for at run time).
 */
export async function unpackTensorflow(
  python: string,
  wheel: string,
  packageDirectory: string,
): Promise<WheelMetadata> {
  const deps = join(packageDirectory, 'deps');
  const raw = join(packageDirectory, 'wheel');
  const metadata = await unpack(python, wheel, raw, [
    ...LIBRARIES.map((library) => `tensorflow/${library}`),
    ...HEADERS.map((header) => `tensorflow/include/${header}`),
  ]);
  mkdirSync(join(deps, 'lib'), { recursive: true });
  for (const library of LIBRARIES) {
    const file = join(raw, 'tensorflow', library);
    if (!existsSync(file))
      throw new TaskatlasError(
        'data',
        `${basename(wheel)} holds no ${library}: a wheel of TensorFlow 2.11 or newer for Linux is wanted.`,
      );
    renameSync(file, join(deps, 'lib', library));
  }
  symlinkSync('libtensorflow_cc.so.2', join(deps, 'lib', 'libtensorflow.so'));
  symlinkSync('libtensorflow_framework.so.2', join(deps, 'lib', 'libtensorflow_framework.so'));
  renameSync(join(raw, 'tensorflow/include'), join(deps, 'include'));
  rmSync(raw, { recursive: true, force: true });
  return metadata;
}

/**
 * Fetches NVIDIA's CUDA libraries as wheels and lays them out as pip would: libtensorflow looks for them
 * (by its own run path) in `../nvidia/<part>/lib` beside its folder, so no LD_LIBRARY_PATH is needed.
 * Wheels that lie in `beside` (next to a wheel given by hand) are taken before anything is downloaded.
 */
export async function unpackCuda(options: {
  readonly python: string;
  readonly requires: readonly string[];
  readonly tags: readonly string[];
  readonly beside: string | null;
  readonly downloads: string;
  readonly packageDirectory: string;
  readonly say: Say;
}): Promise<number> {
  const requirements = cudaRequirements(options.requires);
  if (requirements.length === 0)
    throw new TaskatlasError(
      'data',
      'This TensorFlow wheel names no CUDA libraries (extra "and-cuda"): for a GPU the wheel `tensorflow` is wanted, not `tensorflow-cpu`.',
    );
  for (const requirement of requirements) {
    const name = requirement.split(/[<>=!~]/)[0] ?? requirement;
    const stem = name.replaceAll('-', '_');
    const local =
      options.beside === null
        ? undefined
        : readdirSync(options.beside).find((entry) => entry.startsWith(`${stem}-`) && entry.endsWith('.whl'));
    options.say(`  ${name}${local === undefined ? '' : ` (from ${local})`}`);
    const file =
      local !== undefined && options.beside !== null
        ? join(options.beside, local)
        : await downloadWheel(
            options.python,
            [
              { requirement, tags: [] },
              { requirement, tags: options.tags },
            ],
            options.downloads,
            options.say,
          );
    await unpack(options.python, file, join(options.packageDirectory, 'deps'), ['nvidia/']);
    if (local === undefined) rmSync(file);
  }
  return requirements.length;
}

/** Shared libraries that `ldd` does not find, out of its output. */
export const missingIn = (lddOutput: string): string[] =>
  Array.from(lddOutput.matchAll(/^\s*(\S+) => not found$/gm), (match) => match[1] ?? '');

/**
 * Checks that NVIDIA's libraries find each other where they were laid out. `libcuda.so.1` is not among them:
 * it belongs to the driver of the machine with the GPU.
 */
export async function checkCuda(packageDirectory: string): Promise<void> {
  const folder = join(packageDirectory, 'deps/nvidia');
  const libraries = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.so(\.\d+)*$/.test(file),
  );
  const missing = new Set<string>();
  for (const file of libraries)
    for (const name of missingIn((await runCommand('ldd', [join(folder, file)])).stdout)) missing.add(name);
  missing.delete('libcuda.so.1');
  if (libraries.length === 0 || missing.size > 0)
    throw new TaskatlasError(
      'data',
      `CUDA libraries are missing (${[...missing].join(', ') || 'all'}): the NVIDIA wheels do not fit together. Try another \`--tensorflow\` version.`,
    );
}
