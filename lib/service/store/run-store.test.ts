import { manualClock } from '../ports/testing/bench';
import { memoryStore } from '../ports/testing/memory-store';
import { testDatabase } from '../ports/testing/postgres';
import { describeRunStore } from '../ports/testing/run-store-contract';
import { connect } from './index';

describeRunStore('in memory', async () => {
  const clock = manualClock();
  return { store: memoryStore(clock), clock, close: async () => {} };
});

describeRunStore('Postgres', async () => {
  const clock = manualClock();
  const database = await testDatabase();
  const store = await connect(database.url, { clock });
  return {
    store,
    clock,
    close: async () => {
      await store.close();
      await database.close();
    },
  };
});
