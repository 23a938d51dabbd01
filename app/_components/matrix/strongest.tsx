'use client';

import { percent } from '@/app/_lib/format';
import type { MatrixView } from '@/lib/service/contracts';
import { Arrow } from '../ui/arrow';

/** What the side column shows before a cell is chosen: where to look first. */
export function Strongest({
  matrix,
  name,
  onSelect,
}: {
  matrix: MatrixView;
  name: (id: string) => string;
  onSelect: (cell: { source: string; target: string }) => void;
}) {
  const top = matrix.cells
    .flatMap((c) => (c.helps !== 'helps' || c.gain === null ? [] : [{ ...c, gain: c.gain }]))
    .sort((a, b) => b.gain.value - a.gain.value)
    .slice(0, 8);
  return (
    <div className="p-4">
      <p className="text-ink3 text-label">No cell selected</p>
      <h2 className="mt-0.5 font-semibold font-serif text-object leading-tight">Click a cell to read it</h2>
      <p className="mt-1.5 text-ink2">
        A second click opens the pair. With the matrix focused, arrow keys move and Enter opens.
      </p>
      {top.length > 0 && (
        <div className="rule mt-3 pt-3">
          <h3 className="section-title">Strongest transfers</h3>
          <p className="text-ink2 text-label">
            share of test images won against scratch, of sources that help
          </p>
          <ol className="mt-1.5 flex flex-col">
            {top.map((c) => (
              <li key={`${c.source}>${c.target}`}>
                <button
                  type="button"
                  className="flex w-full items-center justify-between gap-2 rounded-[4px] px-1 py-1 text-left hover:bg-accent-soft"
                  onClick={() => onSelect({ source: c.source, target: c.target })}
                >
                  <span className="truncate text-ink2">
                    {name(c.source)}
                    <Arrow />
                    {name(c.target)}
                  </span>
                  <span>{percent(c.gain.value)}</span>
                </button>
              </li>
            ))}
          </ol>
        </div>
      )}
    </div>
  );
}
