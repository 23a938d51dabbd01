'use client';

import Link from 'next/link';
import type { ReactNode } from 'react';
import { apiPath, sweepPath } from '@/app/_lib/api';
import { change, interval, list, ordinal, percent, share, signed } from '@/app/_lib/format';
import type { MatrixModel } from '@/app/_lib/matrix-model';
import { cellKey, rankedCells } from '@/app/_lib/matrix-model';
import { UNIT_INFO } from '@/app/_lib/units';
import { useApi } from '@/app/_lib/use-api';
import type { Ways } from '@/app/_lib/ways';
import {
  type CellView,
  type Estimate,
  type MatrixView,
  pairView,
  type TargetView,
} from '@/lib/service/contracts';
import { metricGainCell, metricGainNumber, metricNumber } from '@/lib/service/views/metric-words';
import { Arrow } from '../ui/arrow';
import { IntervalPlot } from '../ui/interval';
import { StateIcon } from '../ui/state-icon';
import { AffinityStrip } from './affinity-strip';
import { Rivals } from './rivals';

interface Props {
  sweepId: string;
  matrix: MatrixView;
  model: MatrixModel;
  cell: CellView;
  name: (id: string) => string;
  ways: Ways;
}

/** "2nd of 25 single sources." "Tied for first of 25 single sources. Distance and Reshading cannot be told apart." */
export function rankSentence(matrix: MatrixView, cell: CellView, name: (id: string) => string): string {
  if (cell.source === cell.target) return 'Re-transfer: the frozen encoder of the target’s own network.';
  const row = matrix.targetRows.find((r) => r.target === cell.target);
  if (row === undefined || cell.rank === null || !row.complete) return stateSentence(cell);
  const by = row.set.measure === 'affinity' ? '' : ` by ${row.set.measure}`;
  const place = `${cell.tied ? 'Tied for first' : cell.rank === 1 ? 'First' : ordinal(cell.rank)} of ${row.set.name}${by}${usefulness(cell)}.`;
  const tied = rankedCells(matrix, cell.target)
    .filter((c) => c.tied && c.source !== cell.source)
    .map((c) => name(c.source));
  if (!cell.tied || tied.length === 0) return place;
  return `${place} ${list([...tied.slice(0, 3), tied.length > 3 ? `${tied.length - 3} more` : name(cell.source)])} cannot be told apart${tied.length > 3 ? ' from it' : ''}.`;
}

/** A rank alone recommends nothing: whether a constant is as good belongs beside it. */
const usefulness = ({ skill }: CellView): string =>
  skill !== null && skill <= 0 ? `, but a constant predictor beats it (skill ${signed(skill, 2)})` : '';

function stateSentence(cell: CellView): string {
  if (cell.state === 'predicted') return 'Not measured yet: the ridge probe gives a first guess.';
  if (cell.state === 'done') return 'Measured. Its rank follows when every source of this target is done.';
  return `This transfer is ${cell.state}.`;
}

/** Everything about the selected cell in one column. */
export function CellPanel(props: Props) {
  const { matrix, model, cell, name } = props;
  const measured = cell.gain !== null || cell.affinity !== null;
  return (
    <div className="p-4">
      <p className="text-ink3 text-label">Selected cell</p>
      <h2 className="mt-0.5 font-semibold font-serif text-object leading-tight">
        {name(cell.source)}
        <Arrow />
        {name(cell.target)}
      </h2>
      <p className="mt-1.5 text-ink2">{rankSentence(matrix, cell, name)}</p>
      {measured ? <Measures cell={cell} row={model.targets.get(cell.target)} /> : <StateLine cell={cell} />}
      {cell.affinity !== null && (
        <div className="rule mt-3 pt-3">
          <AffinityStrip matrix={matrix} model={model} cell={cell} name={name} />
        </div>
      )}
      {measured && cell.source !== cell.target && <PairRivals {...props} />}
      <div className="rule mt-3 flex items-center justify-between pt-3 text-ink2 text-label">
        <Seeds matrix={matrix} />
        {cell.probabilityBest !== null && (
          <span>
            P(best) {share(cell.probabilityBest)} of {model.targets.get(cell.target)?.set.name}
          </span>
        )}
      </div>
      <PanelActions {...props} />
    </div>
  );
}

function PanelActions({ sweepId, matrix, cell, ways }: Pick<Props, 'sweepId' | 'matrix' | 'cell' | 'ways'>) {
  const base = `/sweeps/${encodeURIComponent(sweepId)}`;
  return (
    <div className="mt-3 flex flex-wrap gap-2">
      <Link
        className="btn btn-primary phone:flex-1"
        href={ways.href(base, { method: matrix.method, sources: [cell.source] }, cell.target)}
      >
        Open pair
      </Link>
      <Link className="btn phone:flex-1" href={`${base}/targets/${encodeURIComponent(cell.target)}`}>
        Open target
      </Link>
    </div>
  );
}

function Seeds({ matrix }: { matrix: MatrixView }) {
  if (matrix.seeds <= 1) return <span>One seed: this checkpoint, not this task</span>;
  return (
    <span className="flex items-center gap-1.5">
      <StateIcon state="done" size={9} />
      {matrix.seeds} seeds
    </span>
  );
}

function StateLine({ cell }: { cell: CellView }) {
  return (
    <div className="rule mt-3 flex items-center gap-2 pt-3 text-ink2">
      <StateIcon state={cell.state} />
      <span className="capitalize">{cell.state}</span>
      {cell.progress !== null && <span>{percent(cell.progress)}</span>}
      {cell.probe !== null && <span className="ml-auto">probe skill {share(cell.probe)}</span>}
    </div>
  );
}

/** What people report, beside scratch's: there is no common scale to draw it on. */
function MetricLine({ cell, row }: { cell: CellView; row: TargetView | undefined }) {
  if (!row?.metric || cell.metric === null) return null;
  const { metric, metrics } = row;
  const scratch = metrics.scratch === null ? [] : [`scratch ${metricNumber(metrics.scratch.value, metric)}`];
  const gain = cell.metricGain === null ? [] : [`difference ${metricGainCell(cell.metricGain, metric)}`];
  return (
    <div className="grid grid-cols-[1fr_auto] items-baseline gap-x-2">
      <dt className="first-letter:uppercase">{metric.name}</dt>
      <dd className="font-semibold text-[15px]">{metricNumber(cell.metric.value, metric)}</dd>
      <dd className="col-span-2 text-ink2 text-label">
        {[interval(cell.metric, (x) => metricNumber(x, metric)), ...scratch, ...gain]
          .filter((text) => text !== null)
          .join(', ')}
      </dd>
    </div>
  );
}

function Measures({ cell, row }: { cell: CellView; row: TargetView | undefined }) {
  return (
    <dl className="rule mt-3 flex flex-col gap-3 pt-3">
      <MetricLine cell={cell} row={row} />
      {cell.gain !== null && (
        <Measure
          label="Gain"
          estimate={cell.gain}
          text={percent}
          domain={[0, 1]}
          neutral={0.5}
          note="of images beat scratch"
        />
      )}
      {cell.quality !== null && (
        <Measure
          label="Quality"
          estimate={cell.quality}
          text={percent}
          domain={[0, 1]}
          neutral={0.5}
          note="of images beat its own network"
        />
      )}
      {cell.effect !== null && (
        <Measure
          label="Effect"
          estimate={cell.effect}
          text={change}
          domain={[-Math.log(4), Math.log(4)]}
          neutral={0}
          note="median over images of the loss against scratch"
        />
      )}
    </dl>
  );
}

interface MeasureProps {
  label: string;
  estimate: Estimate;
  text: (x: number) => string;
  domain: readonly [number, number];
  neutral: number;
  note: ReactNode;
}

function Measure({ label, estimate, text, domain, neutral, note }: MeasureProps) {
  const range = interval(estimate, text);
  return (
    <div className="grid grid-cols-[64px_64px_minmax(0,1fr)] items-center gap-x-2">
      <dt>{label}</dt>
      <dd className="font-semibold text-[15px]">{text(estimate.value)}</dd>
      <dd>
        <IntervalPlot estimate={estimate} domain={domain} neutral={neutral} />
      </dd>
      <dd className="col-span-3 text-ink2 text-label">
        {note}
        {range !== null && `, ${range}`}
      </dd>
    </div>
  );
}

function PairRivals({ sweepId, matrix, cell, name, ways }: Omit<Props, 'model'>) {
  const path = apiPath(
    sweepPath(sweepId, `/pairs/${encodeURIComponent(cell.source)}/${encodeURIComponent(cell.target)}`),
    { method: ways.many ? matrix.method : undefined },
  );
  const { data, stale } = useApi(path, pairView);
  if (data === undefined || stale || data.rivals.length === 0) return null;
  return (
    <div className="rule mt-3 pt-3">
      <h3 className="section-title">Nearest rivals</h3>
      <p className="text-ink2 text-label">share of images on which {name(cell.source)} wins</p>
      <Rivals rivals={data.rivals.slice(0, 5)} name={ways.keyName} />
    </div>
  );
}

/** The phone's bottom sheet: the same numbers in one row. */
export function CellSheet({ onMove, ...props }: Props & { onMove: (dx: number) => void }) {
  const { matrix, cell, name } = props;
  const numbers: [string, Estimate | null, (x: number) => string][] = [
    ['Gain', cell.gain, percent],
    ['Quality', cell.quality, percent],
    ['Effect', cell.effect, change],
    ['Affinity', cell.affinity, UNIT_INFO.affinity.format],
  ];
  const { metric = null } = props.model.targets.get(cell.target) ?? {};
  const reported = metric && cell.metric ? `${metric.name} ${metricNumber(cell.metric.value, metric)}` : null;
  const gain =
    metric && cell.metricGain ? ` (${metricGainNumber(cell.metricGain.value, metric)} on scratch)` : '';
  return (
    <section
      aria-label="Selected cell"
      className="fixed inset-x-0 bottom-0 z-20 rounded-t-[14px] border-line border-t bg-panel px-4 pt-2 pb-[62px] shadow-[0_-6px_20px_rgb(0_0_0/0.08)]"
    >
      <div className="mx-auto mb-2 h-1 w-9 rounded-full bg-line2" />
      <div className="flex items-start justify-between gap-2">
        <div className="min-w-0">
          <h2 className="font-semibold font-serif text-[17px] leading-tight">
            {name(cell.source)}
            <Arrow />
            {name(cell.target)}
          </h2>
          <p className="text-ink2">{rankSentence(matrix, cell, name)}</p>
          {reported !== null && (
            <p className="font-semibold first-letter:uppercase">
              {reported}
              {gain}
            </p>
          )}
        </div>
        <div className="flex gap-1.5">
          <button type="button" className="btn px-3" aria-label="Source before" onClick={() => onMove(-1)}>
            ◂
          </button>
          <button type="button" className="btn px-3" aria-label="Next source" onClick={() => onMove(1)}>
            ▸
          </button>
        </div>
      </div>
      <dl className="mt-2 grid grid-cols-4 border-line border-t pt-2" key={cellKey(cell.source, cell.target)}>
        {numbers.map(([label, estimate, text]) => (
          <div key={label}>
            <dt className="text-ink2 text-label">{label}</dt>
            <dd className="font-semibold text-[17px]">{estimate === null ? '–' : text(estimate.value)}</dd>
            <dd className="text-ink2 text-tick">{interval(estimate, text) ?? ' '}</dd>
          </div>
        ))}
      </dl>
      <PanelActions {...props} />
    </section>
  );
}
