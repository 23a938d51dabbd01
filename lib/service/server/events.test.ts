import { describe, expect, it } from 'vitest';
import type { SweepData } from '../views';
import { smallAnalyses, smallData, smallRuns, smallSweep } from '../views/testing/small-sweep';
import {
  createHub,
  cursorNow,
  decodeCursor,
  encodeCursor,
  eventStream,
  newsSince,
  readingOf,
} from './events';

const active = { ...smallSweep, state: 'active' as const, finishedAt: null };
const reading = (change: Partial<SweepData> = {}) => readingOf(smallData(change));
const start = reading({ sweep: active, analyses: [] });
const options = { pollMs: 5, heartbeatMs: 5 };

describe('news since a cursor', () => {
  it('tells nothing twice, and a cursor survives its journey', () => {
    const first = newsSince(start, cursorNow(start));
    expect(first.events.map((e) => e.event)).toEqual(['progress']);
    const again = newsSince(start, decodeCursor(encodeCursor(first.cursor)) ?? cursorNow(start));
    expect(again.events).toEqual([]);
  });

  it('tells targets, policies and the end of the sweep, each event with what is seen after it', () => {
    const seen = newsSince(start, cursorNow(start)).cursor;
    const later = reading({ analyses: smallAnalyses.slice(0, 2) });
    const { events } = newsSince(later, seen);
    expect(events.map((e) => e.event)).toEqual(['target', 'target', 'state']);
    expect(events[1]?.data).toMatchObject({ target: 'depth', name: 'Z-depth' });
    // A reader who lost the line after the first target is told the second one, and not the first again.
    const resumed = newsSince(later, decodeCursor(events[0]?.id) ?? seen);
    expect(resumed.events.map((e) => e.event)).toEqual(['target', 'state']);
    expect(resumed.events[0]?.data).toMatchObject({ target: 'depth' });
  });

  it('tells a target again when a retried run reopened it', () => {
    const done = reading({ sweep: active });
    const seen = newsSince(done, cursorNow(done)).cursor;
    const reopened = newsSince(reading({ sweep: active, analyses: smallAnalyses.slice(1) }), seen).cursor;
    expect(newsSince(done, reopened).events.map((e) => e.event)).toEqual(['target']);
  });

  it('takes foreign ids for no cursor at all', () => {
    for (const id of [
      undefined,
      '',
      '7',
      'null',
      Buffer.from('[1,2,3,4]').toString('base64url'),
      'x'.repeat(99_999),
    ]) {
      expect(decodeCursor(id)).toBeNull();
    }
  });
});

async function readUntil(reader: ReadableStreamDefaultReader<Uint8Array>, wanted: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  while (!text.includes(wanted)) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += decoder.decode(value);
  }
  return text;
}

describe('event streams', () => {
  it('share one reading of the store, and stop reading when everybody left', async () => {
    let readings = 0;
    const load = async () => {
      readings += 1;
      return start;
    };
    const hub = createHub(load, 5);
    const open = () => eventStream(hub, start, cursorNow(start), options, new AbortController().signal);
    const readers = [open(), open(), open()].map((stream) => stream.getReader());
    expect(hub.listeners()).toBe(3);
    await Promise.all(readers.map((reader) => readUntil(reader, ': still here')));
    const shared = readings;
    expect(shared).toBeGreaterThan(0);
    await Promise.all(readers.map((reader) => reader.cancel()));
    expect(hub.listeners()).toBe(0);
    const before = readings;
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(readings).toBeLessThanOrEqual(before + 1);
  });

  it('let go when the request is aborted', async () => {
    const hub = createHub(async () => start, 5);
    const abort = new AbortController();
    const reader = eventStream(hub, start, cursorNow(start), options, abort.signal).getReader();
    await readUntil(reader, 'event: progress');
    abort.abort();
    await readUntil(reader, 'never said');
    expect(hub.listeners()).toBe(0);
  });

  it('bring news as it happens, and end themselves with the sweep', async () => {
    let data = start;
    const hub = createHub(async () => data, 5);
    const reader = eventStream(
      hub,
      start,
      cursorNow(start),
      options,
      new AbortController().signal,
    ).getReader();
    await readUntil(reader, 'event: progress');
    data = reading({ runs: smallRuns() });
    const rest = await readUntil(reader, 'never said');
    expect(rest.match(/event: target/g)).toHaveLength(5);
    expect(rest).toMatch(/event: end\nid: .+\ndata: {"state":"done"}\n\n$/);
    expect(hub.listeners()).toBe(0);
  });

  it('outlive a store that is away for a while', async () => {
    let away = true;
    const hub = createHub(async () => {
      if (away) throw new Error('connection terminated');
      return reading();
    }, 5);
    const reader = eventStream(
      hub,
      start,
      cursorNow(start),
      options,
      new AbortController().signal,
    ).getReader();
    await readUntil(reader, ': still here');
    away = false;
    expect(await readUntil(reader, 'never said')).toContain('event: end');
  });
});
