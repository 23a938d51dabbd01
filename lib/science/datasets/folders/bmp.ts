import { PictureFault } from './fault';

/** RGBA, 8 bit. */
export interface BmpPixels {
  width: number;
  height: number;
  alpha: boolean;
  data: Uint8Array;
}

const RLE = [1, 2];
const BIT_FIELDS = [3, 6];
const GREEN_565 = 0x7e0;

interface BmpHeader {
  width: number;
  height: number;
  bits: number;
  compression: number;
  /** Masks of green and alpha, where the header has some. */
  green: number;
  alpha: number;
}

/** @throws PictureFault for a header that is cut short or of an unknown kind */
export function readBmpHeader(bytes: Uint8Array): BmpHeader {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.length < 26) throw new PictureFault('ends too early');
  const size = file.readUInt32LE(14);
  if (size === 12) {
    const [width, height] = [file.readUInt16LE(18), file.readUInt16LE(20)];
    return { width, height, bits: file.readUInt16LE(24), compression: 0, green: 0, alpha: 0 };
  }
  if (size < 40 || size > 124) throw new PictureFault(`has a BMP header of ${size} bytes, which is not read`);
  if (file.length < 14 + size) throw new PictureFault('ends too early');
  const compression = file.readUInt32LE(30);
  const fields = BIT_FIELDS.includes(compression) && file.length >= 70;
  return {
    width: file.readInt32LE(18),
    // negative where rows start at the top
    height: Math.abs(file.readInt32LE(22)),
    bits: file.readUInt16LE(28),
    compression,
    green: fields ? file.readUInt32LE(58) : 0,
    alpha: fields && size >= 56 ? file.readUInt32LE(66) : 0,
  };
}

/** Channels of 5 or 6 bits, which the decoder leaves in the high bits, over the whole range: v·255/31 or /63. */
function widen(data: Uint8Array, greenBits: number): void {
  const scale = (bits: number): Uint8Array =>
    Uint8Array.from({ length: 256 }, (_, v) => Math.floor(((v >> (8 - bits)) * 255) / (2 ** bits - 1)));
  const [five, green] = [scale(5), scale(greenBits)];
  for (let i = 0; i < data.length; i += 4) {
    data[i] = five[data[i] as number] as number;
    data[i + 1] = green[data[i + 1] as number] as number;
    data[i + 2] = five[data[i + 2] as number] as number;
  }
}

/**
 * Decodes a BMP by libnsbmp (WebAssembly): 1 to 32 bits, palettes, run lengths, bit fields; alpha counts where the
 * header has a mask for it.
 * @throws PictureFault
 */
export async function decodeBmp(bytes: Uint8Array, header: BmpHeader): Promise<BmpPixels> {
  const { decode } = (await import('@cwasm/nsbmp')).default;
  let image: ReturnType<typeof decode>;
  try {
    image = decode(bytes);
  } catch (cause) {
    throw new PictureFault('is a damaged BMP, or of a kind of BMP that is not read', { cause });
  }
  const { width, height } = image;
  const data = new Uint8Array(image.data.buffer, image.data.byteOffset, image.data.byteLength);
  if (RLE.includes(header.compression) && data.some((v, i) => i % 4 === 3 && v === 0))
    throw new PictureFault('ends too early');
  if (header.bits === 16) widen(data, header.green === GREEN_565 ? 6 : 5);
  return { width, height, alpha: header.alpha !== 0, data };
}
