import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backoff, supervise } from './child';

let logs: string;
beforeEach(() => {
  logs = mkdtempSync(join(tmpdir(), 'taskatlas-child-'));
});
afterEach(() => rmSync(logs, { recursive: true, force: true }));

const plan = (script: string) => ({
  name: 'subject',
  command: process.execPath,
  args: ['-e', script],
  env: process.env,
  cwd: tmpdir(),
  logsDirectory: logs,
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20);
}

describe('supervise', () => {
  it('starts a killed process again, under a new id', async () => {
    const told: string[] = [];
    const child = supervise(plan('setInterval(() => {}, 1000)'), (text) => told.push(text));
    const first = child.pid();
    expect(first).toBeDefined();
    // Somebody tidies up: the next start makes its folder again.
    rmSync(logs, { recursive: true });
    process.kill(first as number, 'SIGKILL');
    await until(() => child.restarts() === 1 && child.pid() !== undefined);
    expect(child.pid()).not.toBe(first);
    expect(told[0]).toContain('SIGKILL');
    expect(existsSync(join(logs, 'subject.log'))).toBe(true);
    await child.stop(5);
    expect(child.pid()).toBeUndefined();
  });

  it('asks with TERM, and kills one that does not listen', async () => {
    const deaf = supervise(
      plan("process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000)"),
      () => {},
    );
    await until(() => {
      try {
        return readFileSync(join(logs, 'subject.log'), 'utf8').includes('up');
      } catch {
        return false;
      }
    });
    await deaf.stop(0.2);
    expect(deaf.restarts()).toBe(0);
  });

  it('waits longer after each early death, up to half a minute', () => {
    expect([0, 1, 2, 6, 99].map(backoff)).toEqual([0.2, 0.5, 1, 30, 30]);
  });
});
