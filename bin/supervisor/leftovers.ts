import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { readStateFile, startOf, stillRuns, writeStateFile } from '@/lib/service/store';
import { stateDirectory } from '../places';

const record = z.array(
  z.object({ name: z.string(), pid: z.number().int().min(2), started: z.string().nullable() }),
);
const file = join(stateDirectory, 'children.json');

/** Writes down which processes this supervisor owns, so that the next one can clear up after a kill -9. */
export function recordChildren(children: readonly { name: string; pid: number | undefined }[]): void {
  const alive = children.flatMap(({ name, pid }) =>
    pid === undefined ? [] : [{ name, pid, started: startOf(pid) }],
  );
  writeStateFile(file, JSON.stringify(alive));
}

/** Stops web and worker processes that a killed supervisor left behind. Returns how many there were. */
export async function clearLeftovers(): Promise<number> {
  // Ids are used again: without its start a process is not known to be ours.
  const left = (readStateFile(file, record) ?? []).filter(
    (child) => child.started !== null && stillRuns(child),
  );
  for (const { pid } of left) process.kill(pid, 'SIGTERM');
  const deadline = Date.now() + 10_000;
  while (left.some(stillRuns) && Date.now() < deadline) await sleep(100);
  for (const child of left) if (stillRuns(child)) process.kill(child.pid, 'SIGKILL');
  return left.length;
}
