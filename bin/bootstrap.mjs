// Plain JavaScript without dependencies: it must run before anything is installed, on any Node from 18 up.
// It installs what is missing, then hands over to Node 22 (from node_modules) and bin/main.ts.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { takeLock } from '../lib/service/store/exclusive.mjs';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamps = join(root, 'node_modules', '.taskatlas');

const say = (text) => process.stderr.write(`taskatlas: ${text}\n`);

/** A stamp that is missing or cannot be read says nothing: the step is done again. */
function stampIs(name, value) {
  try {
    return readFileSync(join(stamps, name), 'utf8') === value;
  } catch {
    return false;
  }
}

function stamp(name, value) {
  mkdirSync(stamps, { recursive: true });
  const file = join(stamps, name);
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, value);
  rmSync(file, { recursive: true, force: true });
  renameSync(fresh, file);
}

const SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 };

/** Hands every signal that asks this process to end to `tell`; answers what ends that. */
function onSignals(tell) {
  const handlers = Object.keys(SIGNALS).map((signal) => [signal, () => tell(signal)]);
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}

/** Runs a step; its output is shown only when it fails, so that the terminal stays readable. */
async function step(title, command, args, env = {}) {
  const started = Date.now();
  say(`${title} …`);
  // A process group of its own: a signal to this process ends the step whole.
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      output = (output + text).slice(-1_000_000);
    });
  let asked = null;
  const done = onSignals((signal) => {
    asked = signal;
    if (child.pid) process.kill(-child.pid, 'SIGTERM');
  });
  const why = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code === 0 ? null : `exit ${code ?? signal}`));
  });
  done();
  if (asked !== null) process.exit(128 + SIGNALS[asked]);
  if (why !== null) {
    process.stderr.write(`${output}\n`);
    say(`${title} failed (${why}). Fix what is named above and run the same command again.`);
    process.exit(1);
  }
  say(`${title} done in ${((Date.now() - started) / 1000).toFixed(0)} s`);
}

const sha = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

function hashTree(paths) {
  const hash = createHash('sha256');
  const visit = (path) => {
    const full = join(root, path);
    if (!existsSync(full)) return;
    if (statSync(full).isDirectory()) {
      if (/(^|\/)(generated|node_modules|\.next)$/.test(path)) return;
      for (const entry of readdirSync(full).sort()) visit(`${path}/${entry}`);
      return;
    }
    if (/\.test\.tsx?$/.test(path)) return;
    hash.update(path).update('\0').update(readFileSync(full)).update('\0');
  };
  for (const path of paths) visit(path);
  return hash.digest('hex');
}

export const node22 = () => join(root, 'node_modules', 'node', 'bin', 'node');
const withNode22 = () => ({ PATH: `${dirname(node22())}:${process.env.PATH ?? ''}` });

async function ensureInstalled() {
  const wanted = sha(readFileSync(join(root, 'package.json')), readFileSync(join(root, 'package-lock.json')));
  if (stampIs('packages', wanted) && existsSync(node22())) return;
  await step(
    'installing packages (once, a minute or two)',
    'npm',
    ['install', '--no-audit', '--no-fund', '--no-save', '--loglevel=error'],
    { NODE_ENV: 'development' },
  );
  stamp('packages', wanted);
}

/** `prisma generate` runs on WebAssembly, but the CLI insists on an engine binary that closed networks cannot fetch; any executable satisfies it. A user's own setting wins. */
async function ensureClient() {
  const wanted = hashTree(['prisma/schema.prisma', 'prisma.config.ts', 'package-lock.json']);
  if (stampIs('prisma', wanted) && existsSync(join(root, 'lib/service/store/generated'))) return;
  await step(
    'generating the database client',
    node22(),
    [join(root, 'node_modules/prisma/build/index.js'), 'generate'],
    {
      ...withNode22(),
      PRISMA_SCHEMA_ENGINE_BINARY: process.env.PRISMA_SCHEMA_ENGINE_BINARY ?? process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
    },
  );
  stamp('prisma', wanted);
}

async function ensurePages() {
  const wanted = hashTree([
    'app',
    'lib/service',
    'lib/science',
    'docs/concepts.md',
    'docs/methods',
    'next.config.js',
    'postcss.config.mjs',
    'tsconfig.json',
    'package-lock.json',
  ]);
  if (stampIs('pages', wanted) && existsSync(join(root, '.next/BUILD_ID'))) return;
  await step('building the dashboard', node22(), [join(root, 'node_modules/next/dist/bin/next'), 'build'], {
    ...withNode22(),
    NODE_ENV: 'production',
  });
  stamp('pages', wanted);
}

/** What each entry needs before it can run. The CLI needs no dashboard. Two at once do not install or build at once. */
export async function prepare({ pages }) {
  const lock = await takeLock(join(root, '.taskatlas', 'prepare.lock'), {
    patienceMs: Number.POSITIVE_INFINITY,
    onWait: (pid) => say(`waiting for process ${pid}, which prepares this clone`),
  }).catch(() => null);
  try {
    await ensureInstalled();
    await ensureClient();
    if (pages) await ensurePages();
  } finally {
    if (lock?.taken) lock.release();
  }
}

/** npm's shell does not always hand a signal on: where npm or its shell is gone, what it started ends too. */
function whenAbandoned(then) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) then();
  }, 500).unref();
}

/** Replaces this process, as far as Node can: same terminal, signals passed on, same exit code. */
export function handOver(script, args) {
  const child = spawn(
    node22(),
    ['--import', join(root, 'node_modules/tsx/dist/loader.mjs'), join(root, script), ...args],
    {
      stdio: 'inherit',
      env: { ...process.env, ...withNode22(), TSX_TSCONFIG_PATH: join(root, 'tsconfig.json') },
    },
  );
  // Ctrl-C reaches the whole terminal group by itself, a `kill` this process only: being told twice does no harm.
  onSignals((signal) => child.kill(signal));
  whenAbandoned(() => child.kill('SIGTERM'));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (SIGNALS[signal] ?? 9);
  });
}

const isMain = process.argv[1] !== undefined && fileURLToPath(import.meta.url) === process.argv[1];
if (isMain) {
  const [command = 'start', ...rest] = process.argv.slice(2);
  // Static checks alone read no built page.
  const only = rest[rest.indexOf('--only') + 1] ?? '';
  const checks = rest.includes('--only') && !/unit|browser/.test(only);
  await prepare({ pages: command === 'start' || (command === 'test' && !checks) });
  if (command === 'test') handOver('bin/test.ts', rest);
  else if (command === 'bench') {
    const [name = ''] = rest;
    const script = `bench/${name}.ts`;
    if (/^[a-z-]+$/.test(name) && existsSync(join(root, script))) handOver(script, rest.slice(1));
    else {
      const names = readdirSync(join(root, 'bench')).filter((file) => file.endsWith('.ts'));
      say(`npm run bench -- NAME, with one of: ${names.map((file) => file.slice(0, -3)).join(', ')}`);
      process.exitCode = 2;
    }
  } else if (command === 'start') handOver('bin/main.ts', ['start', ...rest]);
}
