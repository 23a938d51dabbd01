import { isUtf8 } from 'node:buffer';
import { TaskatlasError } from '@/lib/science/core';
import { callable, construct, setState } from './pickle-numpy';
import { damaged, type PickleValue, refusal } from './pickle-values';

export interface PickleLimits {
  bytes: number;
  /** Objects ever made, and entries of the memo; bounds time and memory whatever the file says. */
  objects: number;
}

const LIMITS: PickleLimits = { bytes: 64 * 1024 * 1024, objects: 4_000_000 };

/** Opcodes that name code, build objects of a class, or fetch something from outside. None is ever followed. */
const REFUSED: Readonly<Record<number, string>> = {
  80: 'PERSID',
  81: 'BINPERSID',
  105: 'INST',
  111: 'OBJ',
  129: 'NEWOBJ',
  130: 'EXT1',
  131: 'EXT2',
  132: 'EXT4',
  143: 'EMPTY_SET',
  144: 'ADDITEMS',
  145: 'FROZENSET',
  146: 'NEWOBJ_EX',
  150: 'BYTEARRAY8',
  151: 'NEXT_BUFFER',
  152: 'READONLY_BUFFER',
};

const MARK = Symbol('mark');
type Slot = PickleValue | typeof MARK;

/** Text of a byte string: ASCII only, as the names of tasks are. */
const asText = (bytes: Uint8Array): string | Uint8Array =>
  bytes.every((b) => b < 0x80) ? Buffer.from(bytes).toString('latin1') : bytes;

const LAST_CODE_POINT = 0x10ffff;

/** Undoes Python's escapes in a quoted string (`STRING`) or in `UNICODE`. */
function unescapePython(text: string, unicode: boolean, at: number): string {
  return text.replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|.)/gs, (whole, code) => {
    if (/^[uU]./.test(code) && unicode) {
      const point = Number.parseInt(code.slice(1), 16);
      if (point > LAST_CODE_POINT) throw damaged(`${whole} is not a character`, at);
      return String.fromCodePoint(point);
    }
    if (unicode) return whole;
    if (/^x/.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8) & 255);
    return { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', v: '\v', a: '\x07' }[code as string] ?? code;
  });
}

/** Bytes and position of the file. */
class Input {
  at = 0;
  readonly #view: DataView;

  constructor(readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  #advance(length: number): number {
    const from = this.at;
    if (!Number.isSafeInteger(length) || length < 0 || from + length > this.bytes.length)
      throw damaged('it ends too early', from);
    this.at += length;
    return from;
  }

  byte = (): number => this.bytes[this.#advance(1)] as number;
  u16 = (): number => this.#view.getUint16(this.#advance(2), true);
  i32 = (): number => this.#view.getInt32(this.#advance(4), true);
  u32 = (): number => this.#view.getUint32(this.#advance(4), true);
  u64 = (): number => Number(this.#view.getBigUint64(this.#advance(8), true));
  double = (): number => this.#view.getFloat64(this.#advance(8), false);

  take(length: number): Uint8Array {
    const from = this.#advance(length);
    return this.bytes.subarray(from, from + length);
  }

  text(length: number): string {
    const bytes = this.take(length);
    if (!isUtf8(bytes)) throw damaged('text is not UTF-8', this.at);
    return Buffer.from(bytes).toString('utf8');
  }

  /** Protocol 4: the next `length` bytes are written together; they must be there. */
  frame(length: number): void {
    if (length > this.bytes.length - this.at) throw damaged('a frame is longer than the file', this.at);
  }

  line(): string {
    const end = this.bytes.indexOf(10, this.at);
    if (end < 0) throw damaged('a line does not end', this.at);
    const text = Buffer.from(this.bytes.subarray(this.at, end)).toString('latin1');
    this.at = end + 1;
    return text;
  }

  /** Little-endian two's complement of any length up to 8 bytes. */
  long(length: number): number {
    const bytes = this.take(length);
    if (length > 8) throw damaged('an integer is too large', this.at);
    let value = 0n;
    bytes.forEach((b, i) => {
      value |= BigInt(b) << BigInt(8 * i);
    });
    return Number(BigInt.asIntN(Math.max(1, 8 * length), value));
  }
}

const tooMany = ({ objects }: PickleLimits): TaskatlasError =>
  new TaskatlasError('invalid-input', `The pickle is refused: it makes more than ${objects} objects.`);

/** Keys are text, bytes, numbers, booleans or None; each once, as Python writes a dict. */
function fill(dict: Map<PickleValue, PickleValue>, pairs: readonly PickleValue[], at: number): void {
  for (let i = 0; i < pairs.length; i += 2) {
    const [key = null, value = null] = [pairs[i], pairs[i + 1]];
    if (typeof key === 'object' && key !== null && !(key instanceof Uint8Array))
      throw damaged('a key of a dict is neither text nor a number', at);
    if (dict.has(key)) throw damaged('a dict has one key twice', at);
    dict.set(key, value);
  }
}

/** The stack machine of the pickle protocol, over values only. */
class Machine {
  readonly stack: Slot[] = [];
  readonly memo = new Map<number, PickleValue>();
  made = 0;

  constructor(
    readonly input: Input,
    readonly limits: PickleLimits,
  ) {}

  push(value: Slot): void {
    this.made += 1;
    if (this.made > this.limits.objects) throw tooMany(this.limits);
    this.stack.push(value);
  }

  pop(): PickleValue {
    const value = this.stack.pop();
    if (value === undefined || value === MARK) throw damaged('a value is missing', this.input.at);
    return value;
  }

  /** `POP` also takes a mark. */
  drop(): void {
    if (this.stack.pop() === undefined) throw damaged('a value is missing', this.input.at);
  }

  top(): PickleValue {
    const value = this.stack.at(-1);
    if (value === undefined || value === MARK) throw damaged('a value is missing', this.input.at);
    return value;
  }

  popToMark(): PickleValue[] {
    const at = this.stack.lastIndexOf(MARK);
    if (at < 0) throw damaged('a mark is missing', this.input.at);
    return (this.stack.splice(at) as PickleValue[]).slice(1);
  }

  setItems(pairs: readonly PickleValue[]): void {
    const dict = this.top();
    if (!(dict instanceof Map) || pairs.length % 2 !== 0)
      throw damaged('items are set on no dict', this.input.at);
    fill(dict, pairs, this.input.at);
  }

  append(values: readonly PickleValue[]): void {
    const list = this.top();
    if (!Array.isArray(list)) throw damaged('values are appended to no list', this.input.at);
    for (const value of values) list.push(value);
  }

  put(index: number): void {
    if (this.memo.size >= this.limits.objects) throw tooMany(this.limits);
    this.memo.set(index, this.top());
  }

  get(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) throw damaged(`memo ${index} is empty`, this.input.at);
    this.push(value);
  }
}

const SPECIAL: ReadonlyMap<string, number> = new Map([
  ['nan', Number.NaN],
  ['inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
]);

const numberOf = (text: string, at: number): number => {
  const special = SPECIAL.get(text);
  if (special !== undefined) return special;
  const digits = text.replace(/L$/, '');
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(digits))
    throw damaged(`${JSON.stringify(text.slice(0, 40))} is not a number`, at);
  return Number(digits);
};

function quoted(line: string, at: number): string | Uint8Array {
  const [quote] = line;
  if (line.length < 2 || (quote !== "'" && quote !== '"') || !line.endsWith(quote))
    throw damaged('a string has no quotes', at);
  return asText(Buffer.from(unescapePython(line.slice(1, -1), false, at), 'latin1'));
}

const dictOf = (pairs: readonly PickleValue[], at: number): Map<PickleValue, PickleValue> => {
  if (pairs.length % 2 !== 0) throw damaged('a dict has a key without a value', at);
  const dict = new Map<PickleValue, PickleValue>();
  fill(dict, pairs, at);
  return dict;
};

type Step = (m: Machine, input: Input) => void;

const lastOf = (m: Machine, count: number): PickleValue[] =>
  Array.from({ length: count }, () => m.pop()).reverse();

/** Protocol 0: text. */
const TEXT: Readonly<Record<string, Step>> = {
  '(': (m) => m.push(MARK),
  N: (m) => m.push(null),
  F: (m, i) => m.push(numberOf(i.line(), i.at)),
  I: (m, i) => {
    const text = i.line();
    m.push(text === '01' ? true : text === '00' ? false : numberOf(text, i.at));
  },
  L: (m, i) => m.push(numberOf(i.line(), i.at)),
  S: (m, i) => m.push(quoted(i.line(), i.at)),
  V: (m, i) => m.push(unescapePython(i.line(), true, i.at)),
  d: (m, i) => m.push(dictOf(m.popToMark(), i.at)),
  l: (m) => m.push(m.popToMark()),
  t: (m) => m.push(m.popToMark()),
  a: (m) => m.append([m.pop()]),
  s: (m) => m.setItems(lastOf(m, 2)),
  p: (m, i) => m.put(numberOf(i.line(), i.at)),
  g: (m, i) => m.get(numberOf(i.line(), i.at)),
  '0': (m) => m.drop(),
  '1': (m) => void m.popToMark(),
  '2': (m) => m.push(m.top()),
  c: (m, i) => m.push(callable(`${i.line()}.${i.line()}`, i.at)),
  R: (m, i) => {
    const [made, given] = lastOf(m, 2);
    m.push(construct(made ?? null, given ?? null, i.at));
  },
  b: (m, i) => {
    const state = m.pop();
    setState(m.top(), state, i.at);
  },
};

/** Protocols 1 to 5: binary. */
const BINARY: Readonly<Record<number, Step>> = {
  128: (_, i) => {
    const protocol = i.byte();
    if (protocol > 5) throw damaged(`protocol ${protocol} is unknown`, i.at);
  },
  149: (_, i) => i.frame(i.u64()),
  148: (m) => m.put(m.memo.size),
  74: (m, i) => m.push(i.i32()),
  75: (m, i) => m.push(i.byte()),
  77: (m, i) => m.push(i.u16()),
  138: (m, i) => m.push(i.long(i.byte())),
  139: (m, i) => m.push(i.long(i.i32())),
  71: (m, i) => m.push(i.double()),
  84: (m, i) => m.push(asText(i.take(i.i32()))),
  85: (m, i) => m.push(asText(i.take(i.byte()))),
  66: (m, i) => m.push(i.take(i.u32())),
  67: (m, i) => m.push(i.take(i.byte())),
  142: (m, i) => m.push(i.take(i.u64())),
  88: (m, i) => m.push(i.text(i.u32())),
  140: (m, i) => m.push(i.text(i.byte())),
  141: (m, i) => m.push(i.text(i.u64())),
  136: (m) => m.push(true),
  137: (m) => m.push(false),
  125: (m) => m.push(new Map()),
  93: (m) => m.push([]),
  41: (m) => m.push([]),
  133: (m) => m.push(lastOf(m, 1)),
  134: (m) => m.push(lastOf(m, 2)),
  135: (m) => m.push(lastOf(m, 3)),
  101: (m) => m.append(m.popToMark()),
  117: (m) => m.setItems(m.popToMark()),
  113: (m, i) => m.put(i.byte()),
  114: (m, i) => m.put(i.u32()),
  104: (m, i) => m.get(i.byte()),
  106: (m, i) => m.get(i.u32()),
  147: (m, i) => {
    const [module, name] = lastOf(m, 2);
    if (typeof module !== 'string' || typeof name !== 'string')
      throw damaged('a global name is not text', i.at);
    m.push(callable(`${module}.${name}`, i.at));
  },
};

const STOP = 0x2e;

/**
 * Reads a pickle of protocol 0 to 5 that holds data only: None, booleans, numbers, text, bytes, lists, tuples, dicts,
 * and NumPy's float and integer scalars (which the published Taskonomy files hold), recognised by their spelling.
 * Nothing is ever called or looked up: an opcode that names a class or a function is refused by name.
 * @throws TaskatlasError `invalid-input` with the byte at which it went wrong.
 */
export function readPickle(bytes: Uint8Array, limits: PickleLimits = LIMITS): PickleValue {
  if (bytes.length > limits.bytes) {
    throw new TaskatlasError(
      'invalid-input',
      `The pickle has ${bytes.length} bytes; at most ${limits.bytes} are read. Is it the right file?`,
    );
  }
  const input = new Input(bytes);
  const machine = new Machine(input, limits);
  for (;;) {
    const at = input.at;
    const code = input.byte();
    if (code === STOP) break;
    const step = BINARY[code] ?? TEXT[String.fromCharCode(code)];
    if (step) step(machine, input);
    else if (REFUSED[code]) throw refusal(REFUSED[code], at);
    else throw damaged(`opcode 0x${code.toString(16)} is unknown`, at);
  }
  const value = machine.pop();
  if (machine.stack.length > 0) throw damaged('values are left over', input.at);
  return value;
}
