'use client';

import { useEffect, useState } from 'react';
import { API, sweepPath } from './api';
import { invalidate } from './use-api';

/** Redraw at most this often while events pour in. */
const QUIET_MS = 1500;
/** Without an event stream the page asks this often. */
const POLL_MS = 5000;

/**
 * Keeps everything of a sweep on the screen up to date by server-sent events.
 * The stream only says that something changed; the data come by the ordinary GETs, so that there is one shape.
 * Returns the time of the last event, and whether the stream is broken (the browser takes it up again by itself).
 */
export function useLive(sweepId: string | null, on: boolean): { at: Date | null; lost: boolean } {
  const [at, setAt] = useState<Date | null>(null);
  const [lost, setLost] = useState(false);
  useEffect(() => {
    if (sweepId === null || !on) return;
    const prefix = sweepPath(sweepId);
    let timer: ReturnType<typeof setTimeout> | null = null;
    let over = false;
    const changed = (): void => {
      setAt(new Date());
      timer ??= setTimeout(() => {
        timer = null;
        invalidate(prefix);
      }, QUIET_MS);
    };
    const stream = new EventSource(`${API}${prefix}/events`);
    for (const name of EVENT_NAMES) stream.addEventListener(name, changed);
    // The server ends the stream when the sweep is over; without this the browser would reconnect for ever.
    stream.addEventListener('end', () => {
      over = true;
      stream.close();
      changed();
    });
    stream.addEventListener('open', () => setLost(false));
    stream.addEventListener('error', () => setLost(!over));
    const poll = setInterval(() => {
      if (!over && stream.readyState === EventSource.CLOSED) changed();
    }, POLL_MS);
    return () => {
      stream.close();
      setLost(false);
      clearInterval(poll);
      if (timer !== null) clearTimeout(timer);
    };
  }, [sweepId, on]);
  return { at, lost };
}

const EVENT_NAMES = ['progress', 'state', 'target', 'policy'];
