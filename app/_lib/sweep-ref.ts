import { latestSweep, type SweepView, sweepNamed } from '@/lib/service/contracts';

const RESERVED = new Set(['new', 'batch']);

/**
 * The sweep that the address names by id, by number or as `latest` (as the API does), else the latest, which the start
 * page shows. `ref` is the name to keep in links, so that a person who wrote a number goes on reading it.
 */
export function currentSweep(
  pathname: string,
  sweeps: readonly SweepView[],
): { sweep: SweepView | null; ref: string } {
  const written = pathname.match(/^\/sweeps\/([^/]+)/)?.[1];
  if (written === undefined || RESERVED.has(written)) {
    const latest = latestSweep(sweeps);
    return { sweep: latest ?? null, ref: latest?.id ?? '' };
  }
  const ref = decodeURIComponent(written);
  return { sweep: sweepNamed(sweeps, ref) ?? null, ref };
}
