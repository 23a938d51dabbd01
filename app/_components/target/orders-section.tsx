'use client';

import Link from 'next/link';
import { sweepPath } from '@/app/_lib/api';
import { interval, percent, plural, signed } from '@/app/_lib/format';
import { joiningWords, type OrderRow, orderRows, type TargetOrders } from '@/app/_lib/order-words';
import { useApi } from '@/app/_lib/use-api';
import { ordersView } from '@/lib/service/contracts';
import { IntervalPlot } from '../ui/interval';

interface Props {
  id: string;
  target: string;
  name: (id: string) => string;
}

/** The best transfer of each order and what joining sources adds. Nothing where the sweep has single sources only. */
export function OrdersSection({ id, target, name }: Props) {
  const { data, stale } = useApi(sweepPath(id, '/orders'), ordersView);
  const mine = data?.targets.find((t) => t.target === target);
  if (data === undefined || stale || data.maxOrder < 2 || mine === undefined) return null;
  const rows = orderRows(mine);
  return (
    <section aria-label="Joining sources" className="rule pt-3">
      <h2 className="section-title">Joining sources</h2>
      <p className="text-ink2 text-label">
        best of each order by affinity, gain with 95 % interval; picked on test images, which flatters it
      </p>
      <ol className="mt-1.5">
        {rows.map((row) => (
          <OrderLine key={row.order} row={row} name={name} />
        ))}
      </ol>
      <p className="mt-2">
        {joiningWords(mine, name)}{' '}
        <Link className="link" href={`/sweeps/${encodeURIComponent(id)}/policy`}>
          See policy
        </Link>
      </p>
      {mine.joined.length > 1 && <AllJoined joined={mine.joined} name={name} />}
    </section>
  );
}

function OrderLine({ row, name }: { row: OrderRow; name: Props['name'] }) {
  const { order, best, adds, done, planned } = row;
  const gain = best?.gain ?? null;
  const range = interval(gain, percent);
  return (
    <li className="grid grid-cols-[18px_minmax(0,1fr)_minmax(80px,134px)_72px] items-center gap-2 border-line border-b py-1">
      <span className="self-start text-ink2">{order}</span>
      <span>
        {best === null ? `${done} of ${planned} done` : best.sources.map(name).join(' + ')}
        {gain !== null && (
          <span className="block text-ink2 text-label">
            {percent(gain.value)}
            {range !== null && ` (${range})`}
            {done < planned && `, ${done} of ${planned} done`}
          </span>
        )}
      </span>
      {gain === null ? <span /> : <IntervalPlot estimate={gain} domain={[0, 1]} neutral={0.5} />}
      <span className={`whitespace-nowrap text-right ${adds !== null && adds <= -0.5 ? 'text-worse' : ''}`}>
        {adds !== null && pointsText(adds)}
      </span>
    </li>
  );
}

const pointsText = (points: number): string =>
  Math.round(points) === 0 ? 'no change' : `${points > 0 ? '+' : ''}${signed(points)} points`;

function AllJoined({ joined, name }: { joined: TargetOrders['joined']; name: Props['name'] }) {
  return (
    <details className="mt-1">
      <summary className="cursor-pointer text-ink2 text-label">
        {plural(joined.length, 'joined transfer')} against the best part of each
      </summary>
      <dl>
        {joined.map((c) => (
          <div key={c.source} className="flex justify-between gap-4 border-line border-b py-1">
            <dt className="text-ink2">{c.sources.map(name).join(' + ')}</dt>
            <dd className="text-right">
              {c.overBestPart === null
                ? 'not compared'
                : `beats ${name(c.bestPart ?? '')} on ${percent(c.overBestPart.value)} (${interval(c.overBestPart, percent) ?? 'no interval'})`}
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
