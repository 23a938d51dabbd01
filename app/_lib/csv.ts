import type { MatrixView } from '@/lib/service/contracts';

/** RFC 4180: quotes only where needed. A leading = + - @ in a name gets a quote mark against formula injection. */
export function csvLine(fields: readonly (string | number | null)[]): string {
  return fields
    .map((field) => {
      if (field === null) return '';
      if (typeof field === 'number') return String(field);
      const safe = /^[=+\-@\t]/.test(field) ? `'${field}` : field;
      return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
    })
    .join(',');
}

const COLUMNS = ['affinity', 'gain', 'quality', 'effect'] as const;

/** Every cell of a matrix, one line each, with all units and interval ends. */
export function matrixCsv(matrix: MatrixView): string {
  const head = [
    'source',
    'target',
    'state',
    ...COLUMNS.flatMap((u) => [u, `${u}_low`, `${u}_high`]),
    'loss',
    'probe',
    'best',
    'tied',
  ];
  const lines = matrix.cells.map((c) =>
    csvLine([
      c.source,
      c.target,
      c.state,
      ...COLUMNS.flatMap((u) => [c[u]?.value ?? null, c[u]?.low ?? null, c[u]?.high ?? null]),
      c.loss,
      c.probe,
      c.best ? 1 : 0,
      c.tied ? 1 : 0,
    ]),
  );
  return `${[csvLine(head), ...lines].join('\r\n')}\r\n`;
}
