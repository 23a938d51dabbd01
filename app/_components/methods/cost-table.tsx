'use client';

import Link from 'next/link';
import { duration, flops, interval, percent, signed } from '@/app/_lib/format';
import { type CostPoint, computeUnit, type Way, worth } from '@/app/_lib/method-compare';
import { useUrlState } from '@/app/_lib/use-url-state';
import { SortHead, sortRows } from '../ui/sort-head';

const columnsIn = (unit: number) => ({
  gain: (p: CostPoint) => p.gain.value,
  flops: (p: CostPoint) => p.flops,
  times: (p: CostPoint) => p.times,
  seconds: (p: CostPoint) => p.seconds,
  worth: (p: CostPoint) => worth(p, unit),
});

/** Two significant digits, no exponent. */
const short = (x: number): string =>
  signed(x, Math.max(0, Math.min(4, 1 - Math.floor(Math.log10(Math.abs(x) || 1)))));

const time = (seconds: number): string =>
  seconds < 9.95 ? `${seconds.toFixed(1)}\u00a0s` : duration(seconds);

interface Props {
  points: readonly CostPoint[];
  label: (point: CostPoint) => string;
  href: (way: Way) => string;
  selected: string | null;
  onSelect: (key: string | null) => void;
}

/** The same ways as lines: gain, cost, and points of gain above 50 % for each unit of compute. */
export function CostTable({ points, label, href, selected, onSelect }: Props) {
  const { query, set } = useUrlState();
  const head = { query, set, number: true };
  const unit = computeUnit(points);
  const rows = sortRows(points, columnsIn(unit.flops), query, 'gain');
  return (
    <div className="relative max-h-[430px] overflow-auto">
      <table className="table">
        <caption className="sr-only">Ways by gain and training compute</caption>
        <thead className="sticky top-0 bg-paper">
          <tr>
            <th scope="col">Way</th>
            <SortHead {...head} id="gain" label="Gain" />
            <SortHead {...head} id="flops" label="Compute" />
            <SortHead {...head} id="times" label="× scratch" wide />
            <SortHead {...head} id="seconds" label="Time" wide />
            <SortHead {...head} id="worth" label={`Points/${unit.name}`} />
          </tr>
        </thead>
        <tbody>
          {rows.map((p) => (
            <CostLine
              key={p.key}
              point={p}
              name={label(p)}
              href={href}
              on={p.key === selected}
              unit={unit.flops}
              onSelect={onSelect}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface LineProps {
  point: CostPoint;
  name: string;
  href: Props['href'];
  on: boolean;
  unit: number;
  onSelect: Props['onSelect'];
}

function CostLine({ point, name, href, on, unit, onSelect }: LineProps) {
  const { way, gain, times } = point;
  const value = worth(point, unit);
  return (
    <tr
      className={on ? 'bg-accent-soft' : ''}
      onPointerEnter={() => onSelect(point.key)}
      onPointerLeave={() => onSelect(null)}
    >
      <td>
        {way === null ? (
          <span className="text-ink2">{name}</span>
        ) : (
          <Link
            className="link"
            href={href(way)}
            onFocus={() => onSelect(point.key)}
            onBlur={() => onSelect(null)}
          >
            {name}
          </Link>
        )}
        {point.front && <span className="block text-ink3 text-tick">best for its price</span>}
        {way?.helps === 'hurts' && <span className="block text-tick text-worse">negative transfer</span>}
      </td>
      <td className="whitespace-nowrap text-right">
        {percent(gain.value)}
        <span className="block text-ink3 text-tick">{interval(gain, percent) ?? ''}</span>
      </td>
      <td className="whitespace-nowrap text-right">{flops(point.flops)}</td>
      <td className="text-right phone:hidden">{times === null ? '–' : short(times)}</td>
      <td className="whitespace-nowrap text-right phone:hidden">{time(point.seconds)}</td>
      <td className="text-right">{value === null ? '–' : short(value)}</td>
    </tr>
  );
}
