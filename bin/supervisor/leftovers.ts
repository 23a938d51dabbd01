import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { root, stateDirectory } from '../places';

const record = z.array(z.object({ name: z.string(), pid: z.number() }));
const file = join(stateDirectory, 'children.json');

/** Writes down which processes this supervisor owns, so that the next one can clear up after a kill -9. */
export function recordChildren(children: readonly { name: string; pid: number | undefined }[]): void {
  writeFileSync(file, JSON.stringify(children.filter((child) => child.pid !== undefined)));
}

/** Command line and, where the system tells it (Linux), the working folder of a process; empty when it is gone. */
function identify(pid: number): { command: string; folder: string } {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return { command, folder: readlinkSync(`/proc/${pid}/cwd`) };
  } catch {
    const { stdout } = spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    return { command: stdout ?? '', folder: '' };
  }
}

/**
 * True if the process is alive and of this clone: ids are reused by the system. The web server names itself
 * "next-server" and hides its command line: its folder tells, or failing that its name.
 */
function isOurs(pid: number): boolean {
  const { command, folder } = identify(pid);
  if (pid === process.pid || pid === process.ppid) return false;
  const web = command.startsWith('next-server') && (folder === root || folder === '');
  return web || command.includes(root);
}

/** Stops web and worker processes that a killed supervisor left behind. Returns how many there were. */
export async function clearLeftovers(): Promise<number> {
  if (!existsSync(file)) return 0;
  const parsed = record.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  const left = parsed.success ? parsed.data.filter(({ pid }) => isOurs(pid)) : [];
  for (const { pid } of left) process.kill(pid, 'SIGTERM');
  const deadline = Date.now() + 10_000;
  while (left.some(({ pid }) => isOurs(pid)) && Date.now() < deadline) await sleep(100);
  for (const { pid } of left) if (isOurs(pid)) process.kill(pid, 'SIGKILL');
  return left.length;
}
