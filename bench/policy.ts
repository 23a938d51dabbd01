/**
 * Exact policies on the published transfers, beside another exact solver (SCIP, where OR-tools can be had):
 *   npm run bench -- policy [--json] [--rounds N] [--no-peer] [--reference FOLDER]
 * Rounds are interleaved: each asks ours for every budget, the whole curve, then the peer for every budget. Wall-clock
 * and, for ours, processor time; medians over rounds.
 */
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { median } from '@/lib/science/numerics';
import {
  type FileObjective,
  loadHighs,
  policyCurve,
  problemFromTransfers,
  solvePolicy,
  type TransfersFile,
} from '@/lib/science/policy';
import { layOut } from '@/lib/science/policy/layout';
import { prepareProblem } from '@/lib/science/policy/problem';
import { readOptions, wholeNumber } from './command/options';
import { type Peer, startPeer } from './peers/process';
import { benchPython } from './peers/python';

const { values: flags } = readOptions({
  json: { type: 'boolean', default: false },
  rounds: { type: 'string', default: '3' },
  'no-peer': { type: 'boolean', default: false },
  reference: { type: 'string', default: process.env.TASKATLAS_REFERENCE ?? '../shared/reference' },
});

const BUDGETS = Array.from({ length: 26 }, (_, i) => i + 1);

interface Figure {
  regime: string;
  objective: FileObjective;
  /** Milliseconds of one solve, medians over rounds: the median budget, the slowest, the slowest in processor time. */
  ours: { median: number; slowest: number; cpuSlowest: number; cpuSlowestBudget: number };
  peer: { median: number; slowest: number } | null;
  /** All 26 budgets at once. */
  curve: { wall: number; cpu: number };
  /** Largest difference of the two optima, relative. */
  difference: number | null;
}

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; cpu: number; wall: number }> {
  const [cpu, wall] = [process.cpuUsage(), performance.now()];
  const value = await work();
  const used = process.cpuUsage(cpu);
  return { value, cpu: (used.user + used.system) / 1000, wall: performance.now() - wall };
}

const peerAnswer = (answer: unknown): { milliseconds: number; objective: number } =>
  answer as { milliseconds: number; objective: number };

async function figureOf(
  regime: string,
  objective: FileObjective,
  rounds: number,
  peer: Peer | null,
): Promise<Figure> {
  const path = join(flags.reference, 'taskonomy', `transfers_${regime}.json`);
  const file: TransfersFile = JSON.parse(readFileSync(path, 'utf8'));
  const problem = (limit: number) =>
    problemFromTransfers(file, { objective, maxOrder: 4, budgets: [{ name: 'count', limit }] });
  const walls = BUDGETS.map((): number[] => []);
  const processor = BUDGETS.map((): number[] => []);
  const theirs = BUDGETS.map((): number[] => []);
  const curves: { wall: number; cpu: number }[] = [];
  let difference = 0;
  for (let round = 0; round < rounds; round++) {
    for (const [i, budget] of BUDGETS.entries()) {
      const ours = await timed(() => solvePolicy(problem(budget)));
      walls[i]?.push(ours.wall);
      processor[i]?.push(ours.cpu);
      if (!peer) continue;
      const layout = layOut(prepareProblem(problem(budget)));
      const { program } = layout;
      const answer = peerAnswer(
        await peer.ask({
          ...program,
          objective: [...program.objective],
          lower: [...program.lower],
          upper: [...program.upper],
          // JSON writes an infinite bound as null.
          rows: program.rows,
        }),
      );
      theirs[i]?.push(answer.milliseconds);
      const value = answer.objective / layout.scale;
      difference = Math.max(difference, Math.abs(value - ours.value.objective) / Math.abs(value));
    }
    curves.push(await timed(() => policyCurve(problem(1))));
  }
  const each = walls.map((list) => median(list));
  const cpu = processor.map((list) => median(list));
  const cpuSlowest = Math.max(...cpu);
  return {
    regime,
    objective,
    ours: {
      median: median(each),
      slowest: Math.max(...each),
      cpuSlowest,
      cpuSlowestBudget: BUDGETS[cpu.indexOf(cpuSlowest)] ?? 0,
    },
    peer: peer
      ? {
          median: median(theirs.map((list) => median(list))),
          slowest: Math.max(...theirs.map((list) => median(list))),
        }
      : null,
    curve: { wall: median(curves.map((c) => c.wall)), cpu: median(curves.map((c) => c.cpu)) },
    difference: peer ? difference : null,
  };
}

const ms = (x: number | undefined): string => (x === undefined ? '–' : x.toFixed(0)).padStart(8);

const load = await timed(loadHighs);
const python = flags['no-peer'] ? null : benchPython({ ortools: 'ortools' });
const peer = python === null ? null : startPeer(python, 'policy.py');
const figures: Figure[] = [];
try {
  for (const objective of ['affinity', 'quality', 'gain'] as FileObjective[])
    for (const regime of ['16k', '1k'])
      figures.push(await figureOf(regime, objective, wholeNumber(flags.rounds, '--rounds'), peer));
} finally {
  peer?.stop();
}
const machine = { processor: cpus()[0]?.model ?? 'unknown', load: loadavg()[0] ?? 0 };
if (flags.json) {
  console.log(JSON.stringify({ machine, loadMilliseconds: load.wall, figures }));
} else {
  console.log(
    `${machine.processor}, load ${machine.load.toFixed(1)}; HiGHS loaded in ${load.wall.toFixed(0)} ms`,
  );
  console.log(
    'order 4, milliseconds      one solve: median  slowest (cpu)   SCIP median slowest   curve (cpu)   optima differ by',
  );
  for (const f of figures) {
    console.log(
      `${`${f.regime} ${f.objective}`.padEnd(24)} ${ms(f.ours.median)} ${ms(f.ours.slowest)} (${f.ours.cpuSlowest.toFixed(0)}, budget ${f.ours.cpuSlowestBudget}) ` +
        `${ms(f.peer?.median)} ${ms(f.peer?.slowest)} ${ms(f.curve.wall)} (${f.curve.cpu.toFixed(0)})   ${f.difference?.toExponential(1) ?? '–'}`,
    );
  }
}
