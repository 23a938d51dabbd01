import { existsSync, readFileSync, writeFileSync } from 'node:fs';
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

/** True if the process is alive and its command line names this clone: ids are reused by the system. */
function isOurs(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(root);
  } catch {
    return false;
  }
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
