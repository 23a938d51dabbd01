/** As much of a name as fits: the whole, its first word, a stub, or nothing. */
export function shorten(name: string, width: number): string {
  const fits = (text: string): boolean => text.length * 5.9 <= width;
  if (fits(name)) return name;
  const first = name.split(' ')[0] ?? '';
  if (fits(first)) return first;
  const stub = `${first.slice(0, 3)}.`;
  return fits(stub) && first.length > 4 ? stub : '';
}

/** A name cut to a width, with an ellipsis; the tooltip and the panel hold the whole. */
export function clip(text: string, width: number, size: number): string {
  const most = Math.floor(width / (size * 0.53));
  return text.length <= most ? text : `${text.slice(0, Math.max(1, most - 1)).trimEnd()}…`;
}
