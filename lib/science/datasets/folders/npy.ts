const MAGIC = '\x93NUMPY';

/**
 * A vector of a NumPy file (.npy, format 1 to 3): little-endian float32 or float64 in C order, any shape, flattened.
 * Throws with what is wrong. Object arrays hold pickles and are refused.
 */
export function readNpy(bytes: Uint8Array): Float32Array {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.length < 10 || file.toString('latin1', 0, 6) !== MAGIC) throw new Error('is no .npy file');
  const wide = (file[6] as number) > 1;
  const length = wide ? file.readUInt32LE(8) : file.readUInt16LE(8);
  const start = (wide ? 12 : 10) + length;
  if (start > file.length) throw new Error('ends too early');
  const header = file.toString('latin1', wide ? 12 : 10, start);
  const [, type] = /'descr':\s*'([^']*)'/.exec(header) ?? [];
  const [, shape] = /'shape':\s*\(([\d,\s]*)\)/.exec(header) ?? [];
  if (/'fortran_order':\s*True/.test(header) || shape === undefined || (type !== '<f4' && type !== '<f8'))
    throw new Error(
      `holds ${type ?? 'something'} that is not read here (little-endian floats in C order are)`,
    );
  const count = shape
    .split(',')
    .filter((n) => n.trim() !== '')
    .reduce((product, n) => product * Number(n), 1);
  const width = type === '<f4' ? 4 : 8;
  if (!(count <= 1e8) || start + count * width > file.length) throw new Error('ends too early');
  return Float32Array.from({ length: count }, (_, i) =>
    width === 4 ? file.readFloatLE(start + 4 * i) : file.readDoubleLE(start + 8 * i),
  );
}

/** A float32 vector as .npy, format 1.0. */
export function writeNpy(values: Float32Array): Uint8Array {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${values.length},), }`;
  const padded = `${header}${' '.repeat(63 - ((10 + header.length) % 64))}\n`;
  const out = Buffer.alloc(10 + padded.length + 4 * values.length);
  out.write(MAGIC, 0, 'latin1');
  out.set([1, 0], 6);
  out.writeUInt16LE(padded.length, 8);
  out.write(padded, 10, 'latin1');
  values.forEach((v, i) => {
    out.writeFloatLE(v, 10 + padded.length + 4 * i);
  });
  return out;
}
