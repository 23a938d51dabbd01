'use client';

import { usePathname, useSearchParams } from 'next/navigation';
import { useCallback } from 'react';

export type UrlPatch = Record<string, string | null>;

/** A query string with a patch applied; null removes a key. */
export function patchQuery(query: string, patch: UrlPatch): string {
  const next = new URLSearchParams(query);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) next.delete(key);
    else next.set(key, value);
  }
  return next.toString();
}

/**
 * View state that lives in the URL and nowhere else. Writes replace the entry in the history
 * (a slider must not fill it) and never scroll.
 */
export function useUrlState(): { query: URLSearchParams; set: (patch: UrlPatch) => void } {
  const params = useSearchParams();
  const pathname = usePathname();
  const set = useCallback(
    (patch: UrlPatch) => {
      const text = patchQuery(window.location.search, patch);
      window.history.replaceState(null, '', text === '' ? pathname : `${pathname}?${text}`);
    },
    [pathname],
  );
  return { query: new URLSearchParams(params.toString()), set };
}

/** One of a few allowed words from the URL, else the first. */
export function oneOf<T extends string>(value: string | null, allowed: readonly [T, ...T[]]): T {
  return allowed.find((word) => word === value) ?? allowed[0];
}
