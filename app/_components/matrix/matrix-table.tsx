'use client';

import Link from 'next/link';
import { cellKey, type MatrixModel } from '@/app/_lib/matrix-model';
import type { Ordered } from '@/app/_lib/matrix-order';
import { UNIT_INFO, type Unit } from '@/app/_lib/units';

interface Props {
  sweepId: string;
  ordered: Ordered;
  model: MatrixModel;
  unit: Unit;
  name: (id: string) => string;
}

/** The same matrix as a table of numbers: for screen readers, for copying, for exact reading. */
export function MatrixTable({ sweepId, ordered, model, unit, name }: Props) {
  const { label } = UNIT_INFO[unit];
  return (
    <section
      className="relative max-h-[70vh] overflow-auto rounded-control border border-line"
      aria-label="Matrix as a table"
      tabIndex={-1}
    >
      <table className="border-separate border-spacing-0 text-label">
        <caption className="sr-only">{label} of each source (columns) for each target (rows)</caption>
        <thead>
          <tr>
            <th
              scope="col"
              className="sticky top-0 left-0 z-20 border-line2 border-b bg-paper px-3 py-2 text-left font-semibold"
            >
              Target ↓
            </th>
            {ordered.sources.ids.map((id) => (
              <th
                key={id}
                scope="col"
                className="sticky top-0 z-10 min-w-20 border-line2 border-b bg-paper px-2 py-2 text-right font-medium text-ink2"
              >
                {name(id)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {ordered.targets.ids.map((target) => (
            <tr key={target}>
              <th
                scope="row"
                className="sticky left-0 z-10 whitespace-nowrap border-line border-b bg-paper px-3 py-1.5 text-left font-medium"
              >
                <Link className="hover:underline" href={`/sweeps/${sweepId}/targets/${target}`}>
                  {name(target)}
                </Link>
              </th>
              {ordered.sources.ids.map((source) => {
                const tile = model.tiles.get(cellKey(source, target));
                const value = tile?.value ?? null;
                return (
                  <td key={source} className="border-line border-b px-2 py-1.5 text-right">
                    {value === null ? <span className="text-ink3">{tile?.state ?? '–'}</span> : tile?.number}
                    {tile?.mark === 'best' && <span className="sr-only"> best</span>}
                    {tile?.mark === 'best' && <span aria-hidden="true"> ●</span>}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
