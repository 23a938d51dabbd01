import { PictureFault } from './fault';

/** Bytes of one value, by type. */
const TYPE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8];
const SHORT = 3;
const ENTRY = 12;
const CLASSIC = 42;
const TAG = { compression: 259, photometric: 262, colourMap: 320 } as const;
/** Where the pixels lie, and how many bytes each part has. */
const PARTS = [
  [273, 279],
  [324, 325],
] as const;
const PALETTE = 3;
const YCBCR = 6;
const JPEG = [6, 7];

/** The values of a tag; its data must lie in the file. */
function valuesOf(view: DataView, little: boolean, at: number): number[] {
  const type = view.getUint16(at + 2, little);
  const bytes = TYPE_BYTES[type] ?? 1;
  const count = view.getUint32(at + 4, little);
  const start = bytes * count <= 4 ? at + 8 : view.getUint32(at + 8, little);
  if (start + bytes * count > view.byteLength) throw new PictureFault('ends too early');
  if (type !== SHORT && type !== SHORT + 1) return [];
  return Array.from({ length: count }, (_, i) =>
    type === SHORT ? view.getUint16(start + 2 * i, little) : view.getUint32(start + 4 * i, little),
  );
}

/**
 * Judges the first page of a classic TIFF by its directory: the decoder only warns of tags whose values lie outside of
 * the file (a palette picture would be read as grey), and reads YCbCr without JPEG compression as RGB.
 * @throws PictureFault
 */
export function checkTiff(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = bytes[0] === 0x49;
  if (bytes.length < 8) throw new PictureFault('ends too early');
  if (view.getUint16(2, little) !== CLASSIC) return;
  const start = view.getUint32(4, little);
  const entries = start + 2 <= bytes.length ? view.getUint16(start, little) : 0;
  if (start + 2 + ENTRY * entries + 4 > bytes.length) throw new PictureFault('ends too early');
  const tags = new Map<number, number[]>();
  for (let i = 0; i < entries; i++) {
    const at = start + 2 + ENTRY * i;
    tags.set(view.getUint16(at, little), valuesOf(view, little, at));
  }
  for (const [offsets, counts] of PARTS) {
    const sizes = tags.get(counts) ?? [];
    if (tags.get(offsets)?.some((at, i) => at + (sizes[i] ?? 0) > bytes.length))
      throw new PictureFault('ends too early');
  }
  const [photometric] = tags.get(TAG.photometric) ?? [];
  const [compression = 1] = tags.get(TAG.compression) ?? [];
  if (photometric === PALETTE && !tags.has(TAG.colourMap)) throw new PictureFault('has no colour map');
  if (photometric === YCBCR && !JPEG.includes(compression))
    throw new PictureFault('is a YCbCr TIFF without JPEG compression, which is not read: save it as RGB');
}
