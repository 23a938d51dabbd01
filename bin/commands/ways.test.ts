import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Command } from 'commander';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { methodsView } from '@/lib/service/contracts';
import { testApi } from '@/lib/service/server/testing/http';
import { registerWays } from './ways';

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
afterEach(() => vi.restoreAllMocks());

/** Runs `taskatlas ways …` against the API over the small sweep. */
async function ways(...args: string[]): Promise<string> {
  let text = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  const program = new Command('taskatlas').exitOverride();
  registerWays(program);
  for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => {} });
  await program.parseAsync(['ways', ...args, '--url', url], { from: 'user' });
  vi.restoreAllMocks();
  return text;
}

describe('taskatlas ways', () => {
  it('prints the figures of the page, best first, with negative transfer and the frontier marked', async () => {
    const view = await http.get('/sweeps/1/targets/depth/methods', methodsView);
    expect(JSON.parse(await ways('depth', '--sweep', '1', '--json'))).toEqual(view);
    const text = await ways('depth');
    expect(text).toContain(view.sizes[0]?.words);
    const rows = text.split('\n').filter((line) => line.startsWith('readout'));
    expect(rows).toHaveLength(5);
    const gain = ({ source }: { source: string }) =>
      Math.round((view.ways.find((w) => w.sources[0] === source)?.gain?.value ?? 0) * 100);
    for (const row of rows) {
      const [, source = '', value = ''] = row.split(/\s+/);
      expect(Number(value), row).toBe(gain({ source }));
      expect(row.includes('▼'), row).toBe(['edges', 'colour'].includes(source));
    }
    expect(rows.map((row) => row.split(/\s+/)[2])).toEqual(
      rows.map((row) => row.split(/\s+/)[2]).sort((a, b) => Number(b) - Number(a)),
    );
    const front = view.sizes[0]?.frontier ?? [];
    expect(front.length).toBeGreaterThan(0);
    const marked = text.split('\n').filter((line) => /^(readout|from scratch).* c( w)?$/.test(line));
    expect(marked).toHaveLength(front.length);
  });

  it('prints every estimate with its interval as CSV', async () => {
    const view = await http.get('/sweeps/1/targets/depth/methods', methodsView);
    const [head = '', ...lines] = (await ways('depth', '--csv')).trim().split(/\r?\n/);
    const column = (line: string, name: string) => line.split(',')[head.split(',').indexOf(name)];
    expect(lines).toHaveLength(view.ways.length + 1);
    const normals = lines.find((line) => column(line, 'sources') === 'normals') ?? '';
    const way = view.ways.find((w) => w.key === 'normals');
    expect(Number(column(normals, 'gain_low'))).toBe(way?.gain?.low);
    expect(Number(column(normals, 'effect'))).toBe(way?.effect?.value);
    expect(Number(column(normals, 'whole_flops'))).toBe(way?.wholeCost?.flops);
    expect(column(lines.at(-1) ?? '', 'method')).toBe('scratch');
  });

  it('keeps to one number of labels, and says which there are', async () => {
    expect(await ways('depth', '--labels', '32')).toContain('With 32 labels');
    await expect(ways('depth', '--labels', '31')).rejects.toThrow('there are 32');
    await expect(ways('depth', '--labels', 'few')).rejects.toThrow('number of labelled images');
    await expect(ways('colour')).rejects.toThrow('not a target');
  });
});
