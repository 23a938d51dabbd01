import type { SweepView } from '@/lib/service/contracts';

const RESERVED = new Set(['new', 'batch']);

/**
 * The sweep that the address names by id, by number or as `latest` (as the API does), else the newest, which the start
 * page shows. `ref` is the name to keep in links, so that a person who wrote a number goes on reading it.
 */
export function currentSweep(
  pathname: string,
  sweeps: readonly SweepView[],
): { sweep: SweepView | null; ref: string } {
  const written = pathname.match(/^\/sweeps\/([^/]+)/)?.[1];
  const newest = sweeps.reduce<SweepView | null>((a, b) => (a !== null && a.number > b.number ? a : b), null);
  if (written === undefined || RESERVED.has(written)) return { sweep: newest, ref: newest?.id ?? '' };
  const ref = decodeURIComponent(written);
  const named =
    ref === 'latest'
      ? newest
      : (sweeps.find((s) => s.id === ref) ?? sweeps.find((s) => String(s.number) === ref) ?? null);
  return { sweep: named, ref };
}
