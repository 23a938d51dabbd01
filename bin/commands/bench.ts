import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { TaskatlasError } from '@/lib/science/core';
import { root } from '../places';

/** Runs a benchmark's script in a process of its own, as `npm run bench` does; its exit code is ours. */
async function bench(name: string, args: readonly string[]): Promise<void> {
  const script = join(root, 'bench', `${name}.ts`);
  if (!/^[a-z-]+$/.test(name) || !existsSync(script)) {
    throw new TaskatlasError(
      'invalid-input',
      `There is no benchmark "${name}": gpu, engine, scaling, cost and others are described in bench/README.md.`,
    );
  }
  const child = spawn(process.execPath, [...process.execArgv, script, ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

/** `bench`: measurements of this machine; `bench gpu` is what a person with a GPU runs first. */
export function registerBench(program: Command): void {
  program
    .command('bench')
    .description(
      'measure this machine: gpu (is it right, how fast), engine, scaling, cost; see bench/README.md',
    )
    .argument('<name>', 'which one')
    .argument('[options...]', 'handed to it, e.g. --json')
    .passThroughOptions()
    .allowUnknownOption()
    .action(bench);
}
