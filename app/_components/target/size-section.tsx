'use client';

import { apiPath, sweepPath } from '@/app/_lib/api';
import { capital, plural } from '@/app/_lib/format';
import {
  type CrossoverRow,
  crossoverRows,
  leadCrossing,
  SIZE_UNITS,
  sizeLines,
  sizesMissing,
} from '@/app/_lib/size-curves';
import { useApi } from '@/app/_lib/use-api';
import { oneOf, useUrlState } from '@/app/_lib/use-url-state';
import type { Ways } from '@/app/_lib/ways';
import { type SizesView, sizesView } from '@/lib/service/contracts';
import { Segmented } from '../ui/segmented';
import { Failure } from '../ui/status';
import { SizeChart } from './size-chart';

const NOTES = {
  gain: 'share of test images won against scratch at the same size, 95 % intervals',
  quality: 'share of test images won against its own network, 95 % intervals',
  loss: 'mean test loss, log scale, lower is better',
};

interface Props {
  id: string;
  target: string;
  ways: Ways;
}

/** Gain, quality and loss by the number of labelled images, and where training from scratch catches up. */
export function SizeSection({ id, target, ways }: Props) {
  const path = apiPath(sweepPath(id, `/targets/${encodeURIComponent(target)}/sizes`));
  const { data, error, retry, stale } = useApi(path, sizesView);
  if (error !== null && data === undefined) {
    return <Failure error={error} retry={retry} title="The sizes cannot be shown" />;
  }
  // Imported results have no sizes of their own, and none can be added to them.
  if (data === undefined || stale || data.sizes.length === 0) return null;
  return (
    <section aria-label="How much data">
      <h2 className="section-title">How much data</h2>
      {data.sizes.length === 1 ? <OneSize view={data} /> : <Curves view={data} ways={ways} />}
    </section>
  );
}

function OneSize({ view }: { view: SizesView }) {
  return (
    <p className="mt-0.5 text-ink2">
      Measured with {plural(view.sizes[0]?.images ?? 0, 'image')} only. A sweep file with{' '}
      <code className="font-mono text-[12px]">transferSizes: [5 %, 20 %, 100 %]</code> also measures smaller
      transfer sets, and shows where training from scratch catches up.
    </p>
  );
}

function Curves({ view, ways }: { view: SizesView; ways: Ways }) {
  const { query, set } = useUrlState();
  const missing = sizesMissing(view);
  if (missing !== null) return <p className="mt-0.5 text-ink2">{missing}</p>;
  const unit = oneOf(query.get('sizes'), SIZE_UNITS);
  const lines = sizeLines(view, unit, ways.name);
  const rest = lines.filter((line) => line.role === 'rest').length;
  const sizes = view.points.map((point) => point.images);
  return (
    <>
      <p className="mb-2 text-ink2 text-label">
        {NOTES[unit]}
        {rest > 0 && `; ${rest} more, thin`}
      </p>
      <Segmented
        label="Unit of the curves"
        hideLabel
        value={unit}
        options={SIZE_UNITS.map((value) => ({ value, label: capital(value) }))}
        onChange={(value) => set({ sizes: value === SIZE_UNITS[0] ? null : value })}
      />
      <div className="mt-2">
        <SizeChart
          lines={lines}
          unit={unit}
          sizes={sizes}
          crossing={unit === 'gain' ? leadCrossing(view) : null}
        />
      </div>
      <p className="mt-2">{view.advice}</p>
      <Crossovers rows={crossoverRows(view, ways.name)} />
    </>
  );
}

/** Where scratch catches up with each transfer; those without a name on the chart are folded away. */
function Crossovers({ rows }: { rows: readonly CrossoverRow[] }) {
  const folded = rows.filter((row) => !row.named);
  return (
    <>
      <h3 className="mt-2.5 text-ink2 text-label">Scratch catches up at (95 % interval)</h3>
      <CrossoverList rows={rows.filter((row) => row.named)} />
      {folded.length > 0 && (
        <details className="mt-1">
          <summary className="cursor-pointer text-ink2 text-label">{`${folded.length} more`}</summary>
          <CrossoverList rows={folded} />
        </details>
      )}
    </>
  );
}

const CrossoverList = ({ rows }: { rows: readonly CrossoverRow[] }) => (
  <dl>
    {rows.map(({ key, label, words }) => (
      <div key={key} className="flex justify-between gap-4 border-line border-b py-1">
        <dt className="text-ink2">{label}</dt>
        <dd className="text-right">{words}</dd>
      </div>
    ))}
  </dl>
);
