'use client';

import Link from 'next/link';
import { inkOn, MARK_INK, rampColour, tint } from '@/app/_lib/colour';
import { change, interval, percent } from '@/app/_lib/format';
import {
  type Column,
  judgedIn,
  metricSpread,
  placeOf,
  sideOf,
  valueIn,
  type Way,
  type WayTable,
  type WayUnit,
} from '@/app/_lib/method-compare';
import { type Theme, useTheme } from '@/app/_lib/theme';
import type { TaskMetric } from '@/lib/service/contracts';
import { metricNumber } from '@/lib/service/views/metric-words';
import { type ShownState, StateIcon } from '../ui/state-icon';

const KIND_NAME: Record<Exclude<Column['kind'], 'source'>, string> = {
  none: 'No source',
  together: 'All together',
  itself: 'Its own network',
};

const unitText = (unit: WayUnit, metric: TaskMetric | null): ((value: number) => string) =>
  unit === 'metric' && metric ? (value) => metricNumber(value, metric) : unit === 'effect' ? change : percent;

interface Props {
  table: WayTable;
  unit: WayUnit;
  metric: TaskMetric | null;
  caption: string;
  name: (id: string) => string;
  href: (way: Way) => string;
}

/** Method × source as a heat map that is a table: every cell says its number, its interval and whether it hurts. */
export function WayHeatMap({ table, unit, metric, caption, name, href }: Props) {
  const theme = useTheme();
  const { columns, rows } = table;
  const how = { unit, theme, metric, spread: metricSpread(table) };
  return (
    <div className="relative overflow-x-auto pb-1">
      <table className="border-separate border-spacing-[2px] text-label">
        <caption className="sr-only">{caption}</caption>
        <thead>
          <SimilarityRow columns={columns} />
          <tr>
            <th scope="col" className="sticky left-0 z-10 bg-paper pr-3 text-left font-medium text-ink3">
              Method
            </th>
            {columns.map((column) => (
              <th
                key={column.key}
                scope="col"
                className="max-w-[98px] px-1 pb-1 text-left align-bottom font-medium text-ink2"
              >
                {column.kind === 'source' ? name(column.key) : KIND_NAME[column.kind]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ method, cells }) => (
            <tr key={method.id}>
              <th
                scope="row"
                title={method.summary}
                className="sticky left-0 z-10 max-w-[180px] bg-paper pr-3 text-left font-medium text-body phone:max-w-[104px]"
              >
                {method.label}
              </th>
              {cells.map((way, i) => (
                <td key={columns[i]?.key} className="p-0">
                  {way !== null && <Tile way={way} {...how} href={href(way)} />}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Names the groups of columns where something says which sources are similar. */
function SimilarityRow({ columns }: { columns: readonly Column[] }) {
  const count = (similarity: Column['similarity']): number =>
    columns.filter((c) => c.kind === 'source' && c.similarity === similarity).length;
  const [similar, distant] = [count('similar'), count('distant')];
  if (similar + distant === 0) return null;
  const head = (text: string, span: number) =>
    span > 0 && (
      <th
        scope="colgroup"
        colSpan={span}
        className="border-line2 border-b px-1 text-left font-normal text-ink3"
      >
        {text}
      </th>
    );
  return (
    <tr>
      <td className="sticky left-0 z-10 bg-paper" />
      {head('similar', similar)}
      {head('distant', distant)}
    </tr>
  );
}

interface TileProps {
  way: Way;
  unit: WayUnit;
  theme: Theme;
  metric: TaskMetric | null;
  spread: number;
  href: string;
}

function Tile({ way, unit, theme, metric, spread, href }: TileProps) {
  const value = valueIn(way, unit);
  const judged = judgedIn(way, unit);
  const text = unitText(unit, metric);
  if (value === null) {
    return (
      <span className="flex h-[44px] w-[98px] items-center gap-1.5 rounded-tile border border-line px-2 text-ink3 phone:w-[88px]">
        <StateIcon state={way.state as ShownState} />
        {way.state}
      </span>
    );
  }
  const side = judged === null ? 'unsure' : sideOf(judged, unit);
  const place = judged === null ? 0.5 : placeOf(judged.value, unit, spread);
  const ramp = rampColour('diverging', theme, place);
  const colour = side === 'unsure' ? tint(ramp, theme, 0.35) : ramp;
  const range = interval(value, text);
  return (
    <Link
      href={href}
      className="block h-[44px] w-[98px] rounded-tile px-2 py-1 hover:ring-2 hover:ring-ink phone:w-[88px]"
      style={{ background: colour, color: MARK_INK[inkOn(colour)] }}
    >
      <span className="flex items-baseline justify-between font-semibold text-body">
        {text(value.value)}
        {way.helps === 'hurts' && (
          <span className="text-tick" title="negative transfer">
            <span aria-hidden="true">▼</span>
            <span className="sr-only">negative transfer</span>
          </span>
        )}
        {way.ownLabels && (
          <span className="text-tick" title="saw more of the target’s labels">
            <span aria-hidden="true">✱</span>
            <span className="sr-only">saw more labels</span>
          </span>
        )}
      </span>
      <span className="block whitespace-nowrap text-tick">{range ?? 'one value'}</span>
    </Link>
  );
}
