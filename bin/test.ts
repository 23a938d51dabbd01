/**
 * `npm test`: everything that must hold before a change lands, in one command. Ends with a line
 * 'N passed, N failed' that counts each static check, each vitest test and each browser test.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { root } from './places';
import { freePort } from './ports';
import { duration } from './terminal';

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

interface Part {
  name: string;
  run(): Promise<Count>;
}

/** Tests that may be skipped, by full name or its beginning, with the reason. Any other skip fails the run. */
const SKIPS_ALLOWED: readonly { name: string; reason: string }[] = JSON.parse(
  readFileSync(join(root, 'bin/skips-allowed.json'), 'utf8'),
);

const bin = (name: string): string => join(root, 'node_modules/.bin', name);

function run(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

const check = (name: string, command: string, ...args: string[]): Part => ({
  name,
  run: async () =>
    (await run(command, args)) === 0
      ? { passed: 1, failed: 0, skipped: 0 }
      : { passed: 0, failed: 1, skipped: 0 },
});

const vitestReport = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numFailedTestSuites: z.number(),
  testResults: z.array(
    z.object({ assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })) }),
  ),
});

const skipAllowed = (name: string): boolean => SKIPS_ALLOWED.some((allowed) => name.startsWith(allowed.name));

function countSkips(names: readonly string[]): { skipped: number; forbidden: number } {
  const forbidden = names.filter((name) => !skipAllowed(name));
  for (const name of forbidden) {
    process.stderr.write(`skipped without being on bin/skips-allowed.json: ${name}\n`);
  }
  return { skipped: names.length - forbidden.length, forbidden: forbidden.length };
}

async function unit(filters: readonly string[]): Promise<Count> {
  const directory = mkdtempSync(join(tmpdir(), 'taskatlas-vitest-'));
  const file = join(directory, 'report.json');
  try {
    const code = await run(bin('vitest'), [
      'run',
      '--reporter=dot',
      '--reporter=json',
      `--outputFile.json=${file}`,
      ...filters,
    ]);
    if (!existsSync(file)) return { passed: 0, failed: 1, skipped: 0 };
    const report = vitestReport.parse(JSON.parse(readFileSync(file, 'utf8')));
    const names = report.testResults
      .flatMap((suite) => suite.assertionResults)
      .filter((test) => test.status === 'skipped' || test.status === 'pending' || test.status === 'todo')
      .map((test) => test.fullName);
    const skips = countSkips(names);
    const failed = report.numFailedTests + skips.forbidden;
    // An unhandled error or a suite that cannot load fails the run without failing a test.
    return {
      passed: report.numPassedTests,
      failed: code !== 0 && failed === 0 ? 1 : failed,
      skipped: skips.skipped,
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Starts the whole product with the micro sweep in a folder of its own. */
async function startProduct(state: string): Promise<{ url: string; stop(): Promise<number> }> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child: ChildProcess = spawn(
    process.execPath,
    [
      ...process.execArgv,
      join(root, 'bin/main.ts'),
      'start',
      '--port',
      String(port),
      '--sweep',
      'sweeps/micro.yaml',
    ],
    { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, TASKATLAS_STATE: state } },
  );
  const exited = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
  const stop = async (): Promise<number> => {
    child.kill('SIGTERM');
    return exited;
  };
  const deadline = Date.now() + 120_000;
  while (Date.now() < deadline && child.exitCode === null) {
    const sweeps = await fetch(`${url}/api/v1/sweeps`).then(
      (response) => (response.ok ? response.json() : null),
      () => null,
    );
    if (sweeps !== null) return { url, stop };
    await sleep(300);
  }
  await stop();
  throw new Error(`the product did not come up at ${url} within two minutes; its logs are in ${state}/logs`);
}

const playwrightReport = z.object({
  stats: z.object({ expected: z.number(), unexpected: z.number(), flaky: z.number(), skipped: z.number() }),
});

async function browser(): Promise<Count> {
  const state = mkdtempSync(join(tmpdir(), 'taskatlas-e2e-'));
  const product = await startProduct(state);
  let failedStop = 0;
  try {
    const file = join(state, 'report.json');
    const code = await run(bin('playwright'), ['test', '--reporter=line,json'], {
      BASE_URL: product.url,
      PLAYWRIGHT_JSON_OUTPUT_FILE: file,
    });
    failedStop = (await product.stop()) === 0 ? 0 : 1;
    if (!existsSync(file)) return { passed: 0, failed: 1 + failedStop, skipped: 0 };
    const { stats } = playwrightReport.parse(JSON.parse(readFileSync(file, 'utf8')));
    // A flaky test has failed once: it counts as failed until it is mended.
    const failed = stats.unexpected + stats.flaky + stats.skipped + failedStop;
    return { passed: stats.expected, failed: code !== 0 && failed === 0 ? 1 : failed, skipped: 0 };
  } finally {
    if (failedStop === 0) await product.stop();
    rmSync(state, { recursive: true, force: true });
  }
}

function parts(filters: readonly string[]): readonly Part[] {
  return [
    check('types', bin('tsc'), '--noEmit', '-p', '.'),
    check('lint', bin('biome'), 'ci', '--error-on-warnings', '.'),
    check('imports', bin('depcruise'), 'app', 'bin', 'lib', 'workers', '--config', '.dependency-cruiser.cjs'),
    check('unused', bin('knip')),
    { name: 'unit', run: () => unit(filters) },
    { name: 'browser', run: browser },
  ];
}

function chosen(argv: readonly string[]): { parts: readonly Part[] } {
  const at = argv.indexOf('--only');
  const only = at < 0 ? null : (argv[at + 1] ?? '').split(',');
  const filters = argv.filter((arg, i) => !arg.startsWith('--') && i !== at + 1);
  const all = parts(filters);
  const unknown = only?.filter((name) => !all.some((part) => part.name === name)) ?? [];
  if (unknown.length > 0) {
    process.stderr.write(
      `--only knows ${all.map((part) => part.name).join(', ')}; not ${unknown.join(', ')}\n`,
    );
    process.exit(2);
  }
  return { parts: only ? all.filter((part) => only.includes(part.name)) : all };
}

const total: Count = { passed: 0, failed: 0, skipped: 0 };
const failures: string[] = [];
for (const part of chosen(process.argv.slice(2)).parts) {
  const started = Date.now();
  process.stdout.write(`\n── ${part.name}\n`);
  const count = await part.run().catch((error: unknown): Count => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return { passed: 0, failed: 1, skipped: 0 };
  });
  total.passed += count.passed;
  total.failed += count.failed;
  total.skipped += count.skipped;
  if (count.failed > 0) failures.push(part.name);
  process.stdout.write(
    `── ${part.name}: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped in ${duration((Date.now() - started) / 1000)}\n`,
  );
}
if (failures.length > 0) process.stdout.write(`\nfailed in: ${failures.join(', ')}\n`);
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
process.exitCode = total.failed > 0 ? 1 : 0;
