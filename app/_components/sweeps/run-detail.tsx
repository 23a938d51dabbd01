'use client';

import { useId } from 'react';
import { count, loss } from '@/app/_lib/format';
import { useApi } from '@/app/_lib/use-api';
import { type RunDetailView, runDetailView } from '@/lib/service/contracts';
import { CopyButton } from '../ui/copy-button';
import { Failure, Loading, Skeleton } from '../ui/status';
import { isTranslation, TranslatedPictures } from './translated-pictures';

/** What a method measured beside its losses, such as the task affinity of a joint training. */
function MeasuredTable({ table }: { table: RunDetailView['tables'][number] }) {
  const caption = useId();
  // Counts and classes are whole numbers, but for the rounding of the sums behind them.
  const format = table.columns.map((_, j) =>
    table.values.every((row) => Math.abs((row[j] ?? 0) - Math.round(row[j] ?? 0)) < 1e-4)
      ? (value: number) => count(Math.round(value))
      : loss,
  );
  return (
    <figure className="min-w-0">
      <figcaption id={caption}>
        <span className="font-semibold">{table.name}</span> <span className="text-ink2">{table.meaning}</span>
      </figcaption>
      <div className="mt-1 overflow-x-auto">
        <table className="table" aria-labelledby={caption}>
          <thead>
            <tr>
              <td />
              {table.columns.map((column) => (
                <th key={column} scope="col" className="!text-right">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {table.rows.map((row, i) => (
              <tr key={row}>
                <th scope="row" className="!whitespace-pre !text-ink2">
                  {row}
                </th>
                {table.columns.map((column, j) => (
                  <td key={column} className="text-right tabular-nums">
                    {format[j]?.(table.values[i]?.[j] ?? Number.NaN)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}

/** What determined a run and what it cost. */
export function RunDetail({ fingerprint }: { fingerprint: string }) {
  const { data, error, retry } = useApi(`/runs/${fingerprint}`, runDetailView);
  if (data === undefined) {
    return error === null ? (
      <Loading what="the run">
        <Skeleton className="h-24 w-full max-w-xl" />
      </Loading>
    ) : (
      <Failure error={error} retry={retry} />
    );
  }
  const facts: [string, string | null][] = [
    ['Test loss', data.meanLoss === null ? null : loss(data.meanLoss)],
    ['Test images', data.testImages > 0 ? count(data.testImages) : null],
    ['Steps', data.cost === null ? null : count(data.cost.steps)],
    ['Images seen', data.cost === null ? null : count(data.cost.images)],
    ['GFLOP', data.cost === null ? null : count(Math.round(data.cost.flops / 1e9))],
    ['Worker', data.worker],
  ];
  const known = facts.filter(([, value]) => value !== null);
  const answers = data.samples.filter((sample) => !isTranslation(sample));
  return (
    <div className="grid grid-cols-[260px_minmax(0,1fr)] gap-6 phone:grid-cols-1">
      <div>
        <dl>
          {known.map(([label, value]) => (
            <div key={label} className="flex justify-between border-line border-b py-1">
              <dt className="text-ink2">{label}</dt>
              <dd className="font-semibold">{value}</dd>
            </div>
          ))}
        </dl>
        <p className="mt-2 break-all font-mono text-[11px] text-ink3">{fingerprint}</p>
        <div className="mt-2">
          <CopyButton label="Copy recipe" text={() => JSON.stringify(data.recipe, null, 2)} />
        </div>
        {answers.length > 0 && (
          <ul className="mt-3 flex flex-wrap gap-1.5">
            {answers.slice(0, 9).map((s) => (
              <li key={s.url}>
                {/* biome-ignore lint/performance/noImgElement: small PNGs of the API, already at their size */}
                <img
                  src={s.url}
                  alt={`${s.role} of test sample ${s.index}`}
                  loading="lazy"
                  className="size-16 rounded-[3px] bg-line"
                />
              </li>
            ))}
          </ul>
        )}
      </div>
      <div className="grid min-w-0 content-start gap-4">
        {data.tables.map((table) => (
          <MeasuredTable key={table.name} table={table} />
        ))}
        <TranslatedPictures samples={data.samples} />
        <pre className="max-h-72 overflow-auto rounded-control border border-line bg-panel p-3 font-mono text-[11.5px] leading-relaxed">
          {JSON.stringify(data.recipe, null, 2)}
        </pre>
      </div>
    </div>
  );
}
