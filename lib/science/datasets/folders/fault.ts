/** What is wrong with a picture, as the end of a sentence that starts with the file's name. */
export class PictureFault extends Error {
  override name = 'PictureFault';
}

/** A file that cannot be used, and why. */
export interface Fault {
  path: string;
  why: string;
}

/** `1 picture`, `3 pictures`. */
export const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

/** Names a number of things: `a, b, c and 4 more`. */
export function nameSome(names: readonly string[], shown = 8): string {
  const more = names.length - shown;
  return names.slice(0, shown).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** A path for a line of text: control and direction marks of file names are written as escapes. */
export const printable = (path: string): string =>
  path.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
