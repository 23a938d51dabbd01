import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { httpClient, patientClient } from './api-client';

const answer = z.object({ ok: z.boolean() });
const open: (() => Promise<void>)[] = [];

/** A server that answers `status` to its first `failures` requests, then 200. */
async function restarting(failures: number, status: number): Promise<{ url: string; asked(): number }> {
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    response.statusCode = asked <= failures ? status : 200;
    response.end(JSON.stringify({ ok: true }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(() => new Promise((resolve) => server.close(() => resolve())));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: () => asked };
}

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

describe('patientClient', () => {
  it('asks again while the server is not available, and only then', async () => {
    const server = await restarting(1, 503);
    const client = patientClient(httpClient(server.url), 30);
    expect(await client.get('/health', answer)).toEqual({ ok: true });
    expect(server.asked()).toBe(2);
    const wrong = await restarting(1, 404);
    await expect(patientClient(httpClient(wrong.url), 30).get('/health', answer)).rejects.toThrow();
    expect(wrong.asked()).toBe(1);
  });

  it('gives up when its time is over, and never repeats a write', async () => {
    const server = await restarting(9, 503);
    const client = patientClient(httpClient(server.url), 0);
    await expect(client.get('/health', answer)).rejects.toThrow('503');
    const before = server.asked();
    await expect(client.postText('/sweeps', 'x', 'text/plain', answer)).rejects.toThrow('503');
    expect(server.asked()).toBe(before + 1);
  });
});
