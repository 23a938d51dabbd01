import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Store } from '../../ports';
import type { UseCases } from '../use-cases';
import type { CallName, StoredQuestion, Tasks, ViewBytes, ViewName } from './questions';
import type { ResultsLoader } from './results';

const compress = promisify(gzip);

/** Larger answers are compressed less: the time is a person's. */
const LARGE_BYTES = 4 * 1024 * 1024;
/** What took less to compute is not worth a row. */
const KEPT_FROM_MS = 40;

const bytesOf = async (text: string): Promise<ViewBytes> => {
  const json = Buffer.from(text);
  return new Uint8Array(await compress(json, { level: json.length > LARGE_BYTES ? 1 : 5 }));
};

/** The tasks over what a thread has opened; the same functions answer in the process itself where a test has no threads. */
export function createTasks(
  store: Pick<Store, 'storedView' | 'keepView'>,
  useCases: Pick<UseCases, ViewName | CallName | 'policyCurve'>,
  results: ResultsLoader,
): Tasks {
  /** The kept answer, or a new one, which is kept if it took long. */
  const kept = async (question: StoredQuestion, compute: () => Promise<string>): Promise<ViewBytes> => {
    const { sweeps, key, version } = question;
    const sweepId = sweeps[0]?.id ?? '';
    const known = await store.storedView(sweepId, key, version);
    if (known) return known;
    const started = performance.now();
    for (const sweep of sweeps) await results.at(sweep);
    const bytes = await bytesOf(await compute());
    if (performance.now() - started >= KEPT_FROM_MS) await store.keepView(sweepId, key, version, bytes);
    return bytes;
  };
  return {
    view: (question) =>
      kept(question, async () => {
        const method = useCases[question.view] as (...args: unknown[]) => Promise<unknown>;
        return JSON.stringify(await method(...question.sweeps.map(({ id }) => id), ...question.args));
      }),
    curve: (question) =>
      kept(question, async () => {
        const lines: string[] = [];
        for await (const point of useCases.policyCurve(question.sweeps[0]?.id ?? '', question.request)) {
          const line = `${JSON.stringify(point)}\n`;
          lines.push(line);
          question.lines.postMessage(line);
        }
        return lines.join('');
      }),
    call: ({ method, args }) => (useCases[method] as (...all: unknown[]) => Promise<unknown>)(...args),
  };
}
