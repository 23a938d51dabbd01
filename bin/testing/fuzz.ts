import { createRng, type Rng } from '@/lib/science/core';

/** What the fuzz test needs of an OpenAPI document. */
export interface Document {
  paths: Record<string, Record<string, Operation>>;
}

interface Operation {
  parameters?: { name: string; in: string; schema?: { enum?: unknown[]; example?: unknown } }[];
  requestBody?: unknown;
}

/** One request, as the test sends it: the target goes over the wire as it stands. */
export interface Attack {
  method: string;
  target: string;
  headers: Record<string, string>;
  body: string | null;
}

export const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND'];

/** Pieces of text on which parsers, databases and file systems stumble. */
const WORDS = [
  '',
  '0',
  '-1',
  '1e309',
  'NaN',
  '9'.repeat(400),
  '1.5',
  ' ',
  '.',
  '..',
  '../../etc/passwd',
  '/etc/passwd',
  'a'.repeat(3000),
  '__proto__',
  'constructor',
  'toString',
  "' or 1=1 --",
  '%',
  '%%%',
  '\u0000',
  'a\u0000b',
  '\u0001\u001f',
  '\ud800',
  '\udfff x',
  '\u202e',
  '\u00e9',
  'e\u0301',
  '💥',
  '<script>',
  '{}',
  '[]',
  'null',
  'true',
  '(a+)+$',
  ':,=:',
  'z-depth:1',
  'latest',
  'depth',
  'normals',
];

const pick = <T>(rng: Rng, list: readonly T[]): T => list[rng.int(list.length)] as T;

/** Sometimes as a client writes it, sometimes as nobody should. */
function encoded(rng: Rng, text: string): string {
  if (rng.next() < 0.15) return text.replaceAll(/[^A-Za-z0-9%._~-]/g, '') || '%zz';
  return encodeURIComponent(text.replaceAll(/\p{Surrogate}/gu, '\ufffd')).slice(0, 6000);
}

/** A JSON value that no schema expects, at most four deep. */
function junk(rng: Rng, depth = 0): unknown {
  const kind = Math.floor(rng.next() * (depth > 3 ? 4 : 7));
  if (kind <= 1) return pick(rng, WORDS);
  if (kind === 2) return pick(rng, [0, -1, 1.5, 1e308, 2 ** 53, -0, null, true, false]);
  if (kind === 3) return null;
  if (kind === 4) return Array.from({ length: Math.floor(rng.next() * 4) }, () => junk(rng, depth + 1));
  const keys = Array.from({ length: Math.floor(rng.next() * 4) }, () => pick(rng, WORDS));
  return Object.fromEntries(keys.map((key) => [key, junk(rng, depth + 1)]));
}

/** A copy of a body that would be taken, with one of its values replaced. */
function spoiled(rng: Rng, value: unknown): unknown {
  if (Array.isArray(value) && value.length > 0 && rng.next() < 0.8) {
    const at = Math.floor(rng.next() * value.length);
    return value.map((entry, i) => (i === at ? spoiled(rng, entry) : entry));
  }
  if (value !== null && typeof value === 'object' && Object.keys(value).length > 0 && rng.next() < 0.9) {
    const at = pick(rng, Object.keys(value));
    return { ...value, [at]: spoiled(rng, (value as Record<string, unknown>)[at]) };
  }
  return junk(rng);
}

const TYPES = [
  'application/json',
  'application/json; charset=utf-16',
  'application/json;;;',
  'text/yaml',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=',
  'application/octet-stream',
  'nonsense',
];

function bodyText(rng: Rng, sound: readonly unknown[]): string {
  const way = rng.next();
  if (way < 0.7) return JSON.stringify(spoiled(rng, pick(rng, sound)));
  if (way < 0.8) return JSON.stringify(pick(rng, sound)).slice(0, Math.floor(rng.next() * 60));
  if (way < 0.9) return `"\\ud800${'{'.repeat(Math.floor(rng.next() * 40))}`;
  return pick(rng, WORDS);
}

const HEADERS: Record<string, string>[] = [
  {},
  { 'last-event-id': 'x'.repeat(500) },
  { 'last-event-id': '{"a":1e999}' },
  { 'if-none-match': '"'.repeat(50) },
  { accept: 'application/x-nothing' },
  { cookie: 'taskatlas_token=%ff; =;=' },
  { authorization: 'Bearer' },
  { range: 'bytes=9-1' },
  { 'accept-encoding': '*;q=0' },
  { 'content-encoding': 'gzip' },
  { 'x-middleware-subrequest': 'a:b' },
  { rsc: '1', 'next-router-state-tree': '%' },
];

/**
 * Requests on one route: every method as it is documented, then `count` with hostile values in the path, the query, the
 * headers and the body. The same seed gives the same requests.
 */
export function attacksOn(
  path: string,
  operations: Record<string, Operation>,
  options: { sound: readonly unknown[]; good: Record<string, string>; count: number; seed: string },
): Attack[] {
  const rng = createRng(options.seed, path);
  const fill = (value: (name: string) => string): string =>
    path.replaceAll(/\{([^}]+)\}/g, (_, name: string) => value(name));
  const sane = fill((name) => options.good[name] ?? 'latest');
  const plain = METHODS.map((method): Attack => ({ method, target: sane, headers: {}, body: null }));
  const hostile = Array.from({ length: options.count }, (): Attack => {
    const [method = 'get', operation = {}] = pick(rng, Object.entries(operations));
    const target = fill((name) =>
      rng.next() < 0.5 ? (options.good[name] ?? 'latest') : encoded(rng, pick(rng, WORDS)) || '%20',
    );
    const names = (operation.parameters ?? []).filter((p) => p.in === 'query').map((p) => p.name);
    const query = [...names, 'unknown']
      .filter(() => rng.next() < 0.4)
      .map((name) => `${name}=${encoded(rng, pick(rng, WORDS))}`);
    const takesBody = operation.requestBody !== undefined;
    const type = rng.next() < 0.7 ? 'application/json' : pick(rng, TYPES);
    return {
      method: method.toUpperCase(),
      target: query.length > 0 ? `${target}?${query.join('&')}` : target,
      headers: { ...pick(rng, HEADERS), ...(takesBody ? { 'content-type': type } : {}) },
      body: takesBody ? bodyText(rng, options.sound) : null,
    };
  });
  return [...plain, ...hostile];
}
