import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { TaskatlasError } from '@/lib/science/core';
import { registerNovel } from './commands/novel';
import { registerReaders } from './commands/read';
import { registerSubmit } from './commands/submit';
import { registerTables } from './commands/tables';
import { registerWays } from './commands/ways';
import { root } from './places';

function version(): string {
  const parsed: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return parsed !== null && typeof parsed === 'object' && 'version' in parsed
    ? String(parsed.version)
    : 'unknown';
}

async function buildProgram(): Promise<Command> {
  const program = new Command('taskatlas')
    .description('Which source should I pre-train on, and how should I transfer it?')
    .version(version())
    .exitOverride()
    .enablePositionalOptions();
  const policy = registerReaders(program);
  registerSubmit(program);
  registerNovel(program);
  registerTables(program);
  registerWays(program);
  const [start, doctor, solve, affinity, reference, imports, exports, engine, dataset, bench] =
    await Promise.all([
      import('./commands/start'),
      import('./commands/doctor'),
      import('./commands/policy-solve'),
      import('./commands/affinity-solve'),
      import('./commands/reference'),
      import('./commands/import'),
      import('./commands/export'),
      import('./commands/engine'),
      import('./commands/dataset'),
      import('./commands/bench'),
    ]);
  start.registerStart(program);
  doctor.registerDoctor(program);
  solve.registerPolicySolve(policy);
  affinity.registerAffinitySolve(program);
  reference.registerReference(program);
  imports.registerImport(program);
  exports.registerExport(program);
  engine.registerEngine(program);
  dataset.registerDataset(program);
  bench.registerBench(program);
  return program;
}

/** Prints what went wrong as a person needs it: the message, then the fields; 2 for bad input, 1 for the rest. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof TaskatlasError) {
    process.stderr.write(`taskatlas: ${error.message}\n`);
    for (const issue of error.issues) process.stderr.write(`  ${issue.path || '(file)'}: ${issue.message}\n`);
    return error.code === 'invalid-input' || error.code === 'not-found' ? 2 : 1;
  }
  process.stderr.write(
    `taskatlas: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return 1;
}

// `taskatlas … | head` closes the pipe when it has seen enough: no error, and what was opened is still to be closed.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  const program = await buildProgram();
  await program.parseAsync(process.argv);
} catch (error) {
  process.exitCode = report(error);
}
