import { PictureFault } from './fault';
import { PNG_SIGNATURE } from './png';

export type PictureFormat = 'PNG' | 'JPEG' | 'WebP' | 'GIF' | 'TIFF' | 'BMP' | 'AVIF';

/** Names of files that may hold pictures; the content decides the format. */
export const PICTURE_NAME = /\.(a?png|jpe?g|jpe|jfif|webp|gif|tiff?|bmp|dib|avif)$/i;

const FORMATS_READ = 'PNG, JPEG, WebP, GIF, TIFF, BMP and AVIF are read';

const AVIF_BRANDS = ['avif', 'avis'];

/** The format of a picture by its first bytes. @throws PictureFault for everything that is not read */
export function formatOf(bytes: Uint8Array): PictureFormat {
  if (bytes.length === 0) throw new PictureFault('is empty');
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 64));
  const text = (from: number, to: number): string => head.toString('latin1', from, to);
  if (head.subarray(0, PNG_SIGNATURE.length).equals(PNG_SIGNATURE)) return 'PNG';
  if (head[0] === 0xff && head[1] === 0xd8) return 'JPEG';
  if (text(0, 4) === 'RIFF' && text(8, 12) === 'WEBP') return 'WebP';
  if (/^GIF8[79]a$/.test(text(0, 6))) return 'GIF';
  if (['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].includes(text(0, 4))) return 'TIFF';
  if (text(0, 2) === 'BM') return 'BMP';
  if (text(4, 8) === 'ftyp') {
    // the major brand, then (after its version) the compatible ones
    const brands = Array.from({ length: 14 }, (_, i) => text(8 + 4 * i, 12 + 4 * i));
    if (AVIF_BRANDS.some((brand) => brands.includes(brand))) return 'AVIF';
    throw new PictureFault(`is of the format ${brands[0]?.trim() || 'HEIF'}; ${FORMATS_READ}`);
  }
  throw new PictureFault(`is not a picture that can be read; ${FORMATS_READ}`);
}
