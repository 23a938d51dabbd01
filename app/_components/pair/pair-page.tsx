'use client';

import Link from 'next/link';
import { apiPath, sweepPath } from '@/app/_lib/api';
import { letterStrips } from '@/app/_lib/curves';
import { change, count, interval, percent, plural, share, took } from '@/app/_lib/format';
import { pairFinding } from '@/app/_lib/pair-words';
import { useApi } from '@/app/_lib/use-api';
import { useSweep } from '@/app/_lib/use-sweep';
import { useUrlState } from '@/app/_lib/use-url-state';
import type { Ways } from '@/app/_lib/ways';
import { type PairView, pairView } from '@/lib/service/contracts';
import { metricNumber } from '@/lib/service/views/metric-words';
import { Rivals } from '../matrix/rivals';
import { PageHead } from '../shell/page-head';
import { Arrow } from '../ui/arrow';
import { CopyLink } from '../ui/copy-button';
import { Figure, Figures } from '../ui/figure';
import { MethodSelect } from '../ui/method-select';
import { type ShownState, StateIcon } from '../ui/state-icon';
import { Failure, Loading } from '../ui/status';
import { LearningCurves } from './learning-curves';
import { RatioCurve } from './ratio-curve';
import { Strips } from './strips';

export function PairPage({ id, source, target }: { id: string; source: string; target: string }) {
  const sweep = useSweep(id);
  const { query } = useUrlState();
  const path = apiPath(sweepPath(id, `/pairs/${encodeURIComponent(source)}/${encodeURIComponent(target)}`), {
    method: query.get('method') ?? undefined,
  });
  const { data, error, retry, stale } = useApi(path, pairView);
  const base = `/sweeps/${encodeURIComponent(id)}`;
  const label = source.split('+').map(sweep.name).join(' + ');
  const trail = [
    { label: sweep.data?.name ?? 'Sweep', href: base },
    { label: 'Pairs', href: `${base}/pairs` },
    { label: `${label} to ${sweep.name(target)}` },
  ];
  const title = (
    <>
      {label}
      <Arrow />
      {sweep.name(target)}
      {sweep.ways.many && data !== undefined && (
        <span className="text-ink2"> by {sweep.ways.label(data.method)}</span>
      )}
    </>
  );
  const shown = sweep.ways.paired.some((m) => m.id === data?.method) && !source.includes('+');
  return (
    <>
      <PageHead
        trail={trail}
        title={title}
        finding={data === undefined || stale ? undefined : pairFinding(data)}
        liveSweep={id}
        actions={
          <>
            {data !== undefined && shown && <MethodSelect methods={sweep.ways.paired} value={data.method} />}
            <Link className="btn" href={`${base}/targets/${encodeURIComponent(target)}`}>
              Open target
            </Link>
            <CopyLink />
          </>
        }
      />
      {data === undefined || stale ? (
        <div className="mt-5">
          {error === null ? (
            <Loading what="the pair" />
          ) : (
            <Failure error={error} retry={retry} title="This pair cannot be shown" />
          )}
        </div>
      ) : (
        <PairBody
          pair={data}
          name={sweep.name}
          ways={sweep.ways}
          bare={sweep.data?.origin === 'imported' && data.curves.length === 0}
        />
      )}
    </>
  );
}

function PairBody({
  pair,
  name,
  ways,
  bare,
}: {
  pair: PairView;
  name: (id: string) => string;
  ways: Ways;
  /** Nothing is known of single runs: neither curves nor pictures. */
  bare: boolean;
}) {
  const strips = letterStrips(pair.strips);
  const source = pair.source.split('+').map(name).join(' + ');
  return (
    <>
      <PairFigures pair={pair} />
      {bare && (
        <p className="mt-4 max-w-2xl text-ink2">
          These results were imported: losses, curves and images of single runs are not part of the published
          files, so only the numbers above are known.
        </p>
      )}
      <div className="mt-4 grid grid-cols-[minmax(0,1.85fr)_minmax(290px,1fr)] items-start gap-9 max-[1080px]:grid-cols-1">
        {bare ? <span /> : <Strips strips={strips} />}
        <div className={`flex flex-col gap-5 ${bare ? 'col-start-1 row-start-1 max-w-md' : ''}`}>
          {!bare && <LearningCurves pair={pair} />}
          {!bare && pair.sortedLogRatios.length > 0 && (
            <div className="rule pt-4">
              <RatioCurve ratios={pair.sortedLogRatios} letters={strips} />
            </div>
          )}
          {pair.rivals.length > 0 && (
            <section aria-label="Nearest rivals" className="rule pt-4">
              <h2 className="section-title">Nearest rivals</h2>
              <p className="text-ink2 text-label">share of images on which {source} wins</p>
              <Rivals rivals={pair.rivals} name={ways.keyName} />
            </section>
          )}
          {pair.runs.length > 0 && <PairRuns pair={pair} />}
        </div>
      </div>
    </>
  );
}

function PairFigures({ pair }: { pair: PairView }) {
  const { cell, targetRow } = pair;
  const note = (text: string | null, other: string): string => (text === null ? other : `interval ${text}`);
  const seeds = new Set(pair.runs.filter((r) => r.kind === 'transfer').map((r) => r.seed)).size;
  const { metric, metrics } = targetRow;
  return (
    <Figures>
      {metric !== null && cell.metric !== null && (
        <Figure
          label={<span className="inline-block first-letter:uppercase">{metric.name}</span>}
          value={metricNumber(cell.metric.value, metric)}
          note={[
            note(
              interval(cell.metric, (x) => metricNumber(x, metric)),
              'no interval known',
            ),
            ...(metrics.scratch === null ? [] : [`scratch ${metricNumber(metrics.scratch.value, metric)}`]),
            ...(metrics.gold === null ? [] : [`own network ${metricNumber(metrics.gold.value, metric)}`]),
          ].join(', ')}
        />
      )}
      <Figure
        label="Gain"
        value={cell.gain === null ? '–' : percent(cell.gain.value)}
        note={note(interval(cell.gain, percent), 'of images beat scratch')}
      />
      {cell.skill !== null && (
        <Figure
          label="Skill"
          value={share(cell.skill)}
          note={
            cell.skill <= 0
              ? 'a constant predictor is as good'
              : `over a constant; scratch’s is ${targetRow.scratchSkill === null ? 'not known' : share(targetRow.scratchSkill)}`
          }
          {...(cell.skill <= 0 ? { tone: 'worse' as const } : {})}
        />
      )}
      <Figure
        label="Quality"
        value={cell.quality === null ? '–' : percent(cell.quality.value)}
        note={note(interval(cell.quality, percent), 'of images beat its own network')}
      />
      <Figure
        label="Effect"
        value={cell.effect === null ? '–' : change(cell.effect.value)}
        note="median over images of the loss against scratch"
      />
      <Figure
        label="P(best)"
        value={cell.probabilityBest === null ? '–' : share(cell.probabilityBest)}
        note={
          cell.rank === null
            ? 'no member of a ranking'
            : `${cell.tied ? 'tied for first' : `rank ${cell.rank}`} of ${targetRow.set.name}`
        }
      />
      <Figure
        label="Evidence"
        value={seeds > 0 ? plural(seeds, 'seed') : cell.state}
        note={targetRow.testImages > 0 ? `${count(targetRow.testImages)} test images` : 'imported'}
      />
    </Figures>
  );
}

function PairRuns({ pair }: { pair: PairView }) {
  return (
    <section aria-label="Runs" className="rule pt-4">
      <h2 className="section-title mb-1">Runs</h2>
      <ul className="flex flex-col">
        {pair.runs.map((run) => (
          <li
            key={run.fingerprint}
            className="flex flex-wrap items-center gap-x-2.5 border-line border-b py-1"
          >
            <StateIcon state={run.state as ShownState} />
            <span>{run.kind}</span>
            {run.seed !== null && <span className="text-ink3">seed {run.seed}</span>}
            <span className="text-ink2 text-label">
              {run.seconds === null ? run.state : took(run.seconds)}
              {run.backend !== null && `, ${run.backend}`}
            </span>
            <code className="ml-auto font-mono text-[11.5px] text-ink3">{run.fingerprint.slice(0, 8)}</code>
            {run.failure !== null && <span className="basis-full text-fail text-label">{run.failure}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}
