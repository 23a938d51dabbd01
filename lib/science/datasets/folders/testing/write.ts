import { crc32 } from 'node:zlib';

function chunk(name: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

/** An 8-bit RGB PNG with pixel data as given. */
export function pngOf(width: number, height: number, data: Uint8Array): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', data),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

/** A GIF of four colours: each index as a code of three bits, cleared before the codes would grow. */
export function gif(width: number, height: number, indices: readonly number[]): Buffer {
  const codes = [...indices.flatMap((index, i) => (i % 2 === 0 ? [4, index] : [index])), 5];
  let [bits, count] = [0n, 0n];
  for (const code of codes) {
    bits |= BigInt(code) << count;
    count += 3n;
  }
  const data = Array.from({ length: Number((count + 7n) / 8n) }, (_, i) =>
    Number((bits >> BigInt(8 * i)) & 255n),
  );
  const size = [width & 255, width >> 8, height & 255, height >> 8];
  const colours = [0, 0, 0, 80, 80, 80, 160, 160, 160, 240, 240, 240];
  const head = [...Buffer.from('GIF89a'), ...size, 0x81, 0, 0, ...colours];
  return Buffer.from([...head, 0x2c, 0, 0, 0, 0, ...size, 0, 2, data.length, ...data, 0, 0x3b]);
}

/** A BMP of 5 bits a channel; a negative height has its first row at the top. */
export function bmp(width: number, height: number, pixels: readonly number[]): Buffer {
  const out = Buffer.alloc(54 + 2 * pixels.length);
  out.write('BM');
  out.writeUInt32LE(out.length, 2);
  out.writeUInt32LE(54, 10);
  out.writeUInt32LE(40, 14);
  out.writeInt32LE(width, 18);
  out.writeInt32LE(height, 22);
  out.writeUInt16LE(1, 26);
  out.writeUInt16LE(16, 28);
  pixels.forEach((pixel, i) => {
    out.writeUInt16LE(pixel, 54 + 2 * i);
  });
  return out;
}
