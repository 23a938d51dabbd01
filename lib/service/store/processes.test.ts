import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { isAlive, whenGone } from './processes';

let parent: ChildProcess | null = null;

afterEach(async () => {
  if (!parent) return;
  const gone = once(parent, 'exit');
  parent.kill('SIGKILL');
  await gone;
  parent = null;
});

/** Starts a program that has started another one, and answers the other's id. The first never asks how it ended. */
async function careless(child: string): Promise<number> {
  parent = spawn('sh', ['-c', `${child} >/dev/null & echo $!; exec sleep 60`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const { stdout } = parent;
  if (!stdout) throw new Error('no output to read');
  const [text] = await once(stdout, 'data');
  return Number(String(text));
}

describe('isAlive', () => {
  it('holds for this process and not for a number that nobody has', () => {
    expect(isAlive(process.pid)).toBe(true);
    expect(isAlive(2 ** 30)).toBe(false);
  });

  it.runIf(existsSync('/proc/self/stat'))(
    'linux: does not hold for a process that ended and was not asked for by its parent',
    async () => {
      const pid = await careless("sh -c 'sleep 0.2'");
      const stateOf = (): string => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0] ?? '';
      expect(isAlive(pid)).toBe(true);
      while (stateOf() !== 'Z') await sleep(10);
      expect(isAlive(pid)).toBe(false);
      expect(() => process.kill(pid, 0)).not.toThrow();
    },
  );
});

describe('whenGone', () => {
  it('calls once the process has ended, and once only', async () => {
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    let calls = 0;
    whenGone(Number(child.pid), () => calls++, 5);
    await sleep(40);
    expect(calls).toBe(0);
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    await sleep(60);
    expect(calls).toBe(1);
  });
});
