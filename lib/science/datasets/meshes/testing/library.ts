import { crc32, deflateRawSync } from 'node:zlib';

/** A zip archive; every second file deflated. */
export function makeZip(files: Readonly<Record<string, string | Uint8Array>>): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  Object.entries(files).forEach(([name, content], i) => {
    const data = Buffer.from(content);
    const packed = i % 2 === 0 ? data : deflateRawSync(data);
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x04034b50, 0);
    header.writeUInt16LE(i % 2 === 0 ? 0 : 8, 8);
    header.writeUInt32LE(crc32(data), 14);
    header.writeUInt32LE(packed.length, 18);
    header.writeUInt32LE(data.length, 22);
    header.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    header.copy(entry, 6, 4, 30);
    entry.writeUInt32LE(offset, 42);
    locals.push(header, Buffer.from(name), packed);
    directory.push(entry, Buffer.from(name));
    offset += 30 + name.length + packed.length;
  });
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(files).length, 8);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, ...directory, end]);
}

/** A box of OBJ quads, outward faces, in the axes of OBJ files (y up), with corners 0 and (w, h, d). */
export function boxObj(w: number, h: number, d: number, material = 'paint'): string {
  const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => `v ${i & 1 ? w : 0} ${i & 2 ? h : 0} ${i & 4 ? d : 0}`);
  const faces = ['5 6 8 7', '2 1 3 4', '6 2 4 8', '1 5 7 3', '7 8 4 3', '1 2 6 5'];
  return ['mtllib box.mtl', ...corners, `usemtl ${material}`, ...faces.map((f) => `f ${f}`)].join('\n');
}

interface PieceRequest {
  name: string;
  /** Centimetres: width, depth, height. */
  size: readonly [number, number, number];
}

/** A furniture library whose pieces are boxes. */
export function makeLibrary(pieces: readonly PieceRequest[]): Buffer {
  const catalogue = ['id=test', 'name=Boxes', 'license=CC0'];
  const files: Record<string, string> = {};
  pieces.forEach(({ name, size: [w, d, h] }, i) => {
    const n = i + 1;
    const model = `/models/p${n}/p${n}.obj`;
    catalogue.push(
      `id#${n}=test#${name}-${n}`,
      `name#${n}=${name}`,
      `category#${n}=Test`,
      `model#${n}=${model}`,
      `width#${n}=${w}`,
      `depth#${n}=${d}`,
      `height#${n}=${h}`,
      `doorOrWindow#${n}=false`,
      `creator#${n}=Nobody`,
    );
    files[model.slice(1)] = boxObj(1, 2, 3);
    files[`models/p${n}/box.mtl`] = 'newmtl paint\nKd 0.9 0.2 0.1\n';
  });
  return makeZip({ 'PluginFurnitureCatalog.properties': catalogue.join('\n'), ...files });
}
