/**
 * Training throughput of the engines with the same network, batch and data, one process and one thread each:
 *   npm run bench -- engine [--json] [--rounds N] [--no-cpu] [--no-peers] [--no-race] [--only wasm,tensorflow,keras]
 *                           [--networks reference,tiny-source]
 * Rounds are interleaved (each round asks every contestant in turn), so a busy machine slows all alike; figures
 * are medians over rounds. GFLOP/s counts the multiply-adds of the direct convolutions, by one formula for all,
 * over processor seconds: on a shared machine wall-clock tells more about the neighbours than about the engine.
 * Peers are Keras and PyTorch in a Python of the benchmarks' own. A race trains from the same start over the same
 * batches of rooms until a fixed loss.
 */
import { availableParallelism, cpus, loadavg } from 'node:os';
import { median } from '@/lib/science/numerics';
import { chosen, readOptions, wholeNumber } from './command/options';
import { CONTESTANTS, RACE_LIMIT, type Race, type Round, WORKLOADS } from './engine/contestants';
import { type BenchNetwork, stepFlops } from './engine/networks';
import { type Player, startPlayers } from './engine/players';

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
  readonly race: Race | null;
}

function figureOf(
  rounds: readonly Round[],
  network: BenchNetwork,
  residentBytes: number,
  race: Race | null,
): Figure {
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
    race,
  };
}

interface Results {
  rounds: Round[];
  resident: number;
  race: Race | null;
}

/** All rounds of one workload, interleaved, then the races one after another. */
async function runWorkload(
  players: readonly Player[],
  index: number,
  rounds: number,
  races: boolean,
): Promise<Map<string, Figure>> {
  const workload = WORKLOADS[index];
  if (workload === undefined) return new Map();
  const results = new Map<Player, Results>(players.map((p) => [p, { rounds: [], resident: 0, race: null }]));
  for (const player of players) await player.ask({ do: 'start', workload: index });
  for (let round = 0; round < rounds; round++) {
    for (const [player, result] of results) {
      if (player.contestant.slow && round > 0) continue;
      const answer = await player.ask({ do: 'measure' });
      if (!('round' in answer)) continue;
      result.rounds.push(answer.round);
      result.resident = Math.max(result.resident, answer.residentBytes);
    }
  }
  for (const [player, result] of results) {
    if (!races || !workload.race || player.contestant.slow) continue;
    const answer = await player.ask({ do: 'race', ...workload.race, limit: RACE_LIMIT });
    if ('race' in answer) result.race = answer.race;
  }
  return new Map(
    [...results].map(([player, r]) => [
      player.contestant.id,
      figureOf(r.rounds, workload.network, r.resident, r.race),
    ]),
  );
}

const raceText = (race: Race | null): string =>
  race === null
    ? ''
    : `${race.seconds.toFixed(2)} s (cpu ${race.cpu.toFixed(2)}), ${race.steps} steps ${race.first.toFixed(3)} → ${race.last.toFixed(4)}`;

function printTable(index: number, figures: ReadonlyMap<string, Figure>): void {
  const workload = WORKLOADS[index];
  if (workload === undefined) return;
  const flops = (stepFlops(workload.network) / 1e6).toFixed(1);
  console.log(`\n${workload.network.name}, batch ${workload.batch}, ${flops} MFLOP per image and step`);
  console.log(
    '| engine | ms/step (best) | cpu ms/step | images/s | GFLOP/s per core | RSS MB | to the fixed loss |\n|---|---|---|---|---|---|---|',
  );
  for (const { id, title } of CONTESTANTS) {
    const f = figures.get(id);
    if (f === undefined) continue;
    const time = `${f.millisecondsPerStep.toFixed(2)} (${f.bestMilliseconds.toFixed(2)})`;
    const note = f.batch === workload.batch ? '' : ` (batch ${f.batch})`;
    const rates = `${f.imagesPerSecond.toFixed(1)} | ${f.gflopsPerCore.toFixed(2)} | ${f.residentMegabytes.toFixed(0)}`;
    console.log(
      `| ${title}${note} | ${time} | ${f.cpuMilliseconds.toFixed(2)} | ${rates} | ${raceText(f.race)} |`,
    );
  }
}

const { values } = readOptions({
  json: { type: 'boolean', default: false },
  rounds: { type: 'string', default: '7' },
  'no-cpu': { type: 'boolean', default: false },
  'no-peers': { type: 'boolean', default: false },
  'no-race': { type: 'boolean', default: false },
  only: { type: 'string' },
  networks: { type: 'string' },
});
const rounds = wholeNumber(values.rounds, '--rounds');
const called = ({ name }: BenchNetwork): string => name.replaceAll(' ', '-');
const networks = chosen(
  values.networks,
  [...new Set(WORKLOADS.map(({ network }) => called(network)))],
  '--networks',
);
const only = chosen(
  values.only,
  CONTESTANTS.map(({ id }) => id),
  '--only',
);
const wanted = CONTESTANTS.filter(
  (c) => (!c.slow || !values['no-cpu']) && !('peer' in c && values['no-peers']) && only.includes(c.id),
);
const machine = `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} processors, Node ${process.version}`;
if (!values.json)
  console.log(`${machine}; one process and thread per engine; load ${loadavg()[0]?.toFixed(1)}`);
const players = await startPlayers(wanted, values.json);
const engines: Record<string, Figure & { networks: Figure[] }> = {};
try {
  for (const [index, { network }] of WORKLOADS.entries()) {
    if (!networks.includes(called(network))) continue;
    const figures = await runWorkload(players, index, rounds, !values['no-race']);
    if (!values.json) printTable(index, figures);
    for (const [id, f] of figures) {
      engines[id] ??= { ...f, networks: [] };
      engines[id].networks.push(f);
    }
  }
} finally {
  for (const player of players) player.stop();
}
if (values.json) console.log(JSON.stringify({ machine, rounds, load: loadavg()[0], ...engines }));
