import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { TaskatlasError } from '@/lib/science/core';
import { openSweeps } from './compose';
import { root } from './places';

/** A bundle is a few megabytes of JSON, the runs of a large sweep some hundred; more is neither. */
const MAX_BYTES = 256 * 1024 * 1024;

/** The document in a JSON file, gzipped or not. @throws TaskatlasError `not-found`, `invalid-input` */
export async function readDocument(file: string, what = 'a bundle'): Promise<unknown> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new TaskatlasError('not-found', `${file}: no such file`, { cause });
  });
  try {
    const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
    const text = packed ? gunzipSync(bytes, { maxOutputLength: MAX_BYTES }) : bytes;
    if (text.length > MAX_BYTES) throw new Error(`larger than ${MAX_BYTES / 1024 ** 2} MB`);
    return JSON.parse(text.toString('utf8'));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TaskatlasError('invalid-input', `${file}: not ${what} (${why})`, { cause });
  }
}

/** The worked examples that come with the repository, as read-only sweeps; those already there stay as they are. */
export async function importExamples(): Promise<void> {
  const folder = join(root, 'examples');
  const names = await readdir(folder).catch(() => []);
  const files = names.filter((name) => /\.json(\.gz)?$/.test(name)).sort();
  if (files.length === 0) return;
  const sweeps = await openSweeps();
  try {
    for (const name of files) await sweeps.importBundle(await readDocument(join(folder, name)));
  } finally {
    await sweeps.close();
  }
}
