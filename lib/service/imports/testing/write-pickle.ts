/** Pieces of a pickle of protocol 3, as Python 3 writes them. */
const ascii = (text: string): Buffer => Buffer.from(text, 'latin1');

class Writer {
  readonly parts: Buffer[] = [];
  #memo = 0;

  put(...parts: (Buffer | string)[]): this {
    for (const part of parts) this.parts.push(typeof part === 'string' ? ascii(part) : part);
    return this;
  }

  /** BINPUT or LONG_BINPUT of the next number; answers the number. */
  memoize(): number {
    const n = this.#memo++;
    this.put(n < 256 ? Buffer.from([0x71, n]) : this.#u32(0x72, n));
    return n;
  }

  get(n: number): this {
    return this.put(Buffer.from([0x68, n]));
  }

  text(text: string): this {
    const bytes = Buffer.from(text, 'utf8');
    return this.put(this.#u32(0x58, bytes.length), bytes);
  }

  #u32(code: number, value: number): Buffer {
    const out = Buffer.alloc(5);
    out[0] = code;
    out.writeUInt32LE(value, 1);
    return out;
  }
}

const littleEndian = (value: number): Buffer => {
  const out = Buffer.alloc(8);
  out.writeDoubleLE(value);
  return out;
};

/** `numpy.dtype('f8')` with its state, as NumPy of 2018 wrote it. */
function float64Type(w: Writer): number {
  w.put('cnumpy\ndtype\n');
  w.memoize();
  w.text('f8');
  w.memoize();
  w.put('K\x00K\x01\x87');
  w.memoize();
  w.put('R');
  const type = w.memoize();
  w.put('(K\x03').text('<');
  w.memoize();
  w.put('NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t');
  w.memoize();
  w.put('b');
  return type;
}

/**
 * A dict of text → `numpy.float64` in protocol 3, byte for byte as Python 3 with NumPy writes it: the form of the
 * published result files (their sizes agree to the byte).
 */
export function pickleOfFloats(entries: ReadonlyMap<string, number>): Uint8Array {
  const w = new Writer().put('\x80\x03}');
  w.memoize();
  const all = [...entries];
  let scalar = -1;
  let type = -1;
  // Python writes the items of a dict in batches of 1000
  for (let from = 0; from < all.length; from += 1000) {
    w.put('(');
    for (const [key, value] of all.slice(from, from + 1000)) {
      w.text(key);
      w.memoize();
      if (scalar < 0) {
        w.put('cnumpy.core.multiarray\nscalar\n');
        scalar = w.memoize();
        type = float64Type(w);
      } else w.get(scalar).get(type);
      w.put('C\x08', littleEndian(value));
      w.memoize();
      w.put('\x86');
      w.memoize();
      w.put('R');
      w.memoize();
    }
    w.put('u');
  }
  return Buffer.concat(w.put('.').parts);
}
