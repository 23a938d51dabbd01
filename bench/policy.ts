/**
 * Exact policies on the published transfers: `npx tsx bench/policy.ts [reference folder]`.
 * Prints process CPU time (user + system), which other work on the machine does not stretch, and wall time beside it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { analyseTarget, type CandidateLosses } from '@/lib/science/affinity';
import { createRng } from '@/lib/science/core';
import {
  type FileObjective,
  loadHighs,
  policyCurve,
  problemFromTransfers,
  solvePolicy,
  transfersFile,
} from '@/lib/science/policy';

const folder = process.argv[2] ?? process.env.TASKATLAS_REFERENCE ?? '../shared/reference';
const load = (regime: string) =>
  transfersFile.parse(
    JSON.parse(readFileSync(join(folder, 'taskonomy', `transfers_${regime}.json`), 'utf8')),
  );

async function timed(work: () => Promise<unknown> | unknown): Promise<{ cpu: number; wall: number }> {
  const [cpu, wall] = [process.cpuUsage(), performance.now()];
  await work();
  const used = process.cpuUsage(cpu);
  return { cpu: (used.user + used.system) / 1000, wall: performance.now() - wall };
}

const row = (name: string, { cpu, wall }: { cpu: number; wall: number }): void =>
  console.log(
    `${name.padEnd(44)} ${cpu.toFixed(0).padStart(7)} ms CPU ${wall.toFixed(0).padStart(7)} ms wall`,
  );

async function policies(): Promise<void> {
  row('load HiGHS (once per process)', await timed(loadHighs));
  for (const objective of ['affinity', 'quality', 'gain'] as FileObjective[]) {
    for (const regime of ['16k', '1k']) {
      const file = load(regime);
      const problem = (limit: number) =>
        problemFromTransfers(file, { objective, maxOrder: 4, budgets: [{ name: 'count', limit }] });
      const single: { cpu: number; wall: number }[] = [];
      for (let budget = 1; budget <= 26; budget++)
        single.push(await timed(() => solvePolicy(problem(budget))));
      const slowest = single.reduce((a, b) => (b.cpu > a.cpu ? b : a));
      row(`${regime} ${objective}, order 4: slowest of 26 solves`, slowest);
      row(`${regime} ${objective}, order 4: curve of 26 budgets`, await timed(() => policyCurve(problem(1))));
    }
  }
}

async function analysis(): Promise<void> {
  const rng = createRng('bench');
  const runs = (level: number, seeds: number) =>
    Array.from({ length: seeds }, (_, seed) => ({
      sourceSeed: seed,
      headSeed: seed,
      losses: Float32Array.from({ length: 600 }, () => Math.exp(level + 0.3 * rng.normal())),
    }));
  for (const seeds of [1, 3]) {
    const candidates: CandidateLosses[] = [
      ...Array.from(
        { length: 15 },
        (_, i): CandidateLosses => ({
          key: `t${i}`,
          kind: 'transfer',
          sources: [`t${i}`],
          runs: runs(0.03 * i, seeds),
        }),
      ),
      { key: 'self', kind: 'self', sources: [], runs: runs(-0.2, seeds) },
      { key: 'scratch', kind: 'scratch', sources: [], runs: runs(0.2, seeds) },
      { key: 'mean', kind: 'mean', sources: [], runs: runs(0.5, 1) },
    ];
    const once = () => timed(() => analyseTarget({ target: 't', candidates }, { resamples: 200 }));
    row(`analyse 15 sources × 600 images × ${seeds} seeds, first`, await once());
    row(`analyse 15 sources × 600 images × ${seeds} seeds, again`, await once());
  }
}

await policies();
await analysis();
