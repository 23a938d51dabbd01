import { percent } from '@/app/_lib/format';
import type { PairView } from '@/lib/service/contracts';

const DOMAIN = [0.2, 0.8] as const;
const x = (value: number): number => {
  const t = (value - DOMAIN[0]) / (DOMAIN[1] - DOMAIN[0]);
  return Math.min(1, Math.max(0, t)) * 100;
};

/** Head to head: on how many images the shown source beats each rival; hollow = cannot be told apart. */
export function Rivals({ rivals, name }: { rivals: PairView['rivals']; name: (id: string) => string }) {
  return (
    <ul className="mt-2 flex flex-col">
      {rivals.map(({ source, winRate }) => {
        const { value, low, high } = winRate;
        const unsure = low === null || high === null || (low < 0.5 && high > 0.5);
        const colour = unsure ? 'var(--ink2)' : value > 0.5 ? 'var(--accent)' : 'var(--worse)';
        return (
          <li
            key={source}
            className="grid grid-cols-[minmax(0,1.6fr)_minmax(0,1fr)_40px] items-center gap-2 py-[3px]"
          >
            <span className="truncate text-ink2">{name(source)}</span>
            <span className="relative h-4" aria-hidden="true">
              <span
                className="absolute inset-y-[-3px] border-ink3 border-l border-dotted"
                style={{ left: `${x(0.5)}%` }}
              />
              {low !== null && high !== null && (
                <span
                  className="absolute top-[7px] h-[2px]"
                  style={{ left: `${x(low)}%`, width: `${x(high) - x(low)}%`, background: colour }}
                />
              )}
              <span
                className="absolute top-[3.5px] size-[9px] -translate-x-1/2 rounded-full border-2"
                style={{
                  left: `${x(value)}%`,
                  borderColor: colour,
                  background: unsure ? 'var(--panel)' : colour,
                }}
              />
            </span>
            <span className="text-right">{percent(value)}</span>
          </li>
        );
      })}
    </ul>
  );
}
