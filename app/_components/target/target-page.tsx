'use client';

import Link from 'next/link';
import { API, apiPath, sweepPath } from '@/app/_lib/api';
import { count, interval, list, loss, percent, share } from '@/app/_lib/format';
import { harmful } from '@/app/_lib/ranking';
import { useApi } from '@/app/_lib/use-api';
import { useSweep } from '@/app/_lib/use-sweep';
import { useUrlState } from '@/app/_lib/use-url-state';
import type { Ways } from '@/app/_lib/ways';
import {
  type BestSourceView,
  bestSourceView,
  type CandidateSet,
  type RankedSource,
  type TargetView,
} from '@/lib/service/contracts';
import { metricFigure, metricHead, metricNumber } from '@/lib/service/views/metric-words';
import { PageHead } from '../shell/page-head';
import { CopyLink } from '../ui/copy-button';
import { Figure, Figures } from '../ui/figure';
import { MethodSelect } from '../ui/method-select';
import { Empty, Failure, Loading } from '../ui/status';
import { DomainsSection } from './domains-section';
import { OrdersSection } from './orders-section';
import { RankChart } from './rank-chart';
import { RuleSection } from './rule-section';
import { SizeSection } from './size-section';
import { Snippet } from './snippet';

/** One target: its sources ranked with their intervals, whether it means anything, when not to transfer. */
export function TargetPage({ id, target }: { id: string; target: string }) {
  const sweep = useSweep(id);
  const { query } = useUrlState();
  const method = query.get('method') ?? undefined;
  const at = sweepPath(id, '/best-source');
  const { data, error, retry, stale } = useApi(apiPath(at, { target, method }), bestSourceView);
  const base = `/sweeps/${encodeURIComponent(id)}`;
  const trail = [
    { label: sweep.data?.name ?? 'Sweep', href: base },
    { label: 'Targets', href: `${base}/targets` },
    { label: sweep.name(target) },
  ];
  return (
    <>
      <PageHead
        trail={trail}
        title={sweep.name(target)}
        finding={stale ? undefined : data?.advice}
        liveSweep={id}
        actions={<CopyLink />}
      />
      {data === undefined || stale ? (
        <div className="mt-5">
          {error === null ? (
            <Loading what="the ranking" />
          ) : (
            <Failure error={error} retry={retry} title="This target cannot be shown" />
          )}
        </div>
      ) : (
        <Ranking
          id={id}
          view={data}
          name={sweep.name}
          ways={sweep.ways}
          method={method}
          seeds={sweep.data?.seeds.length ?? 1}
        />
      )}
    </>
  );
}

interface RankingProps {
  id: string;
  view: BestSourceView;
  name: (id: string) => string;
  ways: Ways;
  /** The one method that is ranked; all of them when absent. */
  method: string | undefined;
  seeds: number;
}

function Ranking({ id, view, name, ways, method, seeds }: RankingProps) {
  const single = view.sources;
  const intervals = single.some((s) => s.gain !== null && s.gain.low !== null);
  const label = (s: RankedSource): string =>
    method === undefined ? ways.name(s) : s.sources.map(name).join(' + ') || ways.label(s.method);
  const base = `/sweeps/${encodeURIComponent(id)}`;
  const row = view.targetRow;
  return (
    <>
      <TargetFigures
        sources={single}
        set={view.set}
        row={row}
        intervals={intervals}
        noun={ways.many ? 'Ways' : 'Sources'}
      />
      {!row.kept && (
        <p className="mt-3 rounded-control bg-worse-soft px-3 py-2">
          <strong className="font-semibold">Excluded.</strong> {row.reasons.join('; ')}
        </p>
      )}
      <div className="mt-4 grid grid-cols-[minmax(0,1.62fr)_minmax(300px,1fr)] items-start gap-9 max-[1080px]:grid-cols-1">
        <div className="flex flex-col gap-6">
          <section aria-label="Sources, ranked">
            <div className="flex flex-wrap items-center justify-between gap-2">
              <h2 className="section-title">
                {view.set.name}, {view.set.measureWords}
              </h2>
              <MethodSelect methods={ways.methods} value={method ?? ''} all="All methods" />
            </div>
            <p className="mb-2 text-ink2 text-label">
              {intervals ? 'gain with 95 % interval' : 'gain, no intervals known'}
              {seeds === 1 ? ', one seed' : `, ${seeds} seeds`}
              {row.testImages > 0 && `, ${count(row.testImages)} test images`}
              {view.set.missing !== null && view.set.measure === 'affinity' && `; ${view.set.missing}`}
            </p>
            {single.length === 0 ? (
              <Empty title="Nothing measured yet">
                The ranking appears when the first transfer to this target is done.
              </Empty>
            ) : (
              <RankChart
                sources={single}
                label={label}
                href={(s) => ways.href(base, s, view.target)}
                many={ways.many}
                metric={row.metric}
              />
            )}
            {row.metricNote !== null && (
              <p className="mt-1 text-ink2 text-label first-letter:uppercase">{row.metricNote}.</p>
            )}
          </section>
          <DomainsSection id={id} target={view.target} />
          <OrdersSection id={id} target={view.target} name={name} />
          <RuleSection id={id} target={view.target} ways={ways} />
        </div>
        <div className="flex flex-col gap-4">
          <References
            row={row}
            tournament={`${base}/targets/${encodeURIComponent(view.target)}/tournament`}
          />
          <SizeSection id={id} target={view.target} ways={ways} />
          <WhenNot
            sources={single}
            set={view.set}
            row={row}
            label={label}
            noun={ways.many ? 'way' : 'source'}
          />
          <Snippet path={`${API}${apiPath(sweepPath(id, '/best-source'), { target: view.target, k: 3 })}`} />
        </div>
      </div>
    </>
  );
}

function TargetFigures({
  sources,
  set,
  row,
  intervals,
  noun,
}: {
  sources: readonly RankedSource[];
  set: CandidateSet;
  row: TargetView;
  intervals: boolean;
  noun: string;
}) {
  const { helps, unsure, hurts, unknown } = set.verdicts;
  const qualities = sources.flatMap((s) => (s.quality === null ? [] : [s.quality.value]));
  const nothing = row.scratchSkill !== null && row.scratchSkill < 0;
  const { metric, metrics } = row;
  const taken = sources.find(({ source }) => source === (set.best ?? set.leader));
  return (
    <Figures>
      {metric !== null && taken?.metric != null && (
        <Figure
          label={
            <span className="inline-block first-letter:uppercase">{`${metricHead(metric)}, ${set.best ? 'best choice' : 'leader'}`}</span>
          }
          value={metricFigure(taken.metric.value, metric)}
          note={[
            interval(taken.metric, (x) => metricFigure(x, metric)),
            metrics.scratch && `scratch ${metricFigure(metrics.scratch.value, metric)}`,
            metrics.gold && `own network ${metricFigure(metrics.gold.value, metric)}`,
          ]
            .filter(Boolean)
            .join(', ')}
        />
      )}
      <Figure
        label={`${noun} that help`}
        value={helps}
        note={`of ${set.name}, ${intervals ? 'interval of gain' : 'gain'} above 50 % and skill above 0`}
      />
      <Figure label="Cannot tell" value={unsure + unknown} note="neither shown to help nor to hurt" />
      <Figure
        label={`${noun} that hurt`}
        value={hurts}
        note={`${intervals ? 'interval of gain' : 'gain'} below 50 %, or skill below 0`}
        {...(hurts > 0 ? { tone: 'worse' as const } : {})}
      />
      <Figure
        label="Best quality"
        value={qualities.length === 0 ? '–' : percent(Math.max(...qualities))}
        note="of images beat its own network"
      />
      {nothing && (
        <Figure
          label="Scratch’s skill"
          value={share(row.scratchSkill ?? 0)}
          note="worse than a constant predictor: a gain over it says little"
          tone="worse"
        />
      )}
      <Figure
        label="Validity"
        value={row.goldSkill === null ? '–' : share(row.goldSkill.value)}
        note={
          row.goldSkill === null ? 'own network’s skill not known' : 'skill of its own network, .10 needed'
        }
        {...(row.kept ? {} : { tone: 'worse' as const })}
      />
    </Figures>
  );
}

const REFERENCE_NAMES = { mean: 'Mean predictor', scratch: 'Scratch', gold: 'Own network' } as const;

function References({ row, tournament }: { row: TargetView; tournament: string }) {
  const facts: [string, string | null][] = [
    ['Mean predictor', row.losses.mean === null ? null : loss(row.losses.mean)],
    ['From scratch', row.losses.scratch === null ? null : loss(row.losses.scratch)],
    ['Own network', row.losses.gold === null ? null : loss(row.losses.gold)],
    ...(['mean', 'scratch', 'gold'] as const).map((kind): [string, string | null] => [
      `${REFERENCE_NAMES[kind]}, ${row.metric?.name}`,
      row.metric === null || row.metrics[kind] === null
        ? null
        : metricNumber(row.metrics[kind].value, row.metric),
    ]),
    ['Source over seed variance', row.signalToNoise === null ? null : share(row.signalToNoise, 1)],
    ['Ties between transfers', row.tieRate === null || row.testImages === 0 ? null : percent(row.tieRate, 1)],
    ['Consistency index', row.consistencyIndex === null ? null : share(row.consistencyIndex, 3)],
  ];
  const known = facts.filter(([, value]) => value !== null);
  if (known.length === 0) return null;
  const grey = row.signalToNoise !== null && row.signalToNoise < 3;
  return (
    <section aria-label="References">
      <h2 className="section-title">What this rests on</h2>
      <p className="text-ink2 text-label">
        mean test losses, lower is better, and the checks of the{' '}
        <Link className="link" href={tournament}>
          tournament
        </Link>
      </p>
      <dl className="mt-1.5 grid grid-cols-2 gap-x-6">
        {known.map(([label, value]) => (
          <div key={label} className="flex justify-between border-line border-b py-1">
            <dt className="text-ink2">{label}</dt>
            <dd className="font-semibold">{value}</dd>
          </div>
        ))}
      </dl>
      {row.backends.length > 1 && (
        <p className="mt-1.5 text-worse">
          Its runs were computed on {list(row.backends)}: differences as small as theirs (1e-4 of a loss) say
          nothing.
        </p>
      )}
      {grey && (
        <p className="mt-1.5 text-worse">
          Sources differ less than three times as much as seeds do: read the order with care.
        </p>
      )}
    </section>
  );
}

function WhenNot({
  sources,
  set,
  row,
  label,
  noun,
}: {
  sources: readonly RankedSource[];
  set: CandidateSet;
  row: TargetView;
  label: (s: RankedSource) => string;
  noun: string;
}) {
  const bad = harmful(sources);
  if (sources.length === 0) return null;
  const reference =
    row.scratchSkill !== null && row.scratchSkill < 0
      ? 'training from scratch or a constant predictor'
      : 'training from scratch on most test images';
  return (
    <section aria-label="When not to transfer" className="rule pt-3">
      <h2 className="section-title">When not to transfer</h2>
      <p className="mt-0.5 text-ink2">
        {bad.length === 0
          ? `No ${noun} is shown to hurt.`
          : `Do not transfer from ${bad.length === 1 ? `the ${noun}` : `the ${bad.length} ${noun}s`} shown in ochre, least of all ${list(bad.slice(0, 3).map(label))}: ${bad.length === 1 ? 'it loses' : 'each loses'} to ${reference}.`}
        {row.kept &&
          set.noneHelps &&
          ` No ${noun} is shown to help: ${(row.scratchSkill ?? 0) < 0 ? 'label more images of this task.' : 'train this task from scratch, or label it fully.'}`}
      </p>
    </section>
  );
}
