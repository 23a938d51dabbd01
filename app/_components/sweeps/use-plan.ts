'use client';

import { useEffect, useState } from 'react';
import { ApiError, post } from '@/app/_lib/api';
import { type PlanView, planView } from '@/lib/service/contracts';

export type SweepBody = { json: unknown } | { text: string; type: string };

export interface PlanState {
  plan: PlanView | null;
  error: ApiError | null;
  busy: boolean;
}

const WAIT_MS = 450;

/** Asks for a dry run of what is on the page, shortly after the last key; answers of older texts are dropped. */
export function usePlan(body: SweepBody | null): PlanState {
  const key = body === null ? null : JSON.stringify(body);
  const [state, setState] = useState<PlanState>({ plan: null, error: null, busy: false });
  useEffect(() => {
    if (key === null) {
      setState({ plan: null, error: null, busy: false });
      return;
    }
    let current = true;
    setState((old) => ({ ...old, busy: true }));
    const timer = setTimeout(() => {
      post('/sweeps/plan', planView, JSON.parse(key) as SweepBody).then(
        (plan) => current && setState({ plan, error: null, busy: false }),
        (error) => current && setState({ plan: null, error: asError(error), busy: false }),
      );
    }, WAIT_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [key]);
  return state;
}

const asError = (error: unknown): ApiError =>
  error instanceof ApiError
    ? error
    : new ApiError(0, 'internal', error instanceof Error ? error.message : String(error));
