/**
 * Answers under load, beside their goals: imports of 26, 100 and 300 tasks, views, policies, lists, with /health asked all
 * the while. A database and a web server of their own, on this machine only:
 *   npm run bench -- load [--json] [--clients N] [--seconds N] [--tasks 26,100,300] [--sweeps N]
 * Needs the built dashboard. Clients of a view ask again as soon as they have their answer; /health is asked by one more,
 * every 20 ms. Imports run as `taskatlas import transfers`; documents come from a seeded generator.
 */
import { writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { z } from 'zod';
import { chosen, readOptions, wholeNumber } from './command/options';
import { crowd, type Figure, get, watch } from './load/clients';
import { command, type Instance, peakMemory, processorTime, startInstance } from './load/instance';
import { syntheticTransfers } from './load/transfers';

const { values: flags } = readOptions({
  json: { type: 'boolean', default: false },
  clients: { type: 'string', default: '50' },
  seconds: { type: 'string', default: '5' },
  tasks: { type: 'string' },
  sweeps: { type: 'string', default: '200' },
});
const clients = wholeNumber(flags.clients, '--clients');
const seconds = wholeNumber(flags.seconds, '--seconds');
const sizes = chosen(flags.tasks, ['26', '100', '300'], '--tasks').map(Number);
const sweeps = wholeNumber(flags.sweeps, '--sweeps');

/** One line of the table. */
interface Row {
  what: string;
  figure: string;
  goal: string;
  met: boolean | null;
}
const rows: Row[] = [];
const say = (row: Row): void => {
  rows.push(row);
  if (flags.json) return;
  const mark = row.met === null ? '' : row.met ? 'met' : 'NOT MET';
  console.log(`${row.what.padEnd(58)} ${row.figure.padEnd(44)} ${row.goal.padEnd(16)} ${mark}`);
};
const ms = (value: number): string =>
  Number.isFinite(value) ? `${value.toFixed(value < 10 ? 1 : 0)} ms` : '–';
const text = ({ answers, failed, median, p99, slowest }: Figure): string =>
  `p99 ${ms(p99)} (median ${ms(median)}, slowest ${ms(slowest)}, n ${answers}${failed > 0 ? `, ${failed} FAILED` : ''})`;
const sayFigure = (what: string, figure: Figure, goalMs: number | null): void =>
  say({
    what,
    figure: text(figure),
    goal: goalMs === null ? '' : `p99 < ${goalMs} ms`,
    met: goalMs === null ? null : figure.p99 < goalMs && figure.failed === 0,
  });

/** A crowd's figure, with the processor time that the server took for each answer: that does not depend on who else computes. */
async function crowded(
  { web }: Instance,
  what: string,
  goalMs: number | null,
  url: (client: number, turn: number) => string,
  many = clients,
): Promise<void> {
  const before = processorTime(web.pid);
  const figure = await crowd(many, seconds, url);
  const each = (processorTime(web.pid) - before) / figure.answers;
  sayFigure(`${what}, ${many === 1 ? 'one client' : `${many} clients`}`, figure, goalMs);
  say({ what: '  processor time of the server an answer', figure: ms(each), goal: '', met: null });
}

/** Does something while /health is asked. */
async function withHealth<T>({ api }: Instance, what: string, work: () => Promise<T>): Promise<T> {
  const ended = new AbortController();
  const watching = watch(() => `${api}/health`, ended.signal, 20);
  try {
    return await work();
  } finally {
    ended.abort();
    sayFigure(`/health during: ${what}`, await watching, 20);
  }
}

async function importTasks(instance: Instance, tasks: number, name = `${tasks} tasks`): Promise<string> {
  const file = join(instance.place, `transfers-${tasks}.json`);
  writeFileSync(file, syntheticTransfers(tasks));
  const what = `import of ${tasks} tasks`;
  const done = await withHealth(instance, what, () =>
    command(instance, ['import', 'transfers', file, '--name', name, '--json']),
  );
  const large = tasks === 300;
  say({
    what,
    figure: `${done.seconds.toFixed(1)} s, ${done.megabytes.toFixed(0)} MB`,
    goal: large ? '< 30 s, < 1 GB' : '',
    met: large ? done.seconds < 30 && done.megabytes < 1024 : null,
  });
  return z.object({ id: z.string() }).parse(JSON.parse(done.output)).id;
}

/** One answer, and how long it took. */
async function once(url: string): Promise<{ milliseconds: number; body: Buffer }> {
  const agent = new Agent();
  const started = performance.now();
  const body = await get(url, agent);
  return { milliseconds: performance.now() - started, body };
}

async function views(instance: Instance, tasks: number, id: string): Promise<void> {
  const sweep = `${instance.api}/sweeps/${id}`;
  const target = (i: number): string => `task-${String((i % tasks) + 1).padStart(3, '0')}`;
  const first = await once(`${sweep}/best-source?target=${target(0)}`);
  say({
    what: `best-source, ${tasks} tasks: the first answer`,
    figure: ms(first.milliseconds),
    goal: '',
    met: null,
  });
  await withHealth(instance, `best-source, ${tasks} tasks`, async () => {
    // Every target once, so that the crowd meets answers as a sweep that people look at has them.
    for (let i = 0; i < tasks; i++) await once(`${sweep}/best-source?target=${target(i)}`);
    const goal = tasks === 300 ? 150 : 50;
    const url = (client: number, turn: number): string =>
      `${sweep}/best-source?target=${target(client * 7 + turn)}`;
    await crowded(instance, `best-source, ${tasks} tasks`, goal, url);
  });
  const cold = await once(`${sweep}/matrix`);
  say({
    what: `matrix, ${tasks} tasks: the first answer`,
    figure: `${ms(cold.milliseconds)}, ${(cold.body.length / 1024).toFixed(0)} KB (gzip)`,
    goal: '',
    met: null,
  });
  await withHealth(instance, `matrix, ${tasks} tasks`, () =>
    crowded(instance, `matrix, ${tasks} tasks`, tasks === 300 ? 300 : null, () => `${sweep}/matrix`),
  );
}

/** The policy page as a person opens it: the asked budget, then its curve, which is ended after a while. */
async function policy(instance: Instance, tasks: number, id: string): Promise<void> {
  await withHealth(instance, `policy and curve, ${tasks} tasks`, async () => {
    const asked = await once(`${instance.api}/sweeps/${id}/policy?budget=5&objective=quality`);
    say({
      what: `policy, ${tasks} tasks: the asked budget`,
      figure: ms(asked.milliseconds),
      goal: '',
      met: null,
    });
    const again = await once(`${instance.api}/sweeps/${id}/policy?budget=5&objective=quality`);
    say({ what: `policy, ${tasks} tasks: asked again`, figure: ms(again.milliseconds), goal: '', met: null });
    const limit = AbortSignal.timeout(20_000);
    const curve = await fetch(`${instance.api}/sweeps/${id}/policy/curve?objective=quality`, {
      signal: limit,
    });
    const started = performance.now();
    let lines = 0;
    let whole = true;
    try {
      const reader = curve.body?.getReader();
      for (let part = await reader?.read(); part && !part.done; part = await reader?.read())
        lines += Buffer.from(part.value).toString().split('\n').length - 1;
    } catch {
      whole = false;
    }
    say({
      what: `policy, ${tasks} tasks: the curve`,
      figure: `${lines} budgets in ${((performance.now() - started) / 1000).toFixed(1)} s${whole ? '' : ', then ended'}`,
      goal: '',
      met: null,
    });
  });
}

async function sweepsList(instance: Instance): Promise<void> {
  const { openSweeps } = await import('@/bin/compose');
  process.env.DATABASE_URL = instance.databaseUrl;
  const { readTransfers } = await import('@/lib/service/imports');
  const [document] = readTransfers(JSON.parse(syntheticTransfers(3)));
  if (!document) throw new Error('no transfers in the synthetic document');
  const opened = await openSweeps();
  const known = z
    .object({ sweeps: z.array(z.unknown()) })
    .parse(await (await fetch(`${instance.api}/sweeps`)).json()).sweeps.length;
  const missing = Array.from({ length: Math.max(0, sweeps - known) }, (_, i) => ({
    document,
    options: { name: `small ${i + 1}` },
  }));
  await opened.importTransfers(missing);
  await opened.close();
  await once(`${instance.api}/sweeps`);
  await withHealth(instance, `list of ${sweeps} sweeps`, () =>
    crowded(instance, `GET /sweeps, ${sweeps} sweeps`, 100, () => `${instance.api}/sweeps`, 1),
  );
}

const instance = await startInstance();
try {
  for (const tasks of sizes) {
    const id = await importTasks(instance, tasks);
    await views(instance, tasks, id);
    await policy(instance, tasks, id);
    if (tasks === 300) {
      await withHealth(
        instance,
        'a second import of 300 tasks, with a policy of 300 tasks asked',
        async () => {
          const leaving = new AbortController();
          const asked = fetch(`${instance.api}/sweeps/${id}/policy?budget=40&objective=gain`, {
            signal: leaving.signal,
          });
          asked.catch(() => undefined);
          await importTasks(instance, tasks, '300 tasks again');
          leaving.abort();
        },
      );
    }
  }
  await sweepsList(instance);
  say({
    what: 'peak memory of the web server',
    figure: `${peakMemory(instance.web.pid).toFixed(0)} MB`,
    goal: '',
    met: null,
  });
} finally {
  await instance.stop();
}
if (flags.json) console.log(JSON.stringify(rows, null, 2));
if (rows.some(({ met }) => met === false)) process.exitCode = 1;
