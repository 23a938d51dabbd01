/**
 * Whether every JavaScript object answers to this name (`constructor`, `__proto__`, …): a table keyed by names would
 * take it for an entry. Such names are refused wherever names come from outside.
 */
export const isReservedName = (name: string): boolean => name in {};

/** Edits (insert, delete, replace) between two words; rows of the usual table. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The known word that was probably meant, if one is near enough. */
export function nearestName(word: string, known: readonly string[]): string | null {
  const ranked = known
    .map((candidate) => ({
      candidate,
      score: candidate.includes(word) || word.includes(candidate) ? 1 : distance(word, candidate),
    }))
    .sort((a, b) => a.score - b.score);
  const best = ranked[0];
  return best && best.score <= Math.max(2, Math.floor(word.length / 3)) ? best.candidate : null;
}
