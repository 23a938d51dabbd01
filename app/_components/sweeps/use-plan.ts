'use client';

import { useEffect, useState } from 'react';
import { ApiError, post, sweepPath } from '@/app/_lib/api';
import type { NovelBody } from '@/app/_lib/novel-form';
import { type BatchPlan, planGood, type SweepText } from '@/app/_lib/sweep-batch';
import { batchPlanView, type PlanView, planView } from '@/lib/service/contracts';

export type SweepBody = { json: unknown } | { text: string; type: string };

interface DryRun<T> {
  plan: T | null;
  error: ApiError | null;
  busy: boolean;
}

export type PlanState = DryRun<PlanView>;

const WAIT_MS = 450;

/** Asks for a dry run of what is on the page, shortly after the last key; answers of older bodies are dropped. */
function useDryRun<B, T>(body: B | null, ask: (body: B) => Promise<T>): DryRun<T> {
  const key = body === null ? null : JSON.stringify(body);
  const [state, setState] = useState<DryRun<T>>({ plan: null, error: null, busy: false });
  useEffect(() => {
    if (key === null) {
      setState({ plan: null, error: null, busy: false });
      return;
    }
    let current = true;
    setState((old) => ({ ...old, busy: true }));
    const timer = setTimeout(() => {
      ask(JSON.parse(key) as B).then(
        (plan) => current && setState({ plan, error: null, busy: false }),
        (error) => current && setState({ plan: null, error: asError(error), busy: false }),
      );
    }, WAIT_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [key, ask]);
  return state;
}

const askPlan = (body: SweepBody): Promise<PlanView> => post('/sweeps/plan', planView, body);

const askBatch = (files: SweepText[]): Promise<BatchPlan> =>
  planGood(files, (some) => post('/sweeps/batch/plan', batchPlanView, { json: { files: some } }));

interface Novel {
  sweep: string;
  request: NovelBody;
}

const askNovel = ({ sweep, request }: Novel): Promise<PlanView> =>
  post(sweepPath(sweep, '/novel/plan'), planView, { json: request });

export const usePlan = (body: SweepBody | null): PlanState => useDryRun(body, askPlan);

export const useBatchPlan = (files: SweepText[]): DryRun<BatchPlan> =>
  useDryRun(files.length === 0 ? null : files, askBatch);

export const useNovelPlan = (novel: Novel | null): PlanState => useDryRun(novel, askNovel);

const asError = (error: unknown): ApiError =>
  error instanceof ApiError
    ? error
    : new ApiError(0, 'internal', error instanceof Error ? error.message : String(error));
