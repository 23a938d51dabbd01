import { crc32 } from 'node:zlib';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { decodeSamples } from './decode';
import { readNpy, writeNpy } from './npy';
import { encodePng } from './png';
import { resizeMean, resizeNearest } from './resize';

const ramp = (length: number, scale: number): number[] => Array.from({ length }, (_, i) => (i * 37) % scale);

describe('PNG', () => {
  it('keeps 8 and 16 bit values of grey, RGB and RGBA, as pngjs reads them too', async () => {
    for (const channels of [1, 3, 4]) {
      for (const data of [
        Uint8Array.from(ramp(5 * 4 * channels, 256)),
        Uint16Array.from(ramp(5 * 4 * channels, 65536)),
      ]) {
        const bytes = encodePng({ width: 5, height: 4, channels, data });
        const read = await decodeSamples(bytes);
        expect(read).toMatchObject({
          width: 5,
          height: 4,
          channels,
          bits: data instanceof Uint16Array ? 16 : 8,
        });
        expect([...read.data]).toEqual([...data]);
        const depth = data instanceof Uint16Array ? 16 : 8;
        expect(PNG.sync.read(Buffer.from(bytes))).toMatchObject({ width: 5, height: 4, depth });
      }
    }
  });

  it('names what is wrong with a file, wherever it is cut or damaged', async () => {
    const bytes = encodePng({ width: 9, height: 9, channels: 1, data: new Uint8Array(81) });
    await expect(decodeSamples(new Uint8Array(0))).rejects.toThrow('is empty');
    await expect(decodeSamples(Buffer.from('hello, world'))).rejects.toThrow(
      /is not a picture that can be read/,
    );
    for (let cut = 9; cut < bytes.length; cut++)
      await expect(decodeSamples(bytes.subarray(0, cut))).rejects.toThrow('ends too early');
    for (let i = 8; i < bytes.length; i++) {
      const flipped = Buffer.from(bytes);
      flipped[i] = (flipped[i] as number) ^ 1;
      await expect(decodeSamples(flipped)).rejects.toThrow();
    }
    const wide = Buffer.from(bytes);
    wide.writeUInt32BE(100_000_000, 16);
    wide.writeUInt32BE(crc32(wide.subarray(12, 29)), 29);
    await expect(decodeSamples(wide)).rejects.toThrow(/100000000 × 9 pixels; at most 67108864/);
  });
});

describe('resizing', () => {
  const raster = { width: 6, height: 4, channels: 1, data: Uint8Array.from({ length: 24 }, (_, i) => i) };

  it('takes the middle square; means mix, the nearest does not', () => {
    // columns 1–4; the upper left 2 × 2 of them is 1, 2, 7, 8
    expect([...resizeMean(raster, 2)]).toEqual([5, 7, 17, 19]);
    expect([...resizeNearest(raster, 2)]).toEqual([8, 10, 20, 22]);
    expect([...resizeMean(raster, 4)]).toEqual([...resizeNearest(raster, 4)]);
  });

  it('enlarges by repetition', () => {
    const two = { width: 2, height: 2, channels: 1, data: Uint16Array.from([1, 2, 3, 65535]) };
    expect([...resizeMean(two, 4)].slice(0, 4)).toEqual([1, 1, 2, 2]);
    expect(resizeNearest(two, 4).at(-1)).toBe(65535);
  });
});

describe('npy', () => {
  it('round trip, and float64 of any shape', () => {
    const values = Float32Array.from([0.5, -1, 1e-3]);
    const bytes = writeNpy(values);
    expect(readNpy(bytes)).toEqual(values);
    expect(Buffer.from(bytes).readUInt16LE(8) % 64).toBe(54);
    const header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }\n";
    const file = Buffer.concat([
      Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
      Buffer.from([header.length, 0]),
      Buffer.from(header),
      Buffer.from(Float64Array.from([2, 3]).buffer),
    ]);
    expect([...readNpy(file)]).toEqual([2, 3]);
    expect(() => readNpy(file.subarray(0, file.length - 1))).toThrow('ends too early');
  });

  it.each(['|O', '<i8', '>f4'])('refuses %s', (type) => {
    const bytes = Buffer.from(writeNpy(Float32Array.of(1)).map((v) => v));
    bytes.write(type.padEnd(3).slice(0, 3), bytes.indexOf('<f4'), 'latin1');
    expect(() => readNpy(bytes)).toThrow(/not read here|ends too early/);
  });

  it('refuses other files', () => {
    expect(() => readNpy(Buffer.from('hello, world'))).toThrow('is no .npy file');
  });
});
