import { describe, expect, it } from 'vitest';
import { json, MICRO, testApi, yaml } from './testing/http';

const http = testApi();

describe('hostile input', () => {
  const paths = (error: { issues: { path: string }[] }) => error.issues.map((issue) => issue.path);

  it('names every wrong field of a sweep by its path', async () => {
    const wrong = {
      ...MICRO,
      name: 7,
      seeds: [-1],
      tasks: [],
      training: { transfer: { epochs: 0, batchSize: 'many', learningRate: 1 } },
      colour: 'red',
      dataset: { ...MICRO.dataset, pools: { source: -5, transfer: 32.5, selection: 16, test: null } },
    };
    for (const path of ['/sweeps', '/sweeps/plan']) {
      const error = await http.problem(path, 400, json(wrong));
      expect(error.code).toBe('invalid-input');
      expect(paths(error).sort()).toEqual([
        'colour',
        'dataset.pools.source',
        'dataset.pools.test',
        'dataset.pools.transfer',
        'name',
        'seeds[0]',
        'tasks',
        'training.transfer.batchSize',
        'training.transfer.epochs',
      ]);
    }
  });

  it('names an unknown task by its place', async () => {
    const error = await http.problem('/sweeps', 400, json({ ...MICRO, tasks: ['autoencoding', 'z-depht'] }));
    expect(paths(error)).toContain('tasks[1]');
    expect(error.issues.map((issue) => issue.message).join()).toContain('z-depht');
  });

  it('names the folder of a data set that is not there', async () => {
    const dataset = { ...MICRO.dataset, kind: 'idx', directory: '/no/such/folder' };
    const error = await http.problem('/sweeps/plan', 400, json({ ...MICRO, dataset }));
    expect(paths(error)).toEqual(['dataset.directory']);
    expect(error.message).toContain('/no/such/folder does not exist');
  });

  it('refuses bodies that are too large before it parses them', async () => {
    const junk = 'x'.repeat(10 * 1024 * 1024);
    expect((await http.problem('/sweeps', 413, yaml(junk))).code).toBe('too-large');
    await http.problem('/sweeps/plan', 413, json(junk));
    const chunked = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(120)),
    });
    const request = new Request('http://localhost/api/v1/sweeps', {
      method: 'POST',
      body: chunked,
      headers: { 'content-type': 'text/yaml' },
      duplex: 'half',
    } as RequestInit);
    expect((await http.api.app.request(request)).status).toBe(413);
  });

  it('survives YAML bombs, deep nesting and junk', async () => {
    const lines = ['a: &a [x,x,x,x,x,x,x,x,x]'];
    for (const [one, before] of ['ba', 'cb', 'dc', 'ed', 'fe', 'gf', 'hg', 'ih'].map((pair) => [...pair])) {
      lines.push(`${one}: &${one} [${Array(9).fill(`*${before}`).join(',')}]`);
    }
    const bodies = [
      lines.join('\n'),
      '['.repeat(100_000),
      `{"a":`.repeat(40_000),
      '\u0000\u0001\u0002',
      '',
      'null',
      '[1,2,3]',
      '"just words"',
      'name: [unclosed',
      'name: a\nname: b',
      '!!js/function "() => 1"',
      '__proto__: { polluted: true }',
      '!!str '.repeat(40_000),
      '"'.repeat(200_000),
      Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`).join('\n'),
      '- '.repeat(100_000),
    ];
    for (const body of bodies) {
      await http.problem('/sweeps', 400, yaml(body));
      await http.problem('/sweeps', 400, json(body));
    }
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('refuses deep nesting before the parser, which could end the process, sees it', async () => {
    for (const deep of [
      `tasks: ${'['.repeat(60)}${']'.repeat(60)}`,
      `${'{"a":'.repeat(1900)}1`,
      `${'- '.repeat(60)}1`,
    ]) {
      expect((await http.problem('/sweeps/plan', 400, yaml(deep))).message).toContain('nests too deeply');
    }
    const indented = Array.from({ length: 300 }, (_, i) => `${' '.repeat(i)}a:`).join('\n');
    expect((await http.problem('/sweeps/plan', 400, yaml(indented))).message).toContain('nests too deeply');
  });

  it('asks for JSON or YAML', async () => {
    for (const type of ['text/plain', 'multipart/form-data', 'application/xml']) {
      const init = { method: 'POST', body: JSON.stringify(MICRO), headers: { 'content-type': type } };
      expect((await http.problem('/sweeps', 415, init)).code).toBe('unsupported-media-type');
    }
    await http.problem('/sweeps', 415, { method: 'POST' });
  });

  it('refuses bad ids and queries with the name of the field, and unknown ones with 404', async () => {
    const cases: [path: string, status: number, field?: string][] = [
      ['/sweeps/no-such-sweep', 404],
      ['/sweeps/999999', 404],
      ['/sweeps/..%2f..%2fetc', 400, 'id'],
      [`/sweeps/${'a'.repeat(65)}`, 400, 'id'],
      ["/sweeps/1';drop%20table%20sweeps", 400, 'id'],
      ['/sweeps/1/best-source', 400, 'target'],
      ['/sweeps/1/best-source?target=no-such', 404],
      ['/sweeps/1/best-source?target=depth&k=0', 400, 'k'],
      ['/sweeps/1/best-source?target=depth&k=-1', 400, 'k'],
      ['/sweeps/1/best-source?target=depth&k=1e9', 400, 'k'],
      ['/sweeps/1/best-source?target=depth&k=1&k=2', 400, 'k'],
      ['/sweeps/1/best-source?target=depth&unit=luck', 400, 'unit'],
      ['/sweeps/1/best-source?target=depth&colour=red', 400, 'colour'],
      ['/sweeps/1/policy?budget=', 400, 'budget'],
      ['/sweeps/1/policy?budget=Infinity', 400, 'budget'],
      ['/sweeps/1/policy?maxOrder=21', 400, 'maxOrder'],
      ['/sweeps/1/policy?force=no-such', 400, 'force'],
      ['/sweeps/1/policy?force=depth&forbid=depth', 400, 'force'],
      ['/sweeps/1/policy?weights=depth', 400, 'weights'],
      ['/sweeps/1/policy?weights=depth:1,depth:2', 400, 'weights'],
      ['/sweeps/1/policy?weights=__proto__:1', 400, 'weights'],
      ['/sweeps/1/policy?budget=0', 422],
      ['/sweeps/1/pairs/normals/no-such', 404],
      ['/sweeps/1/pairs/no-such/depth', 404],
      ['/sweeps/1/runs?limit=999999', 400, 'limit'],
      ['/runs/xyz', 400, 'fingerprint'],
      [`/runs/${'0'.repeat(64)}`, 404],
      [`/runs/${'0'.repeat(64)}/samples/0/input.png`, 404],
      [`/runs/${'0'.repeat(64)}/samples/0/source-translated.png`, 404],
      [`/runs/${'0'.repeat(64)}/samples/-1/input.png`, 400, 'index'],
      [`/runs/${'0'.repeat(64)}/samples/0/passwd.png`, 400, 'file'],
      ['/tasks?dataset=secrets', 400, 'dataset'],
      ['/nothing/here', 404],
    ];
    for (const [path, status, field] of cases) {
      const error = await http.problem(path, status);
      if (field) expect(paths(error), path).toContain(field);
    }
  });

  it('accepts no change from another site, and any from this one or from no page at all', async () => {
    const from = (origin: string): RequestInit => ({
      ...json(MICRO),
      headers: { 'content-type': 'application/json', host: 'localhost:3000', origin },
    });
    expect((await http.problem('/sweeps/plan', 403, from('https://evil.example'))).code).toBe('forbidden');
    await http.problem('/sweeps/plan', 403, from('null'));
    expect((await http.ask('/sweeps/plan', from('http://localhost:3000'))).status).toBe(200);
    const proxied = from('https://atlas.example');
    proxied.headers = { ...proxied.headers, 'x-forwarded-host': 'atlas.example' };
    expect((await http.ask('/sweeps/plan', proxied)).status).toBe(200);
  });
});
