import { PictureFault } from './fault';

const EXTENSION = 0x21;
const IMAGE = 0x2c;
const MAX_CODES = 4096;

/** A walk through the blocks of a file; reading past its end is a fault. */
class Blocks {
  at = 0;
  constructor(private readonly bytes: Uint8Array) {}

  byte(): number {
    const value = this.bytes[this.at++];
    if (value === undefined) throw new PictureFault('ends too early');
    return value;
  }

  word(): number {
    return this.byte() + 256 * this.byte();
  }

  skipTable(flags: number): void {
    if (flags & 0x80) this.at += 3 * 2 ** ((flags & 7) + 1);
  }

  /** The bytes of a chain of sub-blocks. */
  chain(): Uint8Array {
    const parts: Uint8Array[] = [];
    for (let size = this.byte(); size > 0; size = this.byte()) {
      if (this.at + size > this.bytes.length) throw new PictureFault('ends too early');
      parts.push(this.bytes.subarray(this.at, this.at + size));
      this.at += size;
    }
    return Buffer.concat(parts);
  }
}

/** How many pixels LZW data stand for, at most `wanted`: the lengths of their codes, without any pixel. */
function countPixels(data: Uint8Array, rootBits: number, wanted: number): number {
  const clear = 2 ** rootBits;
  const lengths = new Uint32Array(MAX_CODES).fill(1, 0, clear);
  let [next, bits, previous, pixels] = [clear + 2, rootBits + 1, 0, 0];
  let [held, count, at] = [0, 0, 0];
  while (pixels < wanted) {
    for (; count < bits; count += 8) {
      if (at >= data.length) return pixels;
      held |= (data[at++] as number) << count;
    }
    const code = held & (2 ** bits - 1);
    held >>>= bits;
    count -= bits;
    if (code === clear) {
      [next, bits, previous] = [clear + 2, rootBits + 1, 0];
      continue;
    }
    if (code === clear + 1 || code > next || (code === next && previous === 0)) return pixels;
    const length = code === next ? previous + 1 : (lengths[code] as number);
    if (previous > 0 && next < MAX_CODES) {
      lengths[next++] = previous + 1;
      if (next === 2 ** bits && bits < 12) bits++;
    }
    previous = length;
    pixels += length;
  }
  return wanted;
}

/**
 * Walks to a GIF's first frame and counts the pixels that its data stand for; the decoder leaves missing ones black.
 * @throws PictureFault when the file ends early or its first frame lacks pixels
 */
export function checkGif(bytes: Uint8Array): void {
  const blocks = new Blocks(bytes);
  blocks.at = 10;
  const flags = blocks.byte();
  blocks.at += 2;
  blocks.skipTable(flags);
  for (let kind = blocks.byte(); kind !== IMAGE; kind = blocks.byte()) {
    if (kind !== EXTENSION) throw new PictureFault('has no frame');
    blocks.byte();
    blocks.chain();
  }
  blocks.at += 4;
  const [width, height] = [blocks.word(), blocks.word()];
  blocks.skipTable(blocks.byte());
  const rootBits = blocks.byte();
  if (rootBits < 1 || rootBits > 8) throw new PictureFault('has damaged pixel data');
  const found = countPixels(blocks.chain(), rootBits, width * height);
  if (found < width * height)
    throw new PictureFault(
      `lacks pixels: its first frame has ${found} of the ${width * height} that its header announces`,
    );
}
