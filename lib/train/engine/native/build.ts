import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TaskatlasError } from '@/lib/science/core/errors';
import { runCommand, tail } from './command';
import type { MachineFacts } from './facts';
import {
  bindingFile,
  type EngineVariant,
  NAPI_LEVEL,
  OPERATIONS_FILE,
  packageDirectory,
  packageName,
} from './layout';
import type { BuildMethod } from './plan';
import type { Say } from './wheel';

const need = (path: string | null, what: string): string => {
  if (path === null) throw new TaskatlasError('unavailable', `${what} is missing.`);
  return path;
};

/** Runs npm under the Node that runs us: on a closed machine the one on PATH may be another. */
async function npm(facts: MachineFacts, args: readonly string[], cwd: string): Promise<string> {
  const result = await runCommand(process.execPath, [need(facts.npm, 'npm'), ...args], {
    cwd,
    env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}` },
  });
  if (result.code !== 0)
    throw new TaskatlasError(
      'unavailable',
      `\`npm ${args[0]}\` failed; check that this machine reaches the npm registry:\n${tail(result.output)}`,
    );
  return result.stdout;
}

async function unpackFromNpm(
  facts: MachineFacts,
  spec: string,
  staging: string,
  target: string,
): Promise<void> {
  const stdout = await npm(facts, ['pack', spec, '--loglevel=error', '--pack-destination', staging], staging);
  const file = stdout.trim().split('\n').at(-1) ?? '';
  mkdirSync(target, { recursive: true });
  const result = await runCommand(need(facts.tar, 'tar'), [
    '-xzf',
    join(staging, file),
    '--strip-components=1',
    '-C',
    target,
  ]);
  if (result.code !== 0)
    throw new TaskatlasError('data', `${file} could not be unpacked:\n${tail(result.output)}`);
}

/**
 * Lays out `node_modules` of an engine: the vendor's npm package without running its install script, and the
 * packages it requires, except `@tensorflow/tfjs`, which the loading project lends (one core, one set of tensors).
 */
export async function fetchPackages(
  facts: MachineFacts,
  variant: EngineVariant,
  tfjs: string,
  staging: string,
): Promise<void> {
  const target = packageDirectory(staging, variant);
  await unpackFromNpm(facts, `${packageName(variant)}@${tfjs}`, staging, target);
  const manifest = JSON.parse(readFileSync(join(target, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const dependencies = Object.fromEntries(
    Object.entries(manifest.dependencies).filter(([name]) => name !== '@tensorflow/tfjs'),
  );
  const side = join(staging, 'dependencies');
  mkdirSync(side);
  writeFileSync(
    join(side, 'package.json'),
    JSON.stringify({ name: 'taskatlas-engine', private: true, dependencies }),
  );
  await npm(
    facts,
    ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--omit=dev', '--no-package-lock'],
    side,
  );
  // npm would remove a package that it did not install itself, so the two are merged by hand.
  const result = await runCommand('cp', [
    '-a',
    `${join(side, 'node_modules')}/.`,
    join(staging, 'node_modules'),
  ]);
  if (result.code !== 0)
    throw new TaskatlasError('internal', `The packages could not be put together:\n${tail(result.output)}`);
}

async function buildWithNodeGyp(facts: MachineFacts, variant: EngineVariant, staging: string): Promise<void> {
  const directory = packageDirectory(staging, variant);
  const binding = bindingFile(staging, variant);
  // The values that node-pre-gyp would hand over.
  const args = [
    need(facts.nodeGyp, 'node-gyp'),
    'rebuild',
    `--nodedir=${need(facts.nodeHeaders, 'the folder of Node headers')}`,
    '--module_name=tfjs_binding',
    `--module_path=${dirname(binding)}`,
    `--module=${binding}`,
    `--napi_version=${process.versions.napi ?? NAPI_LEVEL}`,
    `--napi_build_version=${NAPI_LEVEL}`,
  ];
  const result = await runCommand(process.execPath, args, {
    cwd: directory,
    env: {
      ...process.env,
      CXX: need(facts.compiler, 'a C++ compiler'),
      npm_config_python: facts.python ?? 'python3',
    },
  });
  if (result.code !== 0)
    throw new TaskatlasError(
      'unavailable',
      `node-gyp could not build the binding (${result.stoppedBecause ?? `exit ${result.code}`}):\n${tail(result.output, 25)}`,
    );
}

/** The same two source files by one call of the compiler; headers of the stable N-API come from npm. */
async function buildWithCompiler(
  facts: MachineFacts,
  variant: EngineVariant,
  staging: string,
): Promise<void> {
  const directory = packageDirectory(staging, variant);
  const headers = join(staging, 'node-api-headers');
  await unpackFromNpm(facts, 'node-api-headers@1', staging, headers);
  const binding = bindingFile(staging, variant);
  mkdirSync(dirname(binding), { recursive: true });
  const sources = readdirSync(join(directory, 'binding'))
    .filter((file) => file.endsWith('.cc'))
    .map((file) => join('binding', file));
  const args = [
    '-std=c++17',
    '-O2',
    '-fPIC',
    '-shared',
    `-DNAPI_VERSION=${NAPI_LEVEL}`,
    '-DNODE_GYP_MODULE_NAME=tfjs_binding',
    '-DBUILDING_NODE_EXTENSION',
    `-I${join(headers, 'include')}`,
    '-Ideps/include',
    '-I..',
    ...sources,
    '-Ldeps/lib',
    '-Wl,-rpath,$ORIGIN/../../deps/lib',
    '-ltensorflow',
    '-ltensorflow_framework',
    '-o',
    binding,
  ];
  const result = await runCommand(need(facts.compiler, 'a C++ compiler'), args, { cwd: directory });
  if (result.code !== 0)
    throw new TaskatlasError(
      'unavailable',
      `${facts.compiler} could not build the binding (exit ${result.code}):\n${tail(result.output, 25)}`,
    );
}

async function compilerVersion(facts: MachineFacts): Promise<string> {
  const result = await runCommand(need(facts.compiler, 'a C++ compiler'), ['--version']);
  return result.stdout.split('\n')[0]?.trim() || 'unknown compiler';
}

/** Compiles the package's own binding against the libraries in its `deps`; returns what it was built with. */
export async function buildBinding(
  facts: MachineFacts,
  method: BuildMethod,
  variant: EngineVariant,
  staging: string,
  say: Say,
): Promise<string> {
  if (method === 'node-gyp') await buildWithNodeGyp(facts, variant, staging);
  else {
    say('  node-gyp, make or the Node headers are missing: calling the compiler directly, headers from npm');
    await buildWithCompiler(facts, variant, staging);
  }
  return `${method === 'node-gyp' ? 'node-gyp, ' : ''}${await compilerVersion(facts)}`;
}

const operationsSource = join(dirname(fileURLToPath(import.meta.url)), 'operations.cc');

/**
 * Compiles `operations.cc` against the engine's headers and libraries, beside the binding.
 * @returns null, or why it could not be done; the engine works without it, slower.
 */
export async function buildOperations(
  facts: MachineFacts,
  variant: EngineVariant,
  staging: string,
): Promise<string | null> {
  const directory = packageDirectory(staging, variant);
  const lib = join(directory, 'lib');
  const level = existsSync(lib) ? readdirSync(lib).find((entry) => entry.startsWith('napi-v')) : undefined;
  if (facts.compiler === null || facts.platform !== 'linux' || level === undefined) return 'no C++ compiler';
  const args = [
    ...['-std=c++17', '-O3', '-fPIC', '-shared', '-fvisibility=hidden', '-Ideps/include', operationsSource],
    ...['-Ldeps/lib', '-Wl,-rpath,$ORIGIN/../../deps/lib', '-ltensorflow', '-ltensorflow_framework'],
    ...['-o', join(lib, level, OPERATIONS_FILE)],
  ];
  const result = await runCommand(facts.compiler, args, { cwd: directory });
  return result.code === 0 ? null : tail(result.output, 3);
}
