import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { PictureFault } from './fault';

/** What a path is, in words; null for a regular file. */
function oddKind(stats: Stats): string | null {
  if (stats.isFile()) return null;
  if (stats.isDirectory()) return 'is a folder, not a file';
  if (stats.isFIFO()) return 'is a named pipe, not a file';
  if (stats.isSocket()) return 'is a socket, not a file';
  return 'is a device, not a file';
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  ELOOP: 'is a link that leads to itself',
  EACCES: 'cannot be read (no permission)',
  EPERM: 'cannot be read (no permission)',
};

/** Why a path cannot be read, from the error of the file system. */
function readingFault(error: unknown): PictureFault {
  if (error instanceof PictureFault) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  return new PictureFault(REASONS[code] ?? `cannot be read (${message})`, { cause: error });
}

/**
 * The bytes of a regular file of at most `limit` bytes. Pipes, sockets and devices are never opened: reading one would
 * wait for ever, or never end.
 * @throws PictureFault
 */
export function readRegularFile(path: string, limit: number): Uint8Array {
  const checked = (stats: Stats): number => {
    const odd = oddKind(stats);
    if (odd) throw new PictureFault(odd);
    if (stats.size > limit) throw new PictureFault(`has ${stats.size} bytes; at most ${limit} are read`);
    return stats.size;
  };
  let handle: number | null = null;
  try {
    checked(statSync(path));
    // the path may be another by now: opening must not wait, and what was opened is looked at again
    handle = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const bytes = new Uint8Array(checked(fstatSync(handle)));
    let at = 0;
    while (at < bytes.length) {
      const got = readSync(handle, bytes, at, bytes.length - at, at);
      if (got === 0) throw new PictureFault('became shorter while it was read');
      at += got;
    }
    return bytes;
  } catch (error) {
    throw readingFault(error);
  } finally {
    if (handle !== null) closeSync(handle);
  }
}
