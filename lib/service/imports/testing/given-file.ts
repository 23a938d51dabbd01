import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TaskatlasError } from '@/lib/science/core';
import { readTransfersFile } from '../transfers-file';

/** A folder of files that a test writes and reads as a person would hand them over. */
export function givenFiles() {
  const folder = mkdtempSync(path.join(tmpdir(), 'imports-'));
  const write = (name: string, content: string | Uint8Array): string => {
    const file = path.join(folder, name);
    writeFileSync(file, content);
    return file;
  };
  return {
    folder,
    write,
    /** The first document of a file of that name and content. */
    async read(name: string, content: string | Uint8Array) {
      const [document] = await readTransfersFile(write(name, content));
      if (!document) throw new Error('no document');
      return document;
    },
    /** Our error about such a file; it names the file. Any other outcome fails the test. */
    async refusal(name: string, content: string | Uint8Array): Promise<TaskatlasError> {
      const error = await readTransfersFile(write(name, content)).catch((e: unknown) => e);
      if (!(error instanceof TaskatlasError)) throw error;
      if (!error.message.includes(name)) throw new Error(`"${error.message}" does not name ${name}`);
      return error;
    },
  };
}
