import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

/** Bytes of answers kept in this process; most take a few kilobytes, a matrix of 300 tasks a few megabytes. */
const BYTES_KEPT = 96 * 1024 * 1024;
/** Answers up to this size are kept plain too, once a client without gzip asked for them. */
const PLAIN_BYTES = 256 * 1024;

export const decompress = promisify(gunzip);

/** One answer, as it is sent. */
export interface Packed {
  gzip: Uint8Array;
  /** Null until a client without gzip asked. */
  plain: Uint8Array | null;
}

/** The answer for a client without gzip; decompressed by the thread pool of libuv, not on the event loop. */
export async function plainOf(packed: Packed): Promise<Uint8Array> {
  if (packed.plain) return packed.plain;
  const plain = new Uint8Array(await decompress(packed.gzip));
  if (plain.length <= PLAIN_BYTES) packed.plain = plain;
  return plain;
}

/** Answers by tag, those asked for last, up to a number of bytes. */
export interface Shelf {
  get(tag: string): Packed | null;
  put(tag: string, gzip: Uint8Array): Packed;
}

export function createShelf(limit = BYTES_KEPT): Shelf {
  const kept = new Map<string, Packed>();
  // The plain form may come later: it is counted from the start.
  const sizeOf = ({ gzip }: Packed): number => gzip.length + PLAIN_BYTES / 16;
  let size = 0;
  const drop = (tag: string): void => {
    const found = kept.get(tag);
    if (found) size -= sizeOf(found);
    kept.delete(tag);
  };
  return {
    get(tag) {
      const found = kept.get(tag);
      if (!found) return null;
      kept.delete(tag);
      kept.set(tag, found);
      return found;
    },
    put(tag, gzip) {
      drop(tag);
      const packed = { gzip, plain: null };
      kept.set(tag, packed);
      size += sizeOf(packed);
      for (const oldest of kept.keys()) {
        if (size <= limit || oldest === tag) break;
        drop(oldest);
      }
      return packed;
    },
  };
}
