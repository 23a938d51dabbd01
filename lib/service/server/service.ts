import type { ApiDeps, EventOptions } from './deps';
import { createHub, type LiveHub } from './events';
import { createLive, type Live } from './live';
import { createLoader, type Loader } from './loader';
import { createPolicySolver } from './policy-solver';
import { createUseCases, type UseCases } from './use-cases';

const EVENTS: EventOptions = { pollMs: 1000, heartbeatMs: 15_000 };

/** What a process serves: its use cases, and what live events need beside them. */
export interface Service {
  useCases: UseCases;
  loader: Loader;
  live: Live;
  hub: LiveHub;
  deps: ApiDeps;
  events: EventOptions;
}

/** Wires the use cases over a store, once per process. */
export function createService(deps: ApiDeps): Service {
  const loader = createLoader(deps);
  const live = createLive(deps.store, loader);
  const events = { ...EVENTS, ...deps.events };
  return {
    deps,
    loader,
    events,
    live,
    hub: createHub(live.reading, events.pollMs),
    useCases: createUseCases(deps, loader, live, createPolicySolver()),
  };
}
