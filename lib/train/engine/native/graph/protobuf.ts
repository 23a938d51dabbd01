/** As much of protocol buffers as a SavedModel needs (developers' guide, "Encoding"): varints, fixed32, bytes. */
type Bytes = Uint8Array;

const encoder = new TextEncoder();

export function join(parts: readonly Bytes[]): Bytes {
  const out = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Seven bits a byte, lowest first; negative numbers as 64 bits of two's complement, as int64 fields want them. */
function varint(value: number): Bytes {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

const tag = (field: number, wire: 0 | 2 | 5): Bytes => varint(field * 8 + wire);

export const integer = (field: number, value: number): Bytes => join([tag(field, 0), varint(value)]);

export function float(field: number, value: number): Bytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return join([tag(field, 5), bytes]);
}

export const bytes = (field: number, value: Bytes): Bytes =>
  join([tag(field, 2), varint(value.length), value]);

export const text = (field: number, value: string): Bytes => bytes(field, encoder.encode(value));

export const message = (field: number, parts: readonly Bytes[]): Bytes => bytes(field, join(parts));
