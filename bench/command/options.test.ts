import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const run = (...args: string[]) =>
  spawnSync(
    process.execPath,
    ['--import', 'tsx', fileURLToPath(new URL('../engine.ts', import.meta.url)), ...args],
    { encoding: 'utf8' },
  );

describe('options of a benchmark', () => {
  it('are told by --help, out of the head of its file', () => {
    const { status, stdout } = run('--help');
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^Training throughput of the engines[\s\S]+\n {2}npm run bench -- engine \[--json\]/,
    );
    expect(stdout).not.toContain('*');
  });

  it.each([
    [['--tyop'], /^Unknown option '--tyop'\. `--help` says what there is\.\n$/],
    [['--rounds', 'many'], /^--rounds wants a whole number, not "many"\./],
    [['--only', 'wasm,wasp'], /^--only knows cpu, .*, not "wasp"\./],
  ])('that it does not know end it before anything is measured: %s', (args, said) => {
    const { status, stdout, stderr } = run(...args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(said);
  });
});
