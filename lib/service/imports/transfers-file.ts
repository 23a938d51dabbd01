import { extname } from 'node:path';
import { transfersFromCsv } from './csv';
import { about, readBytes, textOf } from './files';
import { parseJson } from './json';
import { readTransfers, type TransfersDocument } from './transfers';

const TABLES: readonly string[] = ['.csv', '.tsv'];

/** By the name, without `.gz`; where the name does not tell, by the first character. */
function isTable(path: string, text: string): boolean {
  const extension = extname(path.replace(/\.gz$/i, '')).toLowerCase();
  if (TABLES.includes(extension)) return true;
  return extension !== '.json' && !/^\s*[[{]/.test(text);
}

/**
 * The documents of a file of transfers: CSV or JSON, in UTF-8 or UTF-16, gzipped or not.
 * @throws TaskatlasError `not-found`, `invalid-input` naming file and fields
 */
export async function readTransfersFile(path: string): Promise<TransfersDocument[]> {
  const bytes = await readBytes(path);
  return about(path, () => {
    const text = textOf(bytes);
    return isTable(path, text) ? [transfersFromCsv(text)] : readTransfers(parseJson(text));
  });
}
