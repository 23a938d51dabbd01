import type { OrdersView } from '@/lib/service/contracts';
import { interval, percent, plural } from './format';

export type TargetOrders = OrdersView['targets'][number];
type Joined = TargetOrders['joined'][number];
type Name = (task: string) => string;

export interface OrderRow {
  order: number;
  best: NonNullable<TargetOrders['orders'][number]['best']> | null;
  /** Percentage points of gain above the best of the order before; null where one is not measured. */
  adds: number | null;
  done: number;
  planned: number;
}

/** The best transfer of each order, and what the larger order adds to the gain. */
export function orderRows({ orders }: TargetOrders): OrderRow[] {
  return orders.map(({ order, best, done, planned }, i) => {
    const before = orders[i - 1]?.best?.gain ?? null;
    const here = best?.gain ?? null;
    return { order, best, adds: before && here ? (here.value - before.value) * 100 : null, done, planned };
  });
}

/** The joined candidate of the largest affinity of which it is known how it compares with its best part. */
const leading = ({ joined }: TargetOrders): Joined | undefined => joined.find((c) => c.overBestPart !== null);

/** What a joined transfer that beats its best part brings beside training from scratch and the best single source. */
function worth(best: Joined, { orders }: TargetOrders): string {
  if (best.helps === 'hurts') return 'it adds, but still loses to training from scratch';
  if (best.helps === 'unsure') return 'it adds, but is not shown to beat training from scratch';
  const single = orders.find((o) => o.order === 1)?.best?.gain;
  if (single && best.gain && best.gain.value <= single.value) {
    return 'yet against scratch it wins no more than the best single source';
  }
  return `it pays, for ${plural(best.order, 'task')}’ labels instead of one’s`;
}

/** Whether joining pays: the strongest joined transfer against the best of its own parts, on the same images. */
export function joiningWords(orders: TargetOrders, name: Name): string {
  const best = leading(orders);
  if (best?.overBestPart == null) return 'No joined transfer can be compared with its parts yet.';
  const { value, low, high } = best.overBestPart;
  const who = best.sources.map(name).join(' + ');
  const part = (best.bestPart ?? '').split('+').map(name).join(' + ');
  const known = interval(best.overBestPart, percent);
  const images = `${percent(value)} of the test images${known === null ? '' : ` (95 % interval ${known})`}`;
  const verdict =
    low !== null && low > 0.5
      ? worth(best, orders)
      : high !== null && high < 0.5
        ? 'joining makes it worse'
        : 'joining is not shown to pay';
  return `${who} beats ${part} alone on ${images}: ${verdict}.`;
}
