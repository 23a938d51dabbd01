import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { about, parseJson, readBytes, textOf } from '@/lib/service/imports';
import { openSweeps } from './compose';
import { root } from './places';

/** The document in a JSON file, gzipped or not. @throws TaskatlasError `not-found`, `invalid-input` */
export async function readDocument(file: string): Promise<unknown> {
  const bytes = await readBytes(file);
  return about(file, () => parseJson(textOf(bytes)));
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
