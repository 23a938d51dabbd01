/** Per-image losses or metrics as bytes: little-endian float32, whatever the machine. In rows and, as base64, in files of runs. */
export function lossesToBytes(losses: Float32Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(losses.length * 4);
  const view = new DataView(bytes.buffer);
  losses.forEach((loss, i) => {
    view.setFloat32(i * 4, loss, true);
  });
  return bytes;
}

export function lossesFromBytes(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.byteLength / 4 }, (_, i) => view.getFloat32(i * 4, true));
}
