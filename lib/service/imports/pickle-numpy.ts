import { Callable, damaged, type PickleValue, refusal, Scalar } from './pickle-values';

/**
 * NumPy scalars in pickles. The published Taskonomy results hold `numpy.float64`, which Python pickles as a call of
 * `numpy.core.multiarray.scalar(dtype, bytes)`. These few spellings are recognised and decoded here; nothing else that
 * names a function is.
 */
const NAMES: Readonly<Record<string, Callable['what']>> = {
  'numpy.core.multiarray.scalar': 'scalar',
  'numpy._core.multiarray.scalar': 'scalar',
  'numpy.dtype': 'dtype',
  // how Python 3 writes bytes in protocols 0 to 2
  '_codecs.encode': 'encode',
};

const READERS: Readonly<Record<string, { bytes: number; get: (view: DataView, little: boolean) => number }>> =
  {
    f4: { bytes: 4, get: (v, little) => v.getFloat32(0, little) },
    f8: { bytes: 8, get: (v, little) => v.getFloat64(0, little) },
    i4: { bytes: 4, get: (v, little) => v.getInt32(0, little) },
    i8: { bytes: 8, get: (v, little) => Number(v.getBigInt64(0, little)) },
  };

/** What a global name stands for. @throws TaskatlasError `invalid-input` for all but NumPy's scalars. */
export function callable(name: string, at: number): Callable {
  const what = Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
  if (!what) throw refusal(`the name ${name.slice(0, 80).replace(/[^ -~]/g, '?')}`, at);
  return new Callable(what);
}

function decode({ type, littleEndian }: Scalar, bytes: Uint8Array, at: number): number {
  const reader = READERS[type];
  if (!reader || reader.bytes !== bytes.length)
    throw damaged(`a NumPy scalar of type "${type}" has ${bytes.length} bytes`, at);
  return reader.get(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), littleEndian);
}

const BEYOND_LATIN1 = /[\u0100-\uffff]/;

const bytesOf = (value: PickleValue | undefined): Uint8Array | null =>
  value instanceof Uint8Array ? value : typeof value === 'string' ? Buffer.from(value, 'latin1') : null;

/** `REDUCE`, for the three names above. */
export function construct(made: PickleValue, given: PickleValue, at: number): PickleValue {
  if (!(made instanceof Callable) || !Array.isArray(given)) throw refusal('REDUCE', at);
  const [first, second] = given;
  if (made.what === 'dtype' && typeof first === 'string' && Object.hasOwn(READERS, first))
    return new Scalar(first);
  if (
    made.what === 'encode' &&
    typeof first === 'string' &&
    second === 'latin1' &&
    !BEYOND_LATIN1.test(first)
  )
    return Buffer.from(first, 'latin1');
  const bytes = bytesOf(second);
  if (made.what === 'scalar' && first instanceof Scalar && bytes) return decode(first, bytes, at);
  throw damaged('a NumPy scalar is not spelt as NumPy does', at);
}

/** `BUILD` on a NumPy type: the second entry of its state is the byte order. */
export function setState(target: PickleValue, state: PickleValue, at: number): void {
  const order = Array.isArray(state) ? state[1] : undefined;
  if (!(target instanceof Scalar)) throw refusal('BUILD', at);
  if (order !== '<' && order !== '>' && order !== '=' && order !== '|')
    throw damaged('a NumPy type has no byte order', at);
  target.littleEndian = order !== '>';
}
