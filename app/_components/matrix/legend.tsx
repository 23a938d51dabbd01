'use client';

import type { ReactNode } from 'react';
import { rampColour, tint } from '@/app/_lib/colour';
import type { Tile } from '@/app/_lib/matrix-model';
import type { Theme } from '@/app/_lib/theme';
import { affinityTicks, TILE_SHARE, UNIT_INFO, type Unit } from '@/app/_lib/units';
import type { CellState } from '@/lib/service/contracts';
import { TileShape } from './tiles';

const BOX = { x: 0, y: 0, w: 16, h: 16 };

function sample(theme: Theme, patch: Partial<Tile>): Tile {
  const colour = rampColour('sequential', theme, 0.68);
  return {
    source: '',
    target: '',
    text: '',
    number: '',
    short: '',
    state: 'done',
    kind: 'value',
    value: null,
    certainty: 'firm',
    colour,
    tint: tint(colour, theme),
    share: 1,
    mark: null,
    markInk: 'light',
    progress: 0.5,
    ...patch,
  };
}

function Entry({ tile, children }: { tile: Tile; children: ReactNode }) {
  return (
    <li className="flex items-center gap-1.5">
      <svg width="16" height="16" aria-hidden="true" className="shrink-0 overflow-visible">
        <TileShape tile={tile} box={BOX} phone={false} marks />
      </svg>
      {children}
    </li>
  );
}

interface LegendProps {
  unit: Unit;
  theme: Theme;
  states: ReadonlySet<CellState>;
  helpless: boolean;
  excluded: boolean;
  /** Some cell has an interval, so that tile sizes mean something. */
  intervals: boolean;
  /** Sources of a row: the affinity scale depends on them. */
  sources: number;
}

/** What colour, size and signs of the tiles mean; only states that occur are listed. */
export function Legend({ unit, theme, states, helpless, excluded, intervals, sources }: LegendProps) {
  const info = UNIT_INFO[unit];
  const empties: { state: CellState; label: string }[] = [
    { state: 'predicted', label: 'predicted' },
    { state: 'running', label: 'running' },
    { state: 'queued', label: 'queued' },
    { state: 'waiting', label: 'waiting' },
    { state: 'failed', label: 'failed' },
    { state: 'lost', label: 'lost' },
    { state: 'cancelled', label: 'cancelled' },
    { state: 'missing', label: 'not planned' },
  ];
  const present = empties.filter((e) => states.has(e.state));
  return (
    <div className="mt-4 flex flex-wrap gap-x-7 gap-y-4 text-ink2 text-label">
      <RampLegend unit={unit} theme={theme} sources={sources} />
      {info.ramp === 'sequential' && unit !== 'affinity' ? null : (
        <section aria-label="Certainty">
          <h2 className="mb-1.5 font-semibold text-ink">
            {intervals ? 'Certainty (95 % interval)' : 'In each row'}
          </h2>
          <ul className={intervals ? 'flex gap-3.5' : 'hidden'}>
            <Entry tile={sample(theme, {})}>firm</Entry>
            <Entry tile={sample(theme, { share: TILE_SHARE.wide })}>wide</Entry>
            <Entry tile={sample(theme, { share: TILE_SHARE.unsure })}>
              <span title={info.unsureNote}>{info.unsure}</span>
            </Entry>
          </ul>
          <ul className={`flex gap-3.5 ${intervals ? 'mt-1.5' : ''}`}>
            <Entry
              tile={sample(theme, {
                colour: 'transparent',
                mark: 'best',
                markInk: theme === 'dark' ? 'light' : 'dark',
              })}
            >
              best that helps
            </Entry>
            <Entry
              tile={sample(theme, {
                colour: 'transparent',
                mark: 'tied',
                markInk: theme === 'dark' ? 'light' : 'dark',
              })}
            >
              tied, helps too
            </Entry>
          </ul>
        </section>
      )}
      <section aria-label="Signs">
        <h2 className="mb-1.5 font-semibold text-ink">Signs</h2>
        <ul className="flex max-w-[330px] flex-wrap gap-x-3.5 gap-y-1.5">
          <Entry tile={sample(theme, { kind: 'itself' })}>itself</Entry>
          {present.map((e) => (
            <Entry
              key={e.state}
              tile={sample(theme, { state: e.state, kind: e.state === 'predicted' ? 'predicted' : 'empty' })}
            >
              {e.label}
            </Entry>
          ))}
          {helpless && (
            <li className="flex items-center gap-1.5">
              <span className="w-4 text-center">⊘</span>no source helps
            </li>
          )}
          {excluded && (
            <li className="flex items-center gap-1.5">
              <span className="w-4 text-center">†</span>excluded
            </li>
          )}
        </ul>
      </section>
    </div>
  );
}

function RampLegend({ unit, theme, sources }: { unit: Unit; theme: Theme; sources: number }) {
  const info = UNIT_INFO[unit];
  const ticks = unit === 'affinity' ? affinityTicks(sources) : info.ticks;
  const stops = Array.from({ length: 25 }, (_, i) => rampColour(info.ramp, theme, i / 24));
  return (
    <section aria-label="Colour">
      <h2 className="mb-1.5 font-semibold text-ink">{info.legend}</h2>
      <div className="relative w-[216px] pb-5">
        <div
          className="h-3.5 rounded-tile"
          style={{ background: `linear-gradient(90deg, ${stops.join(', ')})` }}
        />
        {ticks.map(([at, text], i) => (
          <span
            key={text}
            className={`absolute top-4 whitespace-nowrap text-tick ${i === 0 ? '' : at === 1 ? '-translate-x-full' : i === ticks.length - 1 ? '-translate-x-1/3' : '-translate-x-1/2'}`}
            style={{ left: `${at * 100}%` }}
          >
            {text}
          </span>
        ))}
      </div>
    </section>
  );
}
