import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP, isIPv4 } from 'node:net';
import { TaskatlasError } from '../../science/core/errors.ts';

/** Whom this server answers, and whose word it takes for what a visitor asked. */
export interface GateRules {
  /** Host names, or names with port, beside this machine's own; lower case. */
  hosts: ReadonlySet<string>;
  /** Addresses of reverse proxies whose forwarded headers count. */
  proxies: BlockList;
}

/** A request that is answered before any route sees it. */
export interface Refusal {
  status: 400 | 405 | 421;
  code: string;
  message: string;
  allow?: string;
}

/** What the gate looks at; an `IncomingMessage` has it. */
export interface Knock {
  method?: string | undefined;
  url?: string | undefined;
  headers: IncomingHttpHeaders;
  headersDistinct: Readonly<Record<string, string[] | undefined>>;
  socket: { remoteAddress?: string | undefined };
}

const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Headers by which a proxy tells of the visitor; from anybody else they are a visitor's invention. */
const FORWARDED = /^(x-forwarded-.*|forwarded|x-real-ip|x-client-ip)$/;

const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?)\.?(?::(\d{1,5}))?$/;

/** Name and port of a Host header in lower case, or null for what no host header looks like. */
function parseHost(text: string): { name: string; port: string | null } | null {
  const found = HOST.exec(text.trim().toLowerCase());
  return found?.[1] === undefined ? null : { name: found[1], port: found[2] ?? null };
}

/** This machine under its own names. Another site's name cannot be one of these, whatever address it resolves to. */
const isLoopback = (name: string): boolean =>
  name === 'localhost' || name === '[::1]' || (isIPv4(name) && name.startsWith('127.'));

const listOf = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter(Boolean);

function addProxy(proxies: BlockList, entry: string): void {
  const [address = '', bits, ...rest] = entry.split('/');
  const family = isIP(address);
  const prefix = Number(bits ?? (family === 4 ? 32 : 128));
  const whole = /^\d+$/.test(bits ?? '0') && prefix <= (family === 4 ? 32 : 128);
  if (family === 0 || rest.length > 0 || !whole) {
    throw new TaskatlasError(
      'invalid-input',
      `TASKATLAS_PROXIES has "${entry}": list addresses or networks, e.g. 127.0.0.1,10.0.0.0/8.`,
    );
  }
  proxies.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
}

/**
 * Rules from `TASKATLAS_HOSTS` (names under which visitors reach this server, with or without port) and
 * `TASKATLAS_PROXIES` (addresses or networks of reverse proxies), both separated by commas.
 * @throws TaskatlasError `invalid-input` naming the entry that is neither
 */
export function gateRules(environment: Readonly<Record<string, string | undefined>>): GateRules {
  const hosts = new Set<string>();
  for (const entry of listOf(environment.TASKATLAS_HOSTS)) {
    const host = parseHost(entry);
    if (!host) {
      throw new TaskatlasError(
        'invalid-input',
        `TASKATLAS_HOSTS has "${entry}": list host names, e.g. atlas.example.org,atlas.lan:8080.`,
      );
    }
    hosts.add(host.port === null ? host.name : `${host.name}:${host.port}`);
  }
  const proxies = new BlockList();
  for (const entry of listOf(environment.TASKATLAS_PROXIES)) addProxy(proxies, entry);
  return { hosts, proxies };
}

function isTrusted(address: string | undefined, proxies: BlockList): boolean {
  const plain = (address ?? '').replace(/^::ffff:(?=\d+\.)/i, '');
  const family = isIP(plain);
  return family !== 0 && proxies.check(plain, family === 4 ? 'ipv4' : 'ipv6');
}

function isOurs(text: string, { hosts }: GateRules): boolean {
  const host = parseHost(text);
  if (!host) return false;
  return isLoopback(host.name) || hosts.has(host.name) || hosts.has(`${host.name}:${host.port ?? 80}`);
}

/** A path that every part of the server reads alike: it starts with a slash, decodes, and holds no NUL. */
function isReadable(url: string): boolean {
  if (!url.startsWith('/') || url.includes('\0')) return false;
  const [path = ''] = url.split('?');
  try {
    return !decodeURIComponent(path).includes('\0') && !/%00/.test(url);
  } catch {
    return false;
  }
}

/**
 * Decides about a request by its first lines, and removes forwarded headers that nobody trustworthy wrote. A web page
 * whose name was pointed at this machine (DNS rebinding) sends its own name as Host, and so is refused.
 * @returns why it is refused, or null
 */
export function knock(request: Knock, rules: GateRules): Refusal | null {
  const { method = 'GET', url = '/', headers } = request;
  if (!METHODS.includes(method)) {
    const message = `This server does not answer ${method}.`;
    return { status: 405, code: 'method-not-allowed', message, allow: METHODS.join(', ') };
  }
  if (!isReadable(url)) {
    const message =
      'The address cannot be read: it must be a path whose percent signs each begin a character.';
    return { status: 400, code: 'invalid-input', message };
  }
  if (!isTrusted(request.socket.remoteAddress, rules.proxies)) {
    for (const name of Object.keys(headers)) if (FORWARDED.test(name)) delete headers[name];
  }
  const forwarded = headers['x-forwarded-host'];
  const asked = [...(request.headersDistinct.host ?? []), ...(forwarded ? listOf(String(forwarded)) : [])];
  const foreign = asked.find((host) => !isOurs(host, rules));
  if (asked.length > 0 && foreign === undefined) return null;
  const named = foreign === undefined ? 'no host' : `the host "${foreign.slice(0, 100)}"`;
  const message =
    `This request names ${named}, which is not a name of this server. ` +
    'Use http://127.0.0.1 with its port, or start the server with TASKATLAS_HOSTS set to that name.';
  return { status: 421, code: 'misdirected-request', message };
}
