/** One engine under test in a process of its own: `bench/engine.ts` starts it and asks over the IPC channel. */
import { type Answer, createContest, ENGINES, type Question } from './contestants';

const contestant = ENGINES.find(({ id }) => id === process.argv[2]);
if (contestant === undefined) throw new Error(`There is no contestant "${process.argv[2]}".`);
const contest = createContest(contestant);

async function answer(question: Question): Promise<Answer> {
  const residentBytes = process.memoryUsage().rss;
  switch (question.do) {
    case 'open':
      return { opened: (await contest.opened()).description.summary, residentBytes };
    case 'start':
      await contest.start(question.workload);
      return { done: true };
    case 'measure':
      return { round: contest.measure(), residentBytes };
    case 'race':
      return { race: await contest.race(question), residentBytes };
    case 'stop':
      process.disconnect();
      return { done: true };
  }
}

process.on('message', (question: Question) => {
  answer(question).then(
    (reply) => process.connected && process.send?.(reply),
    (error: unknown) => process.send?.({ failed: error instanceof Error ? error.message : String(error) }),
  );
});
