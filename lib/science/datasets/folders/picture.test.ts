import { deflateSync } from 'node:zlib';
import { encode } from 'jpeg-js';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeSamples } from './decode';
import { colourName, decodePicture, parseColour, significantBits, toRgb } from './picture';
import { encodePng } from './png';
import table from './testing/pillow-table.json';
import { bmp, gif, pngOf } from './testing/write';

const bytesOf = (text: string): Buffer => Buffer.from(text, 'base64');

describe('every kind of picture', () => {
  it.each(table)('$name: as $by has it', async ({ file, rgb, width, height, by }) => {
    const read = await decodePicture(bytesOf(file));
    expect([read.width, read.height]).toEqual([width, height]);
    const wanted = bytesOf(rgb);
    // Pillow takes the high byte of 16-bit samples, here they are divided by 257
    const tolerance = by === 'Pillow' ? 1 : 0;
    const off = [...read.data].filter((v, i) => Math.abs(v - (wanted[i] as number)) > tolerance);
    expect(off).toEqual([]);
    expect(read.data).toHaveLength(wanted.length);
  });

  it('lists no kind twice', () => {
    expect(new Set(table.map(({ name }) => name)).size).toBe(table.length);
  });
});

describe('transparency', () => {
  const rgba = Uint8Array.from([200, 10, 30, 0, 200, 10, 30, 255, 200, 10, 30, 51]);
  const png = encodePng({ width: 3, height: 1, channels: 4, data: rgba });

  it('is put on the background that is asked for', async () => {
    expect([...(await decodePicture(png)).data]).toEqual([255, 255, 255, 200, 10, 30, 244, 206, 210]);
    expect([...(await decodePicture(png, '#0a0')).data]).toEqual([0, 170, 0, 200, 10, 30, 40, 138, 6]);
  });

  it('names colours in one way', () => {
    expect([colourName('#FFF'), colourName('0a1b2c')]).toEqual(['#ffffff', '#0a1b2c']);
    expect(parseColour('#0a1b2c')).toEqual([10, 27, 44]);
    expect(() => colourName('white')).toThrow(/"white" is not a colour: write #rrggbb/);
  });
});

describe('16-bit samples', () => {
  it('are significant by sBIT where their values agree, else as 12 or 16 bits', () => {
    expect(significantBits(4095, null)).toBe(12);
    expect(significantBits(4096, null)).toBe(16);
    expect(significantBits(1023, 10)).toBe(10);
    expect(significantBits(65535, 12)).toBe(16);
    expect(significantBits(900, 16)).toBe(16);
  });

  it('can be read through one window for many pictures', async () => {
    const samples = await decodeSamples(
      encodePng({ width: 2, height: 1, channels: 1, data: Uint16Array.from([512, 60000]) }),
    );
    const read = (bits: number) =>
      toRgb(samples, { background: [0, 0, 0], bits }).data.filter((_, i) => i % 3 === 0);
    expect([...read(16)]).toEqual([2, 233]);
    expect([...read(10)]).toEqual([128, 255]);
  });
});

const jpeg = encode({ width: 16, height: 16, data: Buffer.alloc(1024, 120) }, 95).data;
const refuses = async (bytes: Uint8Array, why: RegExp) =>
  await expect(decodePicture(bytes)).rejects.toThrow(why);

/** A JPEG whose frame header announces another size. */
function resized(width: number, height: number): Buffer {
  const out = Buffer.from(jpeg);
  const at = out.indexOf(Buffer.from([0xff, 0xc0]));
  out.writeUInt16BE(height, at + 5);
  out.writeUInt16BE(width, at + 7);
  return out;
}

describe('pictures that are not whole', () => {
  const rows = (width: number, height: number): Buffer => Buffer.alloc(height * (1 + 3 * width));

  it('PNG: judged by the size of the unpacked data before there are pixels', async () => {
    await refuses(
      pngOf(8192, 8192, deflateSync(Buffer.alloc(1000))),
      /unpack to 1000 of the 201334784 bytes/,
    );
    await refuses(pngOf(40, 20, Buffer.alloc(0)), /unpack to 0 of the 2420 bytes/);
    await refuses(pngOf(20, 20, deflateSync(rows(20, 19))), /lacks pixels/);
    await refuses(
      pngOf(20_000, 20_000, deflateSync(rows(20, 20))),
      /has 20000 × 20000 pixels; at most 67108864/,
    );
    await refuses(pngOf(0, 0, deflateSync(rows(1, 1))), /without pixels/);
    await refuses(pngOf(20, 20, Buffer.from('not deflated')), /damaged pixel data/);
  });

  it('PNG: more data than its size needs are left alone, as Pillow does', async () => {
    const bomb = pngOf(16, 16, deflateSync(Buffer.alloc(50e6)));
    expect(await decodePicture(bomb)).toMatchObject({ width: 16, height: 16 });
  });

  it('JPEG: cut short, even with an end mark, or of a size that its data do not have', async () => {
    await refuses(jpeg.subarray(0, jpeg.length / 2), /ends too early/);
    await refuses(
      Buffer.concat([jpeg.subarray(0, jpeg.length - 30), Buffer.from([0xff, 0xd9])]),
      /ends too early/,
    );
    await refuses(resized(8000, 8000), /ends too early/);
    await refuses(resized(20_000, 20_000), /20000 × 20000 pixels/);
    await refuses(resized(0, 0), /damaged/);
  });

  it('JPEG: bytes between its segments are left alone, as Pillow does', async () => {
    const scan = jpeg.indexOf(Buffer.from([0xff, 0xda]));
    const odd = Buffer.concat([jpeg.subarray(0, scan), Buffer.alloc(3), jpeg.subarray(scan)]);
    expect((await decodePicture(odd)).data).toEqual((await decodePicture(jpeg)).data);
  });

  it.each(['gif', 'webp', 'tiff', 'avif'] as const)('%s: cut anywhere in its second half', async (format) => {
    const raw = { width: 12, height: 9, channels: 3 as const };
    const pixels = Buffer.from(Array.from({ length: 324 }, (_, i) => (i * 89) % 256));
    const whole = await sharp(pixels, { raw }).toFormat(format).toBuffer();
    await decodePicture(whole);
    for (let cut = whole.length >> 1; cut < whole.length - 2; cut += 7)
      await refuses(whole.subarray(0, cut), /ends too early|damaged|lacks pixels|not a picture/);
  });

  it('GIF: fewer pixels than its frame has', async () => {
    expect(await decodePicture(gif(4, 2, [0, 1, 2, 3, 3, 2, 1, 0]))).toMatchObject({ width: 4, height: 2 });
    await refuses(gif(4, 4, [0, 1, 2, 3, 3, 2, 1, 0]), /has 8 of the 16 that its header announces/);
  });

  it('BMP: 16 bits over the whole range, rows of either order, and not cut', async () => {
    const pixels = [0x7fff, 0x001f, 0x03e0, 0x7c00];
    const up = await decodePicture(bmp(2, 2, pixels));
    expect([...up.data]).toEqual([0, 255, 0, 255, 0, 0, 255, 255, 255, 0, 0, 255]);
    expect([...(await decodePicture(bmp(2, -2, pixels))).data.subarray(0, 6)]).toEqual([
      255, 255, 255, 0, 0, 255,
    ]);
    await refuses(bmp(2, 2, pixels).subarray(0, 60), /damaged BMP/);
    await refuses(bmp(60_000, 60_000, pixels), /60000 × 60000 pixels/);
  });

  it('says which formats are read', async () => {
    await refuses(
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
      /not a picture .*PNG, JPEG, WebP/,
    );
    await refuses(Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'), /format heic; PNG, JPEG/);
  });
});
