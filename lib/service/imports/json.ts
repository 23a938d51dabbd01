import { isReservedName, TaskatlasError } from '@/lib/science/core';

/** The deepest document that is read here nests nine deep. */
const MAX_DEPTH = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

const refused = (message: string, path = ''): TaskatlasError =>
  new TaskatlasError('invalid-input', message, { issues: [{ path, message }] });

/** An object or array that is open at some place of a text: its fields so far, and the one at hand. */
interface Open {
  fields: Set<string> | null;
  at: string | number;
}

const pathOf = (open: readonly Open[]): string =>
  open
    .map(({ at }) => (typeof at === 'number' ? `[${at}]` : `.${at}`))
    .join('')
    .replace(/^\./, '');

/** Position of the quote that closes the string that begins at `from`. */
function closing(text: string, from: number): number {
  let at = from + 1;
  while (text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at;
}

function nameField(text: string, from: number, end: number, open: readonly Open[]): void {
  const object = open.at(-1);
  if (!object?.fields) return;
  const raw = text.slice(from + 1, end);
  const name: string = raw.includes('\\') ? JSON.parse(`"${raw}"`) : raw;
  object.at = name.length > 80 ? `${name.slice(0, 80)}…` : name;
  const path = pathOf(open);
  if (object.fields.has(name)) throw refused(`"${path}" is given twice in one object; keep one`, path);
  if (isReservedName(name)) throw refused(`"${path}": this name is reserved by JavaScript; rename it`, path);
  object.fields.add(name);
}

/** Reads the string at `from`, which may be a field's name. Answers where it ends. */
function passString(text: string, from: number, open: readonly Open[]): number {
  const end = closing(text, from);
  let next = end + 1;
  while (text.charCodeAt(next) <= 0x20) next++;
  if (text[next] === ':') nameField(text, from, end, open);
  return end;
}

/** What `JSON.parse` swallows: a field given twice, names of an object's prototype, nesting without end. Linear. */
function checkFields(text: string): void {
  const open: Open[] = [];
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '"') i = passString(text, i, open);
    else if (char === '{' || char === '[') {
      open.push(char === '{' ? { fields: new Set(), at: '' } : { fields: null, at: 0 });
      if (open.length > MAX_DEPTH) throw refused(`the JSON nests more than ${MAX_DEPTH} deep`, pathOf(open));
    } else if (char === '}' || char === ']') open.pop();
    else if (char === ',') {
      const inner = open.at(-1);
      if (inner && typeof inner.at === 'number') inner.at += 1;
    }
  }
}

/**
 * A JSON text's value.
 * @throws TaskatlasError `invalid-input`: no JSON, a field given twice in one object, a field named like a property of
 * every JavaScript object, more than 64 levels
 */
export function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replaceAll(/\s+/g, ' ') : String(cause);
    const hint = /NaN|Infinity/.test(why) ? '; JSON has no NaN or Infinity: write null' : '';
    throw new TaskatlasError('invalid-input', `not JSON (${why}${hint})`, { cause });
  }
  checkFields(text);
  return value;
}
