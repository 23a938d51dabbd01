import { describe, expect, it } from 'vitest';
import { gateRules, type Knock, knock } from './gate';

const request = (headers: Record<string, string>, more: Partial<Knock> = {}): Knock => ({
  method: 'GET',
  url: '/',
  headers,
  headersDistinct: headers.host === undefined ? {} : { host: [headers.host] },
  socket: { remoteAddress: '127.0.0.1' },
  ...more,
});

const status = (
  headers: Record<string, string>,
  environment: Record<string, string> = {},
  more: Partial<Knock> = {},
): number | null => knock(request(headers, more), gateRules(environment))?.status ?? null;

describe('the host of a request', () => {
  it('is one of this machine’s own names, with any port', () => {
    for (const host of [
      'localhost',
      'LOCALHOST:3210',
      'localhost.:3210',
      '127.0.0.1:3210',
      '127.8.9.10',
      '[::1]:3210',
    ]) {
      expect(status({ host }), host).toBeNull();
    }
  });

  it('is refused when it is any other, or looks like one', () => {
    for (const host of [
      'evil.example',
      'evil.example:3210',
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      '127.1',
      '127.0.0.1@evil.example',
      'evil.example#localhost',
      '0.0.0.0:3210',
      '10.0.0.7',
      '[::2]',
      '',
      ' ',
    ]) {
      expect(status({ host }), host).toBe(421);
    }
    expect(status({})).toBe(421);
    const twice = { headersDistinct: { host: ['localhost', 'evil.example'] } };
    expect(status({ host: 'localhost' }, {}, twice)).toBe(421);
  });

  it('may be one that is configured, with its port where the configuration names one', () => {
    const environment = { TASKATLAS_HOSTS: 'atlas.example, Lab.lan:8080' };
    expect(status({ host: 'ATLAS.example:99' }, environment)).toBeNull();
    expect(status({ host: 'lab.lan:8080' }, environment)).toBeNull();
    expect(status({ host: 'lab.lan' }, environment)).toBe(421);
    expect(status({ host: 'sub.atlas.example' }, environment)).toBe(421);
    expect(() => gateRules({ TASKATLAS_HOSTS: 'http://atlas.example' })).toThrow('TASKATLAS_HOSTS has "http');
  });
});

describe('forwarded headers', () => {
  const forwarded = {
    host: 'localhost:3210',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-for': '1.2.3.4',
    forwarded: 'host=evil.example',
    accept: 'text/html',
  };

  it('are removed when no configured proxy wrote them', () => {
    const headers = { ...forwarded };
    expect(status(headers, { TASKATLAS_PROXIES: '10.0.0.0/8' })).toBeNull();
    expect(Object.keys(headers)).toEqual(['host', 'accept']);
  });

  it('of a configured proxy stay, and must name a configured host', () => {
    const environment = { TASKATLAS_PROXIES: '127.0.0.1,10.0.0.0/8', TASKATLAS_HOSTS: 'atlas.example' };
    const headers = { ...forwarded };
    expect(status(headers, environment)).toBe(421);
    expect(headers['x-forwarded-host']).toBe('evil.example');
    const remote = { socket: { remoteAddress: '::ffff:10.1.2.3' } };
    const known = { host: 'localhost', 'x-forwarded-host': 'atlas.example' };
    expect(status({ ...known }, environment, remote)).toBeNull();
    expect(() => gateRules({ TASKATLAS_PROXIES: 'proxy.lan' })).toThrow('TASKATLAS_PROXIES has "proxy.lan"');
    expect(() => gateRules({ TASKATLAS_PROXIES: '10.0.0.0/33' })).toThrow('TASKATLAS_PROXIES');
  });
});

describe('the first line of a request', () => {
  it('names a method that somebody answers', () => {
    const refused = knock(request({ host: 'localhost' }, { method: 'TRACE' }), gateRules({}));
    expect(refused).toMatchObject({ status: 405, code: 'method-not-allowed' });
    expect(refused?.allow).toContain('GET');
  });

  it('has an address that can be read', () => {
    for (const url of ['/%', '/%ff', '/a%00b', '/?a=%00', 'http://evil.example/', '*', '']) {
      expect(status({ host: 'localhost' }, {}, { url }), url).toBe(400);
    }
    for (const url of ['/', '/a%20b?c=%ff', '/%E2%82%AC']) {
      expect(status({ host: 'localhost' }, {}, { url }), url).toBeNull();
    }
  });
});
