'use client';

import { useCallback, useEffect, useState } from 'react';
import type { z } from 'zod';
import { ApiError, getLines } from './api';

/** An answer of JSON lines, as far as it has come. */
export interface Lines<T> {
  lines: readonly T[];
  /** All lines have come. */
  whole: boolean;
  error: ApiError | null;
  retry: () => void;
}

interface Read<T> {
  /** What the lines belong to; of another question nothing is shown. */
  path: string | null;
  lines: readonly T[];
  whole: boolean;
  error: ApiError | null;
}

/**
 * The lines of a GET that answers in JSON lines, each as soon as it comes. Asked again when `version` changes; the lines
 * of the version before stay until the new answer is whole. Leaving the page or asking something else ends the request.
 */
export function useLines<S extends z.ZodType>(
  path: string | null,
  schema: S,
  version: number,
): Lines<z.infer<S>> {
  const [read, setRead] = useState<Read<z.infer<S>>>({ path: null, lines: [], whole: false, error: null });
  const [attempt, setAttempt] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new version or attempt asks the same path again
  useEffect(() => {
    if (path === null) return;
    const gone = new AbortController();
    const lines: z.infer<S>[] = [];
    const show = (end: Pick<Read<z.infer<S>>, 'whole' | 'error'>): void =>
      setRead((before) =>
        before.path === path && before.whole && !end.whole && end.error === null
          ? before
          : { path, lines: [...lines], ...end },
      );
    const hear = (line: z.infer<S>): void => {
      lines.push(line);
      show({ whole: false, error: null });
    };
    show({ whole: false, error: null });
    getLines(path, schema, hear, gone.signal).then(
      () => gone.signal.aborted || show({ whole: true, error: null }),
      (error: unknown) => {
        if (gone.signal.aborted) return;
        const failure = error instanceof ApiError ? error : new ApiError(0, 'internal', String(error));
        show({ whole: false, error: failure });
      },
    );
    return () => gone.abort();
  }, [path, schema, version, attempt]);
  const retry = useCallback(() => setAttempt((n) => n + 1), []);
  const mine = read.path === path;
  return { lines: mine ? read.lines : [], whole: mine && read.whole, error: mine ? read.error : null, retry };
}
