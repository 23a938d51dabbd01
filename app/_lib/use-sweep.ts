'use client';

import { useMemo } from 'react';
import { sweepView, type TaskView } from '@/lib/service/contracts';
import { sweepPath } from './api';
import { useApi } from './use-api';
import { waysOf } from './ways';

/** A sweep with look-ups of its tasks. */
export function useSweep(id: string) {
  const state = useApi(sweepPath(id), sweepView);
  const tasks = useMemo(
    () => new Map<string, TaskView>((state.data?.tasks ?? []).map((task) => [task.id, task] as const)),
    [state.data],
  );
  const name = useMemo(
    () =>
      (taskId: string): string =>
        tasks.get(taskId)?.name ?? taskId,
    [tasks],
  );
  const ways = useMemo(() => waysOf(state.data, name), [state.data, name]);
  return { ...state, tasks, name, ways };
}
