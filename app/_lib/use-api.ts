'use client';

import { useCallback, useEffect, useRef, useSyncExternalStore } from 'react';
import type { z } from 'zod';
import { ApiError, getText, parseAnswer } from './api';

interface Entry {
  text: string | null;
  data: unknown;
  error: ApiError | null;
}

const EMPTY: Entry = { text: null, data: undefined, error: null };
/** Answers kept at most; the oldest without a reader go first (a moved slider leaves many behind). */
const MAX_ENTRIES = 200;

const entries = new Map<string, Entry>();
const schemas = new Map<string, z.ZodType>();
const readers = new Map<string, Set<() => void>>();
const loading = new Map<string, Promise<void>>();

function put(path: string, entry: Entry): void {
  entries.delete(path);
  entries.set(path, entry);
  for (const key of entries.keys()) {
    if (entries.size <= MAX_ENTRIES) break;
    if (!readers.has(key)) entries.delete(key);
  }
  for (const listener of readers.get(path) ?? []) listener();
}

function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError(0, 'internal', error instanceof Error ? error.message : String(error));
}

async function load(path: string): Promise<void> {
  const schema = schemas.get(path);
  if (schema === undefined) return;
  try {
    const text = await getText(path);
    const before = entries.get(path);
    if (before !== undefined && before.text === text && before.error === null) return;
    put(path, { text, data: parseAnswer(schema, text, path), error: null });
  } catch (error) {
    // Data already on the screen stays: a hiccup of the server must not blank a page.
    const before = entries.get(path) ?? EMPTY;
    put(path, { ...before, error: asApiError(error) });
  }
}

/** Fetches, sharing a request in flight for the same path. */
function refresh(path: string): Promise<void> {
  const running = loading.get(path);
  if (running !== undefined) return running;
  const started = load(path).finally(() => loading.delete(path));
  loading.set(path, started);
  return started;
}

/** Fetches again everything on the screen whose path starts with `prefix`. */
export function invalidate(prefix: string): void {
  for (const path of readers.keys()) if (path.startsWith(prefix)) void refresh(path);
}

/** Fetches ahead what the next move will ask for. */
export function prefetch(path: string, schema: z.ZodType): void {
  if (entries.has(path)) return;
  schemas.set(path, schema);
  void refresh(path);
}

export interface ApiState<T> {
  data: T | undefined;
  error: ApiError | null;
  /** True while `data` still belongs to the path asked for before. */
  stale: boolean;
  retry: () => void;
}

/**
 * The answer of a GET, shared by every component that asks for the same path.
 * Null asks for nothing. While a new path loads, or when it fails, the old data stay and `stale` says so.
 */
export function useApi<S extends z.ZodType>(path: string | null, schema: S): ApiState<z.infer<S>> {
  const subscribe = useCallback(
    (listener: () => void) => {
      if (path === null) return () => undefined;
      schemas.set(path, schema);
      const set = readers.get(path) ?? new Set();
      readers.set(path, set.add(listener));
      if (!entries.has(path)) void refresh(path);
      return () => {
        set.delete(listener);
        if (set.size === 0) readers.delete(path);
      };
    },
    [path, schema],
  );
  const entry = useSyncExternalStore(
    subscribe,
    () => (path === null ? EMPTY : (entries.get(path) ?? EMPTY)),
    () => EMPTY,
  );
  const last = useRef<unknown>(undefined);
  useEffect(() => {
    if (entry.data !== undefined) last.current = entry.data;
  }, [entry]);
  const retry = useCallback(() => {
    if (path !== null) void refresh(path);
  }, [path]);
  const data = entry.data ?? last.current;
  return { data: data as z.infer<S> | undefined, error: entry.error, stale: data !== entry.data, retry };
}

/** Fetches everything under `prefix` again at an interval, only while the page is visible. */
export function useRefresh(prefix: string, milliseconds: number, on = true): void {
  useEffect(() => {
    if (!on) return;
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') invalidate(prefix);
    }, milliseconds);
    return () => clearInterval(timer);
  }, [prefix, milliseconds, on]);
}
