import { describeJobQueue } from '../ports/testing/job-queue-contract';
import { testDatabase } from '../ports/testing/postgres';
import { connectQueue, memoryQueue } from './index';

describeJobQueue('in memory', async () => ({ queue: memoryQueue(), close: async () => {} }));

describeJobQueue('pg-boss', async () => {
  const database = await testDatabase();
  const queue = await connectQueue(database.url);
  return {
    queue,
    close: async () => {
      await queue.close();
      await database.close();
    },
  };
});
