'use client';

import type { UrlPatch } from '@/app/_lib/use-url-state';

interface Props {
  id: string;
  label: string;
  query: URLSearchParams;
  set: (patch: UrlPatch) => void;
  number?: boolean;
  /** Left out on phones. */
  wide?: boolean;
}

/** A column head that sorts: descending first for numbers, the URL keeps `sort` ("gain", "-gain"). */
export function SortHead({ id, label, query, set, number, wide }: Props) {
  const sort = query.get('sort');
  const state = sort === id ? 'ascending' : sort === `-${id}` ? 'descending' : 'none';
  const next = number ? (state === 'descending' ? id : `-${id}`) : state === 'ascending' ? `-${id}` : id;
  return (
    <th
      scope="col"
      aria-sort={state}
      className={`${number ? '!text-right' : ''} ${wide ? 'phone:hidden' : ''}`}
    >
      <button
        type="button"
        className={`font-medium hover:text-ink ${number ? 'flex-row-reverse' : ''} inline-flex gap-1 phone:py-1`}
        onClick={() => set({ sort: next })}
      >
        {label}
        <span aria-hidden="true" className="w-2">
          {state === 'ascending' ? '↑' : state === 'descending' ? '↓' : ''}
        </span>
      </button>
    </th>
  );
}

type Key<T> = (row: T) => string | number | null;

/** Rows by the URL's sort, else descending by `fallback`; what is not known goes last in both directions. */
export function sortRows<T>(
  rows: readonly T[],
  columns: Readonly<Record<string, Key<T>>>,
  query: URLSearchParams,
  fallback: string,
): T[] {
  const wanted = query.get('sort') ?? `-${fallback}`;
  const sign = wanted.startsWith('-') ? -1 : 1;
  const key = columns[wanted.replace(/^-/, '')] ?? columns[fallback];
  if (key === undefined) return [...rows];
  return [...rows].sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
    return (
      sign * (typeof x === 'string' && typeof y === 'string' ? x.localeCompare(y) : Number(x) - Number(y))
    );
  });
}
