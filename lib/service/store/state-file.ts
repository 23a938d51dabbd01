import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { z } from 'zod';

/** Writes a small file whole or not at all: under another name, synced, renamed. Only its owner can read it. */
export function writeStateFile(file: string, content: string): void {
  const fresh = `${file}.${process.pid}-${randomBytes(4).toString('hex')}`;
  mkdirSync(path.dirname(file), { recursive: true });
  try {
    const handle = openSync(fresh, 'wx', 0o600);
    try {
      writeFileSync(handle, content);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(fresh, file);
  } finally {
    rmSync(fresh, { force: true });
  }
}

/** What a JSON file of state says. Null where it is missing, unreadable, or not of this shape: then nothing is known. */
export function readStateFile<T>(file: string, shape: z.ZodType<T>): T | null {
  try {
    const parsed = shape.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
