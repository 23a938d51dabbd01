import type { Api } from './app';
import { openApi } from './compose';
import { dataRoots } from './data-roots';
import { answerTo } from './problems';

/** What one process shares, across module reloads of the development server too. */
interface Shared {
  opening: Promise<{ app: Api }> | null;
}

const KEY = Symbol.for('taskatlas.service');
const home = globalThis as { [KEY]?: Shared };
const shared: Shared = home[KEY] ?? { opening: null };
home[KEY] = shared;

/** The wired API, opened at the first call. A failed opening is tried again by the next. */
function open(): NonNullable<Shared['opening']> {
  shared.opening ??= openApi({
    token: process.env.TASKATLAS_TOKEN,
    dataRoots: dataRoots(process.env, process.cwd()),
  }).catch((error: unknown) => {
    shared.opening = null;
    throw error;
  });
  return shared.opening;
}

/** The API of this process; while the database is away, one that says so. */
export async function theApi(): Promise<{ fetch(request: Request): Response | Promise<Response> }> {
  try {
    return (await open()).app;
  } catch (error) {
    const { status, problem, log } = answerTo(error);
    if (log) console.error(error);
    return { fetch: () => Response.json(problem, { status, headers: { 'Retry-After': '3' } }) };
  }
}
