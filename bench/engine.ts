/**
 * Training throughput of the engines with the same network, batch and data, one process and one thread each:
 *   npm run bench -- engine [--json] [--rounds N] [--no-cpu] [--only wasm|tensorflow]
 * Rounds are interleaved (each round asks every contestant in turn), so a busy machine slows all alike; figures
 * are medians over rounds. GFLOP/s counts the multiply-adds of the direct convolutions, by one formula for all,
 * over processor seconds: on a shared machine wall-clock tells more about the neighbours than about the engine.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  type Answer,
  CONTESTANTS,
  type Contestant,
  type Question,
  type Round,
  WORKLOADS,
} from './engine-contestants';
import { type BenchNetwork, stepFlops } from './engine-networks';

export interface Figure {
  readonly network: string;
  readonly batch: number;
  readonly millisecondsPerStep: number;
  readonly bestMilliseconds: number;
  /** Processor time of the whole process: what a step costs when the machine is shared. */
  readonly cpuMilliseconds: number;
  readonly imagesPerSecond: number;
  readonly gflopsPerCore: number;
  readonly residentMegabytes: number;
}

interface Player {
  readonly contestant: Contestant;
  readonly child: ChildProcess;
}

async function ask(child: ChildProcess, question: Question): Promise<Answer> {
  // A process that dies without an answer must not keep the others waiting.
  const end = new AbortController();
  const dead = once(child, 'exit', { signal: end.signal }).then(() => [{ failed: 'its process ended' }]);
  const reply = once(child, 'message', { signal: end.signal });
  child.send(question);
  const [answer] = (await Promise.race([reply, dead]).finally(() => {
    dead.catch(() => {});
    reply.catch(() => {});
    end.abort();
  })) as [Answer];
  if ('failed' in answer) throw new Error(answer.failed);
  return answer;
}

/** Starts the contestants that this machine has; native TensorFlow is left out where it is not installed. */
async function startPlayers(wanted: readonly Contestant[], quiet: boolean): Promise<Player[]> {
  const players: Player[] = [];
  const { TASKATLAS_ENGINE: _ours, ...env } = process.env;
  for (const contestant of wanted) {
    const path = fileURLToPath(new URL('./engine-child.ts', import.meta.url));
    const child = fork(path, [contestant.id], {
      execArgv: ['--import', 'tsx'],
      env,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    try {
      const answer = await ask(child, { do: 'open' });
      if (!quiet && 'opened' in answer) console.log(`- ${contestant.title}: ${answer.opened}`);
      players.push({ contestant, child });
    } catch (error) {
      console.error(
        `${contestant.title}: left out (${error instanceof Error ? error.message : String(error)})`,
      );
      child.kill();
    }
  }
  return players;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

function figureOf(rounds: readonly Round[], network: BenchNetwork, residentBytes: number): Figure {
  const wall = rounds.map((r) => r.wall);
  const batch = rounds[0]?.batch ?? 0;
  const millisecondsPerStep = median(wall);
  const cpuMilliseconds = median(rounds.map((r) => r.cpu));
  return {
    network: network.name,
    batch,
    millisecondsPerStep,
    bestMilliseconds: Math.min(...wall),
    cpuMilliseconds,
    imagesPerSecond: (1000 * batch) / millisecondsPerStep,
    gflopsPerCore: (stepFlops(network) * batch) / cpuMilliseconds / 1e6,
    residentMegabytes: residentBytes / 2 ** 20,
  };
}

/** All rounds of one workload, interleaved. */
async function runWorkload(
  players: readonly Player[],
  index: number,
  rounds: number,
): Promise<Map<string, Figure>> {
  const results = new Map(
    players.map(({ contestant }) => [contestant.id, { rounds: [] as Round[], resident: 0 }]),
  );
  for (const { child } of players) await ask(child, { do: 'start', workload: index });
  for (let round = 0; round < rounds; round++) {
    for (const { contestant, child } of players) {
      if (contestant.slow && round > 0) continue;
      const answer = await ask(child, { do: 'measure' });
      const result = results.get(contestant.id);
      if (result === undefined || !('round' in answer)) continue;
      result.rounds.push(answer.round);
      result.resident = Math.max(result.resident, answer.residentBytes);
    }
  }
  const network = WORKLOADS[index]?.network;
  if (network === undefined) return new Map();
  return new Map([...results].map(([id, r]) => [id, figureOf(r.rounds, network, r.resident)]));
}

function printTable(index: number, figures: ReadonlyMap<string, Figure>): void {
  const workload = WORKLOADS[index];
  if (workload === undefined) return;
  const flops = (stepFlops(workload.network) / 1e6).toFixed(1);
  console.log(`\n${workload.network.name}, batch ${workload.batch}, ${flops} MFLOP per image and step`);
  console.log(
    '| engine | ms/step (best) | cpu ms/step | images/s | GFLOP/s per core | RSS MB |\n|---|---|---|---|---|---|',
  );
  for (const { id, title } of CONTESTANTS) {
    const f = figures.get(id);
    if (f === undefined) continue;
    const time = `${f.millisecondsPerStep.toFixed(2)} (${f.bestMilliseconds.toFixed(2)})`;
    const note = f.batch === workload.batch ? '' : ` (batch ${f.batch})`;
    const rates = `${f.imagesPerSecond.toFixed(1)} | ${f.gflopsPerCore.toFixed(2)} | ${f.residentMegabytes.toFixed(0)}`;
    console.log(`| ${title}${note} | ${time} | ${f.cpuMilliseconds.toFixed(2)} | ${rates} |`);
  }
}

/** Entry point of `npm run bench -- engine`. */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '7' },
      'no-cpu': { type: 'boolean', default: false },
      only: { type: 'string' },
    },
  });
  const rounds = Math.max(1, Number(values.rounds) || 7);
  const wanted = CONTESTANTS.filter(
    (c) => (!c.slow || !values['no-cpu']) && (values.only === undefined || c.backend === values.only),
  );
  const machine = `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} processors, Node ${process.version}`;
  if (!values.json)
    console.log(`${machine}; one process and thread per engine; load ${loadavg()[0]?.toFixed(1)}`);
  const players = await startPlayers(wanted, values.json);
  const engines: Record<string, Figure & { networks: Figure[] }> = {};
  for (const index of WORKLOADS.keys()) {
    const figures = await runWorkload(players, index, rounds);
    if (!values.json) printTable(index, figures);
    for (const [id, f] of figures) {
      engines[id] ??= { ...f, networks: [] };
      engines[id].networks.push(f);
    }
  }
  for (const { child } of players) child.send({ do: 'stop' } satisfies Question);
  if (values.json) console.log(JSON.stringify({ machine, rounds, load: loadavg()[0], ...engines }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await run(process.argv.slice(2));
