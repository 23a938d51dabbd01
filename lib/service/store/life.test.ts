import fc from 'fast-check';
import { describe, it } from 'vitest';
import { manualClock } from '../ports/testing/bench';
import { happening, Life } from '../ports/testing/life';
import { memoryStore } from '../ports/testing/memory-store';
import { testDatabase } from '../ports/testing/postgres';
import { connect } from './index';

const lives = (maxLength: number) => fc.array(happening, { maxLength, size: 'max' });

describe('the life of runs, whatever happens in whatever order', () => {
  it('in memory: one result each, children released once, cancels apart, everything can be finished', async () => {
    await fc.assert(
      fc.asyncProperty(lives(80), async (events) => {
        const clock = manualClock();
        const life = new Life(memoryStore(clock), clock, 1);
        await life.begin();
        for (const event of events) await life.step(event);
        await life.end();
      }),
      { numRuns: 400 },
    );
  });

  it('in Postgres: the same', async () => {
    const database = await testDatabase();
    const clock = manualClock();
    const store = await connect(database.url, { clock });
    let key = 0;
    try {
      await fc.assert(
        fc.asyncProperty(lives(25), async (events) => {
          const life = new Life(store, clock, ++key);
          await life.begin();
          for (const event of events) await life.step(event);
          await life.end();
        }),
        { numRuns: 12, endOnFailure: true },
      );
    } finally {
      await store.close();
      await database.close();
    }
  });
});
