/** What a reference to a sweep is read against. */
interface Referable {
  id: string;
  number: number;
  origin: 'measured' | 'imported';
}

/**
 * The sweep that `latest` means, and that pages show where none is named: the newest that was measured here. Where
 * nothing was measured, the newest import. So an import never takes the place of a sweep that a person follows.
 */
export function latestSweep<T extends Referable>(sweeps: readonly T[]): T | undefined {
  const measured = sweeps.filter((sweep) => sweep.origin === 'measured');
  return (measured.length > 0 ? measured : sweeps).reduce<T | undefined>(
    (a, b) => (a && a.number > b.number ? a : b),
    undefined,
  );
}

/** The sweep that a reference names: `latest`, an id, or a number. Numbers are what people type; ids are kept by machines. */
export function sweepNamed<T extends Referable>(sweeps: readonly T[], ref: string): T | undefined {
  if (ref === 'latest') return latestSweep(sweeps);
  return sweeps.find(({ id }) => id === ref) ?? sweeps.find(({ number }) => String(number) === ref);
}
