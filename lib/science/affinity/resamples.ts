import type { Contest } from './contest';
import type { Parts } from './measures';

/** Resamples of an analysis that costs little, and the fewest of one that costs much. */
const MOST = 1000;
const FEWEST = 200;
/** Multiply-adds that an analysis may cost: about a second on one core of 2026. */
const BUDGET = 1e9;
/** What a candidate's median, mean loss and skill cost per test image, in multiply-adds of the tournament. */
const PER_IMAGE = 35;

/** Multiply-adds of one bootstrap draw: wins of all run pairs over the scenes, then each candidate's own measures. */
function costOfDraw({ contestants, scenes, images }: Contest, { tournament }: Parts): number {
  const playing = new Set(tournament);
  const inside = contestants.filter((_, c) => playing.has(c)).map((c) => c.runs.length);
  const runs = inside.reduce((a, b) => a + b, 0);
  const squares = inside.reduce((sum, r) => sum + r * r, 0);
  const pairs = (runs * runs - squares) / 2;
  return pairs * scenes + contestants.length * images * PER_IMAGE;
}

/**
 * Bootstrap resamples of an analysis: 1,000 where they cost about a second or less, else as many hundreds as that
 * second allows, at least 200. Counted from the sizes of the tournament and not by a clock, so that the same losses
 * give the same intervals on every machine.
 */
export function resamplesFor(contest: Contest, parts: Parts): number {
  const affordable = Math.floor(BUDGET / costOfDraw(contest, parts) / 100) * 100;
  return Math.min(MOST, Math.max(FEWEST, affordable));
}
