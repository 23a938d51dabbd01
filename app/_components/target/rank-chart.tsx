'use client';

import { scaleLinear } from 'd3';
import Link from 'next/link';
import { useState } from 'react';
import { percent, share } from '@/app/_lib/format';
import { gainDomain, rankLabels, type Tone, toneOf } from '@/app/_lib/ranking';
import type { RankedSource, TaskMetric } from '@/lib/service/contracts';
import {
  metricFigure,
  metricGainWithInterval,
  metricHead,
  metricWithInterval,
} from '@/lib/service/views/metric-words';

const ROW = 25;
const COLOUR: Record<Tone, string> = {
  better: 'var(--accent)',
  worse: 'var(--worse)',
  unsure: 'var(--ink2)',
};
const COLUMNS = {
  fewMetric:
    'grid-cols-[38px_minmax(110px,168px)_minmax(120px,1fr)_86px_76px_58px] phone:grid-cols-[30px_minmax(90px,118px)_minmax(80px,1fr)_62px]',
  manyMetric:
    'grid-cols-[44px_minmax(150px,236px)_minmax(110px,1fr)_86px_76px_58px] phone:grid-cols-[34px_minmax(112px,140px)_minmax(60px,1fr)_62px]',
  few: 'grid-cols-[38px_minmax(110px,168px)_minmax(120px,1fr)_86px_58px] phone:grid-cols-[30px_minmax(90px,118px)_minmax(90px,1fr)_48px]',
  many: 'grid-cols-[44px_minmax(150px,236px)_minmax(120px,1fr)_86px_58px] phone:grid-cols-[34px_minmax(120px,150px)_minmax(80px,1fr)_44px]',
};
/** Lines drawn at first; the button below shows the rest. */
const FIRST = 16;

interface Props {
  sources: readonly RankedSource[];
  label: (source: RankedSource) => string;
  href: (source: RankedSource) => string;
  /** Several methods: longer names. */
  many: boolean;
  /** What people report of the target, a column where it is known. */
  metric: TaskMetric | null;
}

/** Dot and whisker of every source, best first; the tie set is a band, the worse side is tinted. */
export function RankChart({ sources: all, label, href, many, metric }: Props) {
  const [whole, setWhole] = useState(false);
  const sources = whole || all.length <= FIRST + 10 ? all : all.slice(0, FIRST);
  const reported = metric !== null && all.some((s) => s.metric !== null);
  const GRID = `grid items-center gap-2 ${COLUMNS[`${many ? 'many' : 'few'}${reported ? 'Metric' : ''}`]}`;
  // A phone has room for one figure.
  const quality = `text-right ${reported ? 'phone:hidden' : ''}`;
  const [low, high] = gainDomain(all);
  const x = scaleLinear([low, high], [0, 100]);
  const ranks = rankLabels(all);
  const step = high - low > 0.55 ? 0.2 : 0.1;
  const count = Math.round((high - low) / step);
  const ticks = Array.from({ length: count + 1 }, (_, i) => Math.round((low + i * step) * 10) / 10).filter(
    (t) => t <= high + 1e-9,
  );
  // The band is drawn behind the lines that share the first rank.
  const tied = sources.filter((s) => s.tied && s.rank === 1).length;
  return (
    <div>
      <div className={`${GRID} pb-1 text-ink2 text-label`} aria-hidden="true">
        <span />
        <span>{many ? 'Source · method' : 'Source'}</span>
        <span className="relative h-5">
          <span
            className="absolute bottom-0 -translate-x-full whitespace-nowrap pr-2 font-semibold text-worse phone:hidden"
            style={{ left: `${x(0.5)}%` }}
          >
            ← worse
          </span>
          <span
            className="absolute bottom-0 whitespace-nowrap pl-2 font-semibold text-accent phone:hidden"
            style={{ left: `${x(0.5)}%` }}
          >
            {x(0.5) > (reported ? 25 : 60) ? 'better' : 'better than scratch'}
          </span>
        </span>
        <span className="phone:hidden">P(best)</span>
        {reported && <span className="truncate text-right first-letter:uppercase">{metricHead(metric)}</span>}
        <span className={quality}>Quality</span>
      </div>
      <div className="relative">
        <div className={`${GRID} pointer-events-none absolute inset-0`} aria-hidden="true">
          <span className="relative col-start-3 h-full">
            <span className="absolute inset-y-0 left-0 bg-worse-soft" style={{ width: `${x(0.5)}%` }} />
            {ticks.map((t) => (
              <span
                key={t}
                className="absolute inset-y-0 border-line border-l"
                style={{ left: `${x(t)}%` }}
              />
            ))}
            <span
              className="absolute inset-y-0 z-10 border-ink border-l-[1.5px]"
              style={{ left: `${x(0.5)}%` }}
            />
          </span>
        </div>
        {tied > 1 && (
          <span
            aria-hidden="true"
            className="absolute inset-x-0 top-0 rounded-control bg-accent-soft"
            style={{ height: tied * ROW }}
          />
        )}
        <ol className="relative">
          {sources.map((s, i) => (
            <li key={s.source}>
              <Link
                href={href(s)}
                className={`${GRID} rounded-control hover:bg-accent-soft/60`}
                style={{ height: ROW }}
              >
                <span className="pl-1 text-ink2 text-label">{ranks[i]}</span>
                <span title={label(s)} className={`truncate ${s.tied ? 'font-semibold' : ''}`}>
                  {label(s)}
                </span>
                <Whisker source={s} x={(v) => x(v)} />
                <Best source={s} />
                {reported && (
                  <span className="whitespace-nowrap text-right" title={metricGainText(s, metric)}>
                    {s.metric === null ? '–' : metricFigure(s.metric.value, metric)}
                  </span>
                )}
                <span className={quality}>{s.quality === null ? '–' : percent(s.quality.value)}</span>
              </Link>
            </li>
          ))}
        </ol>
      </div>
      <div className={`${GRID} text-ink2 text-tick`} aria-hidden="true">
        <span className="relative col-start-3 h-9">
          {ticks.map((t, i) => (
            <span
              key={t}
              className={`absolute top-1 -translate-x-1/2 whitespace-nowrap ${ticks.length > 4 && i % 2 === 1 ? 'phone:hidden' : ''}`}
              style={{ left: `${x(t)}%` }}
            >
              {percent(t)}
            </span>
          ))}
          <span className="absolute inset-x-0 top-[26px] whitespace-nowrap text-center phone:hidden">
            gain, share of test images won against scratch
          </span>
        </span>
      </div>
      {sources.length < all.length && (
        <button type="button" className="btn mt-1" onClick={() => setWhole(true)}>
          Show all {all.length}
        </button>
      )}
    </div>
  );
}

/** `accuracy 61.2 % (95 % interval …), difference to scratch +9.1 points (…)`. */
const metricGainText = ({ metric: own, metricGain }: RankedSource, metric: TaskMetric): string =>
  [
    own && `${metric.name} ${metricWithInterval(own, metric)}`,
    metricGain && `difference to scratch ${metricGainWithInterval(metricGain, metric)}`,
  ]
    .filter(Boolean)
    .join(', ');

function Whisker({ source, x }: { source: RankedSource; x: (value: number) => number }) {
  if (source.gain === null) return <span className="text-ink3 text-label">not measured</span>;
  const { value, low, high } = source.gain;
  const tone = toneOf(source);
  const colour = COLOUR[tone];
  return (
    <span className="relative h-full">
      <span className="sr-only">gain {percent(value)}</span>
      {low !== null && high !== null && (
        <span
          aria-hidden="true"
          className="absolute top-1/2 h-[2px] -translate-y-1/2"
          style={{
            left: `${x(low)}%`,
            width: `${x(high) - x(low)}%`,
            background: colour,
            opacity: tone === 'unsure' ? 0.55 : 0.6,
          }}
        />
      )}
      <span
        aria-hidden="true"
        className="absolute top-1/2 z-20 size-[11px] -translate-x-1/2 -translate-y-1/2 rounded-full border-2"
        style={{
          left: `${x(value)}%`,
          borderColor: colour,
          background: tone === 'unsure' ? 'var(--paper)' : colour,
        }}
      />
    </span>
  );
}

function Best({ source }: { source: RankedSource }) {
  const p = source.probabilityBest;
  if (p === null) return <span className="text-ink3 text-label phone:hidden">–</span>;
  if (p < 0.005) return <span className="phone:hidden" />;
  return (
    <span className="flex items-center gap-1.5 text-label phone:hidden">
      <span className="sr-only">probability best</span>
      <span
        className="h-[7px] rounded-[1px] bg-[var(--bar)]"
        style={{ width: `${Math.max(1, p * 50)}px` }}
        aria-hidden="true"
      />
      {p < 0.02 ? '< .02' : share(p)}
    </span>
  );
}
