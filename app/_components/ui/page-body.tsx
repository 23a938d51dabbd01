'use client';

import type { ReactNode } from 'react';
import type { ApiError } from '@/app/_lib/api';
import { Failure, Loading } from './status';

interface Props<T> {
  state: { data: T | undefined; error: ApiError | null; retry: () => void };
  what: string;
  children: (data: T) => ReactNode;
}

/** What stands under a page's head: the data, or that they load, or why they cannot be had. */
export function PageBody<T>({ state, what, children }: Props<T>) {
  if (state.data !== undefined) return children(state.data);
  return (
    <div className="mt-5">
      {state.error === null ? <Loading what={what} /> : <Failure error={state.error} retry={state.retry} />}
    </div>
  );
}
