// Plain JavaScript without dependencies: it must run before anything is installed, on any Node from 18 up.
// It installs what is missing, then hands over to Node 22 (from node_modules) and bin/main.ts.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamps = join(root, 'node_modules', '.taskatlas');

const say = (text) => process.stderr.write(`taskatlas: ${text}\n`);

function stampIs(name, value) {
  const file = join(stamps, name);
  return existsSync(file) && readFileSync(file, 'utf8') === value;
}

function stamp(name, value) {
  mkdirSync(stamps, { recursive: true });
  const file = join(stamps, name);
  writeFileSync(`${file}.tmp`, value);
  renameSync(`${file}.tmp`, file);
}

/** Runs a step; its output is shown only when it fails, so that the terminal stays readable. */
function step(title, command, args, env = {}) {
  const started = Date.now();
  say(`${title} …`);
  const result = spawnSync(command, args, {
    cwd: root,
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1', ...env },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (result.status !== 0) {
    process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}\n`);
    say(
      `${title} failed (${result.error?.message ?? `exit ${result.status ?? result.signal}`}). Mend what is named above and run the same command again.`,
    );
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

function ensureInstalled() {
  const wanted = sha(readFileSync(join(root, 'package.json')), readFileSync(join(root, 'package-lock.json')));
  if (stampIs('packages', wanted) && existsSync(node22())) return;
  step(
    'installing packages (once, a minute or two)',
    'npm',
    ['install', '--no-audit', '--no-fund', '--no-save', '--loglevel=error'],
    { NODE_ENV: 'development' },
  );
  stamp('packages', wanted);
}

/** `prisma generate` runs on WebAssembly, but the CLI insists on an engine binary that closed networks cannot fetch; any executable satisfies it. A user's own setting wins. */
function ensureClient() {
  const wanted = hashTree(['prisma/schema.prisma', 'prisma.config.ts', 'package-lock.json']);
  if (stampIs('prisma', wanted) && existsSync(join(root, 'lib/service/store/generated'))) return;
  step(
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

function ensurePages() {
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
  step('building the dashboard', node22(), [join(root, 'node_modules/next/dist/bin/next'), 'build'], {
    ...withNode22(),
    NODE_ENV: 'production',
  });
  stamp('pages', wanted);
}

/** What each entry needs before it can run. The CLI needs no dashboard. */
export function prepare({ pages }) {
  ensureInstalled();
  ensureClient();
  if (pages) ensurePages();
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
  // Ctrl-C reaches the whole terminal group by itself; TERM and HUP must be handed on.
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  process.on('SIGINT', () => {});
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
  });
}

const isMain = process.argv[1] !== undefined && fileURLToPath(import.meta.url) === process.argv[1];
if (isMain) {
  const [command = 'start', ...rest] = process.argv.slice(2);
  // Static checks alone read no built page.
  const only = rest[rest.indexOf('--only') + 1] ?? '';
  const checks = rest.includes('--only') && !/unit|browser/.test(only);
  prepare({ pages: command === 'start' || (command === 'test' && !checks) });
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
