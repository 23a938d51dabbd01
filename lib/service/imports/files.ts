import { readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { TaskatlasError } from '@/lib/science/core';

/** The runs of a large sweep have some hundred megabytes; more is something else. */
const MAX_BYTES = 256 * 1024 * 1024;

const inflate = promisify(gunzip);

const refused = (message: string, cause?: unknown): TaskatlasError =>
  new TaskatlasError('invalid-input', message, { cause });

const megabytes = (bytes: number): string => `${Math.round(bytes / 1024 ** 2)} MB`;

const GZIP_FAULTS: Readonly<Record<string, (limit: number) => string>> = {
  ERR_BUFFER_TOO_LARGE: (limit) =>
    `the gzip data unpacks to more than ${megabytes(limit)}; it is not read further`,
  Z_BUF_ERROR: () => 'the gzip data ends too early: the file is truncated; copy or download it again',
};

/**
 * The bytes, unpacked when they are gzip data. Runs in zlib's own thread, and stops at the limit.
 * @throws TaskatlasError `invalid-input`: truncated, damaged, or larger than `limit` when unpacked
 */
async function unpacked(bytes: Uint8Array, limit: number = MAX_BYTES): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return await inflate(bytes, { maxOutputLength: limit });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    throw refused(GZIP_FAULTS[code]?.(limit) ?? 'the gzip data is damaged', cause);
  }
}

/**
 * A regular file's bytes, unpacked when it is gzip data; size is checked before anything is read.
 * @throws TaskatlasError `not-found`, `invalid-input`; the message begins with the path
 */
export async function readBytes(path: string, limit: number = MAX_BYTES): Promise<Uint8Array> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'ENOENT' ? 'no such file' : `cannot be read (${cause.code})`;
    throw new TaskatlasError('not-found', `${path}: ${why}; check the path`, { cause });
  });
  if (!found.isFile()) throw refused(`${path}: not a regular file`);
  if (found.size > limit) throw refused(`${path}: larger than ${megabytes(limit)}`);
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new TaskatlasError('not-found', `${path}: cannot be read (${cause.code})`, { cause });
  });
  return about(path, () => unpacked(bytes, limit));
}

/** Puts the file's name before the message of what was wrong with it. */
export async function about<T>(path: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TaskatlasError)) throw error;
    const { code, issues, message } = error;
    throw new TaskatlasError(code, `${path}: ${message}`, { issues, cause: error });
  }
}

/** The encoding that the first bytes tell of. UTF-16 without a mark shows by the zero bytes of its Latin letters. */
function encodingOf(bytes: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  const [first = 1, second = 1, third = 1, fourth = 1] = bytes;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  if (first !== 0 && second === 0 && third !== 0 && fourth === 0) return 'utf-16le';
  if (first === 0 && second !== 0 && third === 0 && fourth !== 0) return 'utf-16be';
  return 'utf-8';
}

/**
 * Text in UTF-8 or UTF-16, with or without a byte order mark.
 * @throws TaskatlasError `invalid-input` when it is neither; no other encoding is guessed
 */
export function textOf(bytes: Uint8Array): string {
  const encoding = encodingOf(bytes);
  let text: string;
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw refused('the file is not text in UTF-8 or UTF-16; save it as UTF-8', cause);
  }
  if (text.includes('\u0000')) throw refused('the file is not text: it has zero bytes');
  return text;
}
