import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { policyView } from '@/lib/service/contracts';
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
async function policy(...args: string[]): Promise<string> {
  let text = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  const program = new Command('taskatlas').exitOverride();
  registerReaders(program);
  await program.parseAsync(['policy', '--sweep', '1', ...args, '--url', url], { from: 'user' });
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
