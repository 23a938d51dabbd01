import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiDeps, EventOptions } from './deps';
import { createHub, type LiveHub } from './events';
import { createLive, type Live } from './live';
import { createLoader, type Loader } from './loader';
import { type Answers, createAnswers } from './stored/answers';
import { readVersions, type Versions } from './stored/versions';
import { inlineThreads } from './threads/inline';
import type { CallName, Tasks } from './threads/questions';
import { resultsLoader } from './threads/results';
import { createTasks } from './threads/tasks';
import { createUseCases, type UseCases } from './use-cases';

const EVENTS: EventOptions = { pollMs: 1000, heartbeatMs: 15_000 };

type CallAnswer<K extends CallName> = Awaited<ReturnType<UseCases[K]>>;

/** What a process serves: its use cases, stored answers, and what live events need beside them. */
export interface Service {
  /** On the event loop: only what reads little and computes less. */
  useCases: Omit<UseCases, CallName>;
  answers: Answers;
  versions: Versions;
  /** A use case in a thread; `gone` ends it. */
  call<K extends CallName>(
    method: K,
    args: Parameters<UseCases[K]>,
    gone?: AbortSignal,
  ): Promise<CallAnswer<K>>;
  loader: Loader;
  live: Live;
  hub: LiveHub;
  deps: ApiDeps;
  events: EventOptions;
}

/** Names the code that answers: the built pages are built with it. Unbuilt code changes with every start. */
function buildName(): string {
  const file = join(process.cwd(), '.next/BUILD_ID');
  if (process.env.NODE_ENV === 'production' && existsSync(file)) return readFileSync(file, 'utf8').trim();
  return Date.now().toString(36);
}

/** What a thread answers, over the dependencies that it opened. */
export function createThreadTasks(deps: ApiDeps): Tasks {
  const results = resultsLoader(createLoader(deps));
  return createTasks(deps.store, createUseCases(deps, results, createLive(deps.store, results)), results);
}

/** Wires the use cases over a store, once per process. Without threads of its own it answers inside the process. */
export function createService(deps: ApiDeps): Service {
  const loader = createLoader(deps);
  const live = createLive(deps.store, loader);
  const events = { ...EVENTS, ...deps.events };
  const threads = deps.threads ?? inlineThreads(createThreadTasks(deps));
  const versions = readVersions(deps.store, deps.clock);
  const useCases = createUseCases(deps, loader, live);
  const forget = (): void => {
    loader.forget();
    versions.forget();
  };
  return {
    deps,
    loader,
    events,
    live,
    versions,
    answers: createAnswers({ versions, threads, build: buildName() }),
    async call<K extends CallName>(
      method: K,
      args: Parameters<UseCases[K]>,
      gone?: AbortSignal,
    ): Promise<CallAnswer<K>> {
      const answer = await threads.call({ method, args }, gone);
      forget();
      return answer as CallAnswer<K>;
    },
    hub: createHub(live.reading, events.pollMs),
    useCases: {
      ...useCases,
      async act(ref, action) {
        const done = await useCases.act(ref, action);
        versions.forget();
        return done;
      },
      async retryRun(fingerprint) {
        const run = await useCases.retryRun(fingerprint);
        versions.forget();
        return run;
      },
    },
  };
}
