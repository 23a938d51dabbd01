import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { bestSourceView, matrixView, policyView } from '@/lib/service/contracts';
import { testApi } from '@/lib/service/server/testing/http';
import { registerReaders } from './read';

const http = testApi();
let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const answer = await http.api.app.request(request.url ?? '/');
    response.writeHead(answer.status).end(await answer.text());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

/** Runs `taskatlas policy …` against the API over the small sweep. */
const policy = (...args: string[]): Promise<string> => run('policy', ...args);

async function run(command: string, ...args: string[]): Promise<string> {
  let text = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  const program = new Command('taskatlas').exitOverride();
  registerReaders(program);
  for (const each of program.commands) each.exitOverride().configureOutput({ writeErr: () => {} });
  await program.parseAsync([command, '--sweep', '1', ...args, '--url', url], { from: 'user' });
  vi.restoreAllMocks();
  return text;
}

describe('taskatlas policy', () => {
  it('says what each chosen source costs, in the unit of the budget', async () => {
    const asked = ['--unit', 'labels', '--budget', '2', '--costs', 'normals:0.5'];
    const { sources, costs } = policyView.parse(JSON.parse(await policy(...asked, '--json')));
    expect(sources.length).toBeGreaterThan(1);
    const parts = sources.map((source) => `${source} ${costs.find(({ task }) => task === source)?.labels}`);
    const text = await policy(...asked);
    expect(text).toContain(`Costs in labels: ${parts.join(', ')}.`);
    expect(text).toContain('normals 0.5');
    expect(await policy('--budget', '2')).not.toContain('Costs in');
  });
});

describe('taskatlas best', () => {
  it('answers as the API does for a number of labels, with the metric of the sources and references', async () => {
    const path = '/sweeps/1/best-source?target=depth&k=5&maxOrder=1&labels=40';
    const view = await http.get(path, bestSourceView);
    expect(JSON.parse(await run('best', 'depth', '--labels', '40', '--json'))).toEqual(view);
    expect(view.labels).toMatchObject({ asked: 40, answered: 32, match: 'above' });
    const text = await run('best', 'depth', '--labels', '40');
    expect(text).toContain(view.advice);
    expect(text.split('\n').find((line) => line.startsWith('source'))).toMatch(/rank\s+error\s+vs scratch/);
    expect(text.split('\n').find((line) => line.startsWith('from scratch'))).toMatch(/ 0\.5$/);
    for (const nonsense of ['0', '-3', '1.5', 'many', '1e3'])
      await expect(run('best', 'depth', '--labels', nonsense), nonsense).rejects.toThrow();
    expect((await http.api.app.request('/api/v1/sweeps/1/best-source?target=depth&labels=many')).status).toBe(
      400,
    );
  });
});

describe('taskatlas matrix', () => {
  it('shows the metric of every cell beside scratch’s, and refuses a unit that there is not', async () => {
    const { cells } = await http.get('/sweeps/1/matrix', matrixView);
    const text = await run('matrix', '--unit', 'metric', '--csv');
    const [head = '', ...lines] = text.trim().split('\r\n');
    const line = lines.find((row) => row.startsWith('depth,'))?.split(',') ?? [];
    const at = (name: string) => line[head.split(',').indexOf(name)];
    const cell = cells.find((c) => c.source === 'normals' && c.target === 'depth');
    expect(at('normals')).toBe(cell?.metric?.value.toFixed(3));
    expect([at('metric'), at('better'), at('scratch')]).toEqual(['error', 'lower', '0.500']);
    await expect(run('matrix', '--unit', 'luck')).rejects.toThrow();
  });
});
