import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startPeer } from '../peers/process';
import { benchPython } from '../peers/python';
import {
  type Answer,
  type Contestant,
  type EngineContestant,
  type PeerContestant,
  type Question,
  WORKLOADS,
} from './contestants';
import { benchData } from './data';

/** A contestant in a process of its own. */
export interface Player {
  readonly contestant: Contestant;
  /** @throws Error with what it said when it could not do it */
  ask(question: Question): Promise<Answer>;
  stop(): void;
}

const failing = (answer: Answer): Answer => {
  if ('failed' in answer) throw new Error(answer.failed);
  return answer;
};

async function askChild(child: ChildProcess, question: Question): Promise<Answer> {
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
  return answer;
}

function startEngine(contestant: EngineContestant): Player {
  const { TASKATLAS_ENGINE: _ours, ...env } = process.env;
  const child = fork(fileURLToPath(new URL('./child.ts', import.meta.url)), [contestant.id], {
    execArgv: ['--import', 'tsx'],
    env,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  return {
    contestant,
    ask: async (question) => failing(await askChild(child, question)),
    stop: () => child.connected && child.send({ do: 'stop' } satisfies Question),
  };
}

/** A Python peer gets the network itself and the files of its weights and data. */
function startPython(contestant: PeerContestant, python: string): Player {
  const peer = startPeer(python, 'engine.py', [contestant.peer]);
  const translate = (question: Question): unknown => {
    const workload = question.do === 'start' ? WORKLOADS[question.workload] : undefined;
    if (workload === undefined) return question;
    const { network, batch, steps } = workload;
    return { do: 'start', network, batch, steps, files: benchData(network).files };
  };
  return {
    contestant,
    ask: async (question) => failing((await peer.ask(translate(question))) as Answer),
    stop: () => peer.stop(),
  };
}

/** Starts the contestants that this machine has; the others are left out, and stderr says why. */
export async function startPlayers(wanted: readonly Contestant[], quiet: boolean): Promise<Player[]> {
  const players: Player[] = [];
  const python = wanted.some((c) => 'peer' in c)
    ? benchPython({ torch: 'torch', tensorflow: 'tensorflow', keras: 'keras', numpy: 'numpy' })
    : null;
  for (const contestant of wanted) {
    if ('peer' in contestant && python === null) continue;
    const player = 'peer' in contestant ? startPython(contestant, python as string) : startEngine(contestant);
    try {
      const answer = await player.ask({ do: 'open' });
      if (!quiet && 'opened' in answer) console.log(`- ${contestant.title}: ${answer.opened}`);
      players.push(player);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      console.error(`${contestant.title}: left out (${why})`);
      player.stop();
    }
  }
  return players;
}
