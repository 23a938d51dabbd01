import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Answers of one kind of request, by how long they took. */
export interface Figure {
  answers: number;
  failed: number;
  /** Milliseconds. */
  median: number;
  p99: number;
  slowest: number;
}

/** One GET over a kept connection; rejects on another status than 200 and 304. */
export function get(url: string, agent: Agent, signal?: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, {
      agent,
      headers: { 'accept-encoding': 'gzip' },
      ...(signal ? { signal } : {}),
    });
    asked.once('error', reject);
    asked.once('response', (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.once('error', reject);
      response.once('end', () => {
        const { statusCode = 0 } = response;
        const body = Buffer.concat(parts);
        if (statusCode === 200 || statusCode === 304) resolve(body);
        else reject(new Error(`${statusCode} of ${url}: ${body.toString('utf8').slice(0, 200)}`));
      });
    });
    asked.end();
  });
}

function figureOf(times: readonly number[], failed: number): Figure {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { answers: sorted.length, failed, median: at(0.5), p99: at(0.99), slowest: at(1) };
}

/** Asks one after the other until `ended`; `pauseMs` between two. */
export async function watch(url: () => string, ended: AbortSignal, pauseMs: number): Promise<Figure> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times: number[] = [];
  let failed = 0;
  while (!ended.aborted) {
    const started = performance.now();
    await get(url(), agent).then(
      () => times.push(performance.now() - started),
      () => {
        failed += 1;
      },
    );
    if (pauseMs > 0) await sleep(pauseMs);
  }
  agent.destroy();
  return figureOf(times, failed);
}

/** So many clients, each asking again as soon as it has its answer, or after a pause. */
export async function crowd(
  clients: number,
  seconds: number,
  url: (client: number, turn: number) => string,
  pauseMs = 0,
): Promise<Figure> {
  const times: number[] = [];
  let failed = 0;
  const until = performance.now() + seconds * 1000;
  const one = async (client: number): Promise<void> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let turn = 0; performance.now() < until; turn++) {
      const started = performance.now();
      await get(url(client, turn), agent).then(
        () => times.push(performance.now() - started),
        () => {
          failed += 1;
        },
      );
      if (pauseMs > 0) await sleep(pauseMs * (0.5 + Math.random()));
    }
    agent.destroy();
  };
  await Promise.all(Array.from({ length: clients }, (_, client) => one(client)));
  return figureOf(times, failed);
}
