/** Numbers say in which order classes come, not what they are: those of digits and of clothes are both 0 to 9. */
const isNumbered = (names: readonly string[]): boolean => names.every((name) => /^\d+$/.test(name));

/**
 * Why two folders do not have the same classes as far as their names tell, or null. Names must agree; classes that
 * have only numbers, as in IDX files, are the same where the person says so.
 * @param source names of the source domain's classes, in the order of their numbers; null where it names none
 * @param target the target domain's
 * @param declared whether the person says that equal numbers mean equal classes
 */
export function classesFault(
  source: readonly string[] | null,
  target: readonly string[] | null,
  declared: boolean,
): string | null {
  const [ours, theirs] = [source ?? [], target ?? []].map((names) => names.join(', '));
  if (source && target && ours !== theirs) return `has the classes ${theirs}; the source domain has ${ours}`;
  if (declared || (source && target && !isNumbered(source))) return null;
  return 'has classes with numbers and without names, so nothing tells whether a number means the same class in both domains; if it does, set "sameClasses: true" beside this directory';
}
