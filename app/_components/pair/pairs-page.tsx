'use client';

import Link from 'next/link';
import { useMemo, useState } from 'react';
import { apiPath, sweepPath } from '@/app/_lib/api';
import { change, count, loss, percent, share } from '@/app/_lib/format';
import { useApi } from '@/app/_lib/use-api';
import { useSweep } from '@/app/_lib/use-sweep';
import { useUrlState } from '@/app/_lib/use-url-state';
import { type CellView, matrixView } from '@/lib/service/contracts';
import { PageHead } from '../shell/page-head';
import { Arrow } from '../ui/arrow';
import { MethodSelect } from '../ui/method-select';
import { SortHead, sortRows } from '../ui/sort-head';
import { StateIcon } from '../ui/state-icon';
import { Empty, Failure, Loading } from '../ui/status';

/** Lines drawn at first; the button below shows the rest, so nothing is cut off in silence. */
const STEP = 150;

/** Every pair as a sortable line, filtered by names. */
export function PairsPage({ id }: { id: string }) {
  const sweep = useSweep(id);
  const { query, set } = useUrlState();
  const path = apiPath(sweepPath(id, '/matrix'), { method: query.get('method') ?? undefined });
  const { data, error, retry } = useApi(path, matrixView);
  const { name } = sweep;
  const base = `/sweeps/${encodeURIComponent(id)}`;
  const text = query.get('find') ?? '';
  const columns = useMemo(
    () => ({
      source: (c: CellView) => name(c.source),
      target: (c: CellView) => name(c.target),
      gain: (c: CellView) => c.gain?.value ?? null,
      quality: (c: CellView) => c.quality?.value ?? null,
      effect: (c: CellView) => (c.effect === null ? null : -c.effect.value),
      loss: (c: CellView) => c.loss,
      probe: (c: CellView) => c.probe,
    }),
    [name],
  );
  const cells = useMemo(() => (data?.cells ?? []).filter((c) => c.state !== 'missing'), [data]);
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const matching = cells.filter((c) =>
    words.every((w) => `${name(c.source)} ${name(c.target)} ${c.state}`.toLowerCase().includes(w)),
  );
  const rows = sortRows(matching, columns, query, 'gain');
  const head = { query, set };
  return (
    <>
      <PageHead
        trail={[{ label: sweep.data?.name ?? 'Sweep', href: base }, { label: 'Pairs' }]}
        title="Pairs"
        liveSweep={id}
      />
      <div className="flex flex-wrap items-center gap-3 py-3">
        <input
          type="search"
          className="field max-w-xs"
          placeholder="Filter by task or state"
          aria-label="Filter by task or state"
          value={text}
          onChange={(event) => set({ find: event.target.value || null })}
        />
        {data !== undefined && <MethodSelect methods={sweep.ways.paired} value={data.method} />}
        <span className="text-ink2 text-label" aria-live="polite">
          {count(rows.length)} of {count(cells.length)} pairs
        </span>
      </div>
      {data === undefined ? (
        error === null ? (
          <Loading what="the pairs" />
        ) : (
          <Failure error={error} retry={retry} />
        )
      ) : rows.length === 0 ? (
        <Empty title={cells.length === 0 ? 'No pairs' : 'No pair matches'}>
          {cells.length === 0 ? 'This sweep has nothing to transfer.' : 'Try a shorter filter.'}
        </Empty>
      ) : (
        <PairTable
          rows={rows}
          href={(c) => sweep.ways.href(base, { method: data.method, sources: [c.source] }, c.target)}
          name={name}
          head={head}
        />
      )}
    </>
  );
}

interface TableProps {
  rows: readonly CellView[];
  href: (cell: CellView) => string;
  name: (id: string) => string;
  head: Pick<ReturnType<typeof useUrlState>, 'query' | 'set'>;
}

function PairTable({ rows, href, name, head }: TableProps) {
  const [shown, setShown] = useState(STEP);
  return (
    <div className="relative overflow-x-auto">
      <table className="table min-w-[680px]" aria-label="Pairs">
        <thead>
          <tr>
            <SortHead {...head} id="source" label="Source" />
            <SortHead {...head} id="target" label="Target" />
            <th scope="col">State</th>
            <SortHead {...head} id="gain" label="Gain" number />
            <SortHead {...head} id="quality" label="Quality" number />
            <SortHead {...head} id="effect" label="Effect" number />
            <SortHead {...head} id="loss" label="Loss" number />
            <SortHead {...head} id="probe" label="Probe" number />
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, shown).map((c) => (
            <tr key={`${c.source}>${c.target}`}>
              <td>
                <Link className="link" href={href(c)}>
                  {name(c.source)}
                </Link>
              </td>
              <td>
                <Arrow className="text-ink3" /> {name(c.target)}
                {c.source === c.target && <span className="ml-2 text-ink3 text-label">itself</span>}
                {c.best && <span className="ml-2 text-accent text-label">best that helps</span>}
                {c.tied && !c.best && <span className="ml-2 text-ink3 text-label">tied for first</span>}
              </td>
              <td className="text-ink2">
                <span className="flex items-center gap-1.5">
                  <StateIcon state={c.state} />
                  {c.state}
                </span>
              </td>
              <td className="text-right">{c.gain === null ? '–' : percent(c.gain.value)}</td>
              <td className="text-right">{c.quality === null ? '–' : percent(c.quality.value)}</td>
              <td className="text-right">{c.effect === null ? '–' : change(c.effect.value)}</td>
              <td className="text-right">{c.loss === null ? '–' : loss(c.loss)}</td>
              <td className="text-right">{c.probe === null ? '–' : share(c.probe)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > shown && (
        <button type="button" className="btn my-3" onClick={() => setShown(shown + 10 * STEP)}>
          Show {count(Math.min(10 * STEP, rows.length - shown))} more of {count(rows.length)}
        </button>
      )}
    </div>
  );
}
