import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TaskatlasError } from '@/lib/science/core';
import { RESULT_FILES } from './results';

/** The published files have 200 KB; more than this is something else. */
const MAX_BYTES = 16 * 1024 * 1024;
const TIMEOUT_MS = 30_000;

/** Where `results/` may lie below what a person names: the folder itself, a clone, the released archive. */
const ROOTS = ['', 'results', 'src/results'];

const tooLarge = (place: string): TaskatlasError =>
  new TaskatlasError('invalid-input', `${place} is larger than ${MAX_BYTES / 1024 / 1024} MB: not read.`);

async function readLocal(path: string): Promise<Uint8Array | null> {
  const found = await stat(path).catch(() => null);
  if (!found?.isFile()) return null;
  if (found.size > MAX_BYTES) throw tooLarge(path);
  return readFile(path);
}

/** A body as it comes, given up as soon as it is too large. */
async function bodyOf(response: Response, url: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = response.body?.getReader();
  for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
    size += read.value.length;
    if (size > MAX_BYTES) {
      await reader?.cancel();
      throw tooLarge(url);
    }
    parts.push(read.value);
  }
  return Buffer.concat(parts);
}

async function readRemote(url: string): Promise<Uint8Array | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.status === 404) return null;
    if (!response.ok) throw new TaskatlasError('unavailable', `${url} answered ${response.status}.`);
    return await bodyOf(response, url);
  } catch (cause) {
    if (cause instanceof TaskatlasError) throw cause;
    throw new TaskatlasError('unavailable', `${url} cannot be fetched: is the network there?`, { cause });
  }
}

/**
 * The pickles of the published results in a folder (`results/`, or a clone of the repository) or below a URL, by path.
 * @throws TaskatlasError `not-found` naming where was looked, `unavailable` when a server does not answer.
 */
export async function fetchResults(place: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const remote = /^https?:\/\//.test(place);
  for (const root of ROOTS) {
    const files = new Map<string, Uint8Array>();
    for (const path of RESULT_FILES) {
      const at = [place.replace(/\/+$/, ''), root, path].filter((part) => part !== '');
      const bytes = remote ? await readRemote(at.join('/')) : await readLocal(join(...at));
      if (bytes) files.set(path, bytes);
    }
    if (files.size > 0) return files;
  }
  throw new TaskatlasError(
    'not-found',
    `${place} holds no published results: looked for ${RESULT_FILES[0]} and its like there, in results/ and in ` +
      'src/results/.',
  );
}
