import type { RankedSource } from '@/lib/service/contracts';

/** "1–3" for a tie set, "4" for a line of its own. */
export function rankLabels(sources: readonly RankedSource[]): string[] {
  const last = new Map<number, number>();
  for (const [i, s] of sources.entries()) last.set(s.rank, i + 1);
  return sources.map((s) => {
    const end = last.get(s.rank) ?? s.rank;
    return end > s.rank ? `${s.rank}–${end}` : String(s.rank);
  });
}

/** Gain axis: all intervals and 50 %, widened to whole tens of percent. */
export function gainDomain(sources: readonly RankedSource[]): [number, number] {
  const ends = sources.flatMap((s) =>
    s.gain === null ? [] : [s.gain.value, s.gain.low ?? s.gain.value, s.gain.high ?? s.gain.value],
  );
  const low = Math.min(0.45, ...ends);
  const high = Math.max(0.55, ...ends);
  return [Math.max(0, Math.floor(low * 10 - 1e-9) / 10), Math.min(1, Math.ceil(high * 10 + 1e-9) / 10)];
}

export type Tone = 'better' | 'worse' | 'unsure';

export const toneOf = (source: Pick<RankedSource, 'helps'>): Tone =>
  source.helps === 'helps' ? 'better' : source.helps === 'hurts' ? 'worse' : 'unsure';

/** Sources that hurt, worst first: from these one should not transfer. */
export const harmful = (sources: readonly RankedSource[]): RankedSource[] =>
  sources.filter((s) => s.helps === 'hurts').sort((a, b) => (a.gain?.value ?? 0) - (b.gain?.value ?? 0));
