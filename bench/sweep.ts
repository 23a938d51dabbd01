/**
 * A whole first-order sweep of ten tasks (10 sources, 100 transfers) by our engine and by plain PyTorch scripts:
 *   npm run bench -- sweep [--json] [--tasks N] [--no-peers] [--only id,id]
 * The scripts do the same work: `usual` runs the frozen encoder in every epoch, `cached` once for each image. One
 * process and one thread each; by turns after every source, so that ratios hold on a shared machine. Then our sweep
 * once more by two processes.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { chosen, readOptions, wholeNumber } from './command/options';
import { startPeer } from './peers/process';
import { benchPython } from './peers/python';
import { startChild } from './processes/child';
import { exportSweep } from './sweep/export';
import { agreement, type Cell, type Totals, totals } from './sweep/figures';
import { type SweepAnswer, type SweepQuestion, type SweepRun, TASKS } from './sweep/plan';

interface Contestant {
  readonly id: string;
  readonly title: string;
  /** Arguments of `sweep-child.ts`, or mode of `peers/sweep.py`. */
  readonly ours?: readonly [backend: string, way: string];
  readonly peer?: string;
  readonly seed: number;
}

const CONTESTANTS: readonly Contestant[] = [
  { id: 'tensorflow', title: 'ours, native TensorFlow', ours: ['tensorflow', 'compile'], seed: 1 },
  { id: 'tensorflowEager', title: 'ours, native, by operation', ours: ['tensorflow', 'operations'], seed: 1 },
  { id: 'wasm', title: 'ours, wasm', ours: ['wasm', 'compile'], seed: 1 },
  { id: 'torchUsual', title: 'PyTorch, encoder in every epoch', peer: 'usual', seed: 1 },
  { id: 'torchCached', title: 'PyTorch, features cached', peer: 'cached', seed: 1 },
  { id: 'torchCached2', title: 'the same, another seed', peer: 'cached', seed: 2 },
];

interface Player {
  readonly contestant: Contestant;
  ask(question: SweepQuestion): Promise<SweepAnswer>;
  stop(): void;
}

function startOurs(contestant: Contestant, artifacts: string): Player {
  const child = startChild('sweep/child.ts', [
    ...(contestant.ours ?? []),
    artifacts,
    String(contestant.seed),
  ]);
  return {
    contestant,
    ask: async (question) => (await child.ask(question)) as SweepAnswer,
    stop: child.stop,
  };
}

function startScript(contestant: Contestant, python: string, data: string): Player {
  const peer = startPeer(python, 'sweep.py', [contestant.peer ?? '', data, String(contestant.seed)]);
  return { contestant, ask: async (question) => (await peer.ask(question)) as SweepAnswer, stop: peer.stop };
}

async function runOf(player: Player, question: SweepQuestion): Promise<SweepRun> {
  const answer = await player.ask(question);
  if ('run' in answer) return answer.run;
  throw new Error(`${player.contestant.title}: ${'failed' in answer ? answer.failed : 'no answer'}`);
}

/** Starts whom this machine has; the others are left out, and stderr says why. */
async function startPlayers(
  wanted: readonly Contestant[],
  directory: string,
  peers: boolean,
): Promise<Player[]> {
  const python = peers ? benchPython({ torch: 'torch', numpy: 'numpy' }) : null;
  const players: Player[] = [];
  for (const contestant of wanted) {
    if (contestant.peer && python === null) continue;
    const player = contestant.peer
      ? startScript(contestant, python as string, directory)
      : startOurs(contestant, join(directory, contestant.id));
    const answer = await player
      .ask({ do: 'open' })
      .catch((error: unknown) => ({ failed: error instanceof Error ? error.message : String(error) }));
    if ('failed' in answer) {
      console.error(`${contestant.title}: left out (${answer.failed})`);
      player.stop();
    } else players.push(player);
  }
  return players;
}

/** By turns: one source and all of its transfers each. */
async function runSweeps(players: readonly Player[], tasks: readonly string[]): Promise<Map<string, Cell[]>> {
  const cells = new Map<string, Cell[]>(players.map(({ contestant }) => [contestant.id, []]));
  for (const source of tasks) {
    for (const player of players) {
      const own = cells.get(player.contestant.id);
      own?.push({ source, target: null, ...(await runOf(player, { do: 'source', task: source })) });
      for (const task of tasks)
        own?.push({ source, target: task, ...(await runOf(player, { do: 'transfer', source, task })) });
    }
  }
  return cells;
}

/** The sweep by several processes that take what is ready; returns seconds of wall-clock. */
async function runTogether(players: readonly Player[], tasks: readonly string[]): Promise<number> {
  const began = performance.now();
  const sources = [...tasks];
  const ready: { source: string; task: string }[] = [];
  let open = tasks.length * (tasks.length + 1);
  const work = async (player: Player): Promise<void> => {
    while (open > 0) {
      const source = sources.shift();
      const transfer = source === undefined ? ready.shift() : undefined;
      if (source !== undefined) {
        await runOf(player, { do: 'source', task: source });
        ready.push(...tasks.map((task) => ({ source, task })));
        open--;
      } else if (transfer) {
        await runOf(player, { do: 'transfer', ...transfer });
        open--;
      } else await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  await Promise.all(players.map(work));
  return (performance.now() - began) / 1000;
}

/** Wall-clock of one process alone, then of two, on the same recipes. */
async function scheduling(contestant: Contestant, directory: string, tasks: readonly string[]) {
  const seconds: number[] = [];
  for (const processes of [1, 2]) {
    const players = Array.from({ length: processes }, () =>
      startOurs(contestant, join(directory, `together-${processes}`)),
    );
    try {
      for (const player of players) await runOf(player, { do: 'prepare', tasks });
      seconds.push(await runTogether(players, tasks));
    } finally {
      for (const player of players) player.stop();
    }
  }
  const [alone = Number.NaN, together = Number.NaN] = seconds;
  return { alone, together, gain: alone / together };
}

function printTable(figures: ReadonlyMap<string, Totals>): void {
  console.log(
    '\n| | reading, cpu s | sources, cpu s | transfers, cpu s | whole, cpu s | whole, s | mean test loss |\n|---|---|---|---|---|---|---|',
  );
  for (const { id, title } of CONTESTANTS) {
    const f = figures.get(id);
    if (f === undefined) continue;
    const row = [f.prepareCpu, f.sourceCpu, f.transferCpu, f.cpu, f.wall].map((value) => value.toFixed(1));
    console.log(`| ${title} | ${row.join(' | ')} | ${f.meanLoss.toFixed(4)} |`);
  }
}

async function run(): Promise<void> {
  const { values } = readOptions({
    json: { type: 'boolean', default: false },
    tasks: { type: 'string', default: String(TASKS.length) },
    'no-peers': { type: 'boolean', default: false },
    only: { type: 'string' },
  });
  const say = values.json ? (): void => {} : (line: string): void => console.log(line);
  const tasks = TASKS.slice(0, wholeNumber(values.tasks, '--tasks'));
  const machine = `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} processors, Node ${process.version}`;
  const load = loadavg()[0] ?? 0;
  say(`${machine}; load ${load.toFixed(1)}; ${tasks.length} sources, ${tasks.length ** 2} transfers each`);
  const only = chosen(
    values.only,
    CONTESTANTS.map(({ id }) => id),
    '--only',
  );
  const wanted = CONTESTANTS.filter(({ id }) => only.includes(id));
  const directory = mkdtempSync(join(tmpdir(), 'taskatlas-bench-sweep-'));
  let players: Player[] = [];
  try {
    await exportSweep(directory);
    players = await startPlayers(wanted, directory, !values['no-peers']);
    const prepared = new Map<string, number>();
    for (const player of players)
      prepared.set(player.contestant.id, (await runOf(player, { do: 'prepare', tasks })).cpu);
    const cells = await runSweeps(players, tasks);
    for (const player of players) player.stop();
    const figures = new Map([...cells].map(([id, own]) => [id, totals(own, prepared.get(id) ?? 0)]));
    if (!values.json) printTable(figures);
    const reference = cells.get('torchCached') ?? [];
    const losses = Object.fromEntries([...cells].map(([id, own]) => [id, agreement(own, reference)]));
    say('\nLog ratio of test losses to “features cached”, over transfers: mean and mean size');
    for (const { id, title } of CONTESTANTS)
      if (losses[id]) say(`- ${title}: ${losses[id].mean.toFixed(3)}, ${losses[id].size.toFixed(3)}`);
    const fastest = players.find(({ contestant }) => contestant.ours);
    const together = fastest ? await scheduling(fastest.contestant, directory, tasks) : null;
    if (together)
      say(
        `\n${fastest?.contestant.title}, wall-clock: 1 process ${together.alone.toFixed(1)} s, 2 processes ${together.together.toFixed(1)} s (${together.gain.toFixed(2)} ×)`,
      );
    if (values.json)
      console.log(JSON.stringify({ machine, load, tasks, ...Object.fromEntries(figures), losses, together }));
  } finally {
    for (const player of players) player.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

await run();
