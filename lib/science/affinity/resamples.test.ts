import { describe, expect, it } from 'vitest';
import { buildContest, type CandidateLosses } from './contest';
import { resamplesFor } from './resamples';

/** Tournament of `sources` transfers; losses do not matter to the cost. */
function resamples(sources: number, images: number, seeds = 1): number {
  const candidates = Array.from(
    { length: sources },
    (_, i): CandidateLosses => ({
      key: `s${i}`,
      kind: 'transfer',
      sources: [`s${i}`],
      runs: Array.from({ length: seeds }, (_, seed) => ({
        sourceSeed: seed,
        headSeed: seed,
        losses: new Float32Array(images),
      })),
    }),
  );
  const contest = buildContest({ target: 't', candidates });
  return resamplesFor(contest, {
    tournament: candidates.map((_, i) => i),
    self: -1,
    scratch: -1,
    mean: -1,
  });
}

describe('how many resamples an analysis takes', () => {
  it('1,000 where they are cheap, at least 200 where they are not, always hundreds', () => {
    expect(resamples(7, 600)).toBe(1000);
    expect(resamples(25, 600)).toBe(1000);
    expect(resamples(88, 600, 3)).toBe(200);
    for (let sources = 2; sources < 80; sources += 7) {
      expect(resamples(sources, 600) % 100).toBe(0);
      expect(resamples(sources + 7, 600)).toBeLessThanOrEqual(resamples(sources, 600));
    }
  });
});
