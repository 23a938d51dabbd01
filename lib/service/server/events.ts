import type { ProgressView } from '../contracts';
import type { StoredSweep } from '../ports';
import { bestSourceView, cellContext, namesOf, type SweepData, targetsOf } from '../views';
import { progressView } from '../views/progress';
import type { EventOptions } from './deps';

/** One server-sent event. `id` says what its receiver has seen once it has it. */
export interface LiveEvent {
  event: 'progress' | 'state' | 'target' | 'policy' | 'end';
  id: string;
  data: unknown;
}

/**
 * What a listener has seen. It travels as the event id, so that a listener who comes back with Last-Event-ID is told
 * what it missed without the server remembering anybody, also after a restart of the server.
 */
export interface Cursor {
  state: string;
  /** Complete targets. */
  targets: readonly string[];
  policies: number;
  /** Digest of the progress last sent. */
  progress: string;
}

export function encodeCursor(cursor: Cursor): string {
  return Buffer.from(
    JSON.stringify([cursor.state, cursor.targets, cursor.policies, cursor.progress]),
  ).toString('base64url');
}

/** Null for anything that this server did not write. */
export function decodeCursor(id: string | undefined): Cursor | null {
  if (!id || id.length > 16_384) return null;
  try {
    const parts: unknown = JSON.parse(Buffer.from(id, 'base64url').toString('utf8'));
    if (!Array.isArray(parts) || parts.length !== 4) return null;
    const [state, targets, policies, progress] = parts as unknown[];
    const sound =
      typeof state === 'string' &&
      Array.isArray(targets) &&
      targets.every((t) => typeof t === 'string') &&
      typeof policies === 'number' &&
      typeof progress === 'string';
    return sound ? { state, targets: targets as string[], policies, progress } : null;
  } catch {
    return null;
  }
}

const digest = ({ counts, share, imagesPerSecond, workers, alarms }: ProgressView): string =>
  [...Object.values(counts), share.toFixed(4), Math.round(imagesPerSecond), workers, alarms.length].join('.');

/** What listeners of a sweep are told of, as it is at one moment. */
export interface Reading {
  sweep: StoredSweep;
  progress: ProgressView;
  /** Targets of which all that is planned is measured, in the order of the dictionary. */
  complete: readonly string[];
  policies: number;
  /** What is told of a complete target. */
  best(target: string): unknown;
}

/** A reading of a sweep whose runs are at hand. */
export function readingOf(data: SweepData): Reading {
  const context = cellContext(data);
  const analysed = new Set(data.analyses.map((a) => a.target));
  const name = namesOf(data.sweep);
  return {
    sweep: data.sweep,
    progress: progressView(data),
    complete: targetsOf(data.sweep)
      .map(({ id }) => id)
      .filter((target) => analysed.has(target) && context.complete(target)),
    policies: data.policies.length,
    best: (target) => {
      const { advice, sources } = bestSourceView(data, target, { k: 1 });
      return { target, name: name(target), advice, best: sources[0] ?? null };
    },
  };
}

/** Where a new listener starts: it has just read the page, so only what changes from here on is news. */
export const cursorNow = ({ sweep, complete, policies }: Reading): Cursor => ({
  state: sweep.state,
  targets: complete,
  policies,
  progress: '',
});

export const isOver = ({ sweep }: Pick<Reading, 'sweep'>): boolean =>
  sweep.state === 'done' || sweep.state === 'cancelled' || sweep.origin === 'imported';

/** The news since a cursor, each event with the cursor that holds after it. */
export function newsSince(reading: Reading, seen: Cursor): { events: LiveEvent[]; cursor: Cursor } {
  const { sweep, progress, complete, policies } = reading;
  const events: LiveEvent[] = [];
  let cursor = seen;
  const tell = (event: LiveEvent['event'], change: Partial<Cursor>, payload: unknown): void => {
    cursor = { ...cursor, ...change };
    events.push({ event, id: encodeCursor(cursor), data: payload });
  };
  if (digest(progress) !== seen.progress) tell('progress', { progress: digest(progress) }, progress);
  // A retried run can reopen a target: it is news again when it is complete again.
  cursor = { ...cursor, targets: cursor.targets.filter((t) => complete.includes(t)) };
  for (const target of complete) {
    if (cursor.targets.includes(target)) continue;
    tell('target', { targets: [...cursor.targets, target] }, reading.best(target));
  }
  if (policies !== seen.policies) tell('policy', { policies }, { policies });
  if (sweep.state !== seen.state) tell('state', { state: sweep.state }, { state: sweep.state });
  return { events, cursor };
}

/** One reading of the store per sweep and tick, however many people look on; none while nobody does. */
export interface LiveHub {
  /** Calls `listener` with every reading until the returned function is called. */
  listen(sweepId: string, listener: (reading: Reading) => void): () => void;
  /** Listeners now, over all sweeps; tests hold it to 0 after everybody left. */
  listeners(): number;
}

export function createHub(read: (sweepId: string) => Promise<Reading>, pollMs: number): LiveHub {
  interface Watch {
    listeners: Set<(reading: Reading) => void>;
    timer: NodeJS.Timeout | undefined;
  }
  const watches = new Map<string, Watch>();

  const tick = async (sweepId: string, watch: Watch): Promise<void> => {
    try {
      const reading = await read(sweepId);
      for (const listener of [...watch.listeners]) listener(reading);
    } catch {
      // The database is away or restarting; listeners keep their connection and get the news at the next reading.
    }
    if (watch.listeners.size === 0) return;
    watch.timer = setTimeout(() => void tick(sweepId, watch), pollMs);
    watch.timer.unref();
  };

  return {
    listen(sweepId, listener) {
      const known = watches.get(sweepId);
      const watch: Watch = known ?? { listeners: new Set(), timer: undefined };
      watch.listeners.add(listener);
      if (!known) {
        watches.set(sweepId, watch);
        void tick(sweepId, watch);
      }
      return () => {
        watch.listeners.delete(listener);
        if (watch.listeners.size > 0 || watches.get(sweepId) !== watch) return;
        clearTimeout(watch.timer);
        watches.delete(sweepId);
      };
    },
    listeners: () => [...watches.values()].reduce((sum, watch) => sum + watch.listeners.size, 0),
  };
}

const frame = ({ event, id, data }: LiveEvent): string =>
  `event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`;

/** A reader that stopped reading without leaving is let go at this many unread events. */
const UNREAD_LIMIT = 1000;

/**
 * The event stream of one listener as bytes. Starts with the news since `seen` in `first`; ends itself after `end`
 * when the sweep is over, and lets go of the hub as soon as the reader is gone (cancel) or `signal` aborts.
 */
export function eventStream(
  hub: LiveHub,
  first: Reading,
  seen: Cursor,
  options: EventOptions,
  signal: AbortSignal,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let release = (): void => {};
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        let cursor = seen;
        let open = true;
        const send = (text: string): void => {
          if (open) controller.enqueue(encoder.encode(text));
        };
        const close = (): void => {
          if (!open) return;
          release();
          controller.close();
        };
        const beat = setInterval(() => send(': still here\n\n'), options.heartbeatMs);
        beat.unref();
        let leave = (): void => {};
        release = () => {
          open = false;
          clearInterval(beat);
          signal.removeEventListener('abort', close);
          leave();
        };
        const hear = (reading: Reading): void => {
          if (!open) return;
          const news = newsSince(reading, cursor);
          cursor = news.cursor;
          for (const event of news.events) send(frame(event));
          const over = isOver(reading);
          if (over)
            send(frame({ event: 'end', id: encodeCursor(cursor), data: { state: reading.sweep.state } }));
          if (over || (controller.desiredSize ?? 0) < -UNREAD_LIMIT) close();
        };
        send('retry: 2000\n\n');
        hear(first);
        if (!open) return;
        if (signal.aborted) return close();
        signal.addEventListener('abort', close);
        leave = hub.listen(first.sweep.id, hear);
      },
      cancel: () => release(),
    },
    new CountQueuingStrategy({ highWaterMark: 1 }),
  );
}
