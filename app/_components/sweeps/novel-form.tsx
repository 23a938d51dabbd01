'use client';

import { type FormEvent, useState } from 'react';
import { taskList } from '@/app/_lib/answers';
import { apiPath, post, sweepPath } from '@/app/_lib/api';
import { count, duration, flops, plural } from '@/app/_lib/format';
import { novelBody, novelTasks } from '@/app/_lib/novel-form';
import { newRuns } from '@/app/_lib/sweep-batch';
import { issueAt } from '@/app/_lib/sweep-form';
import { useApi } from '@/app/_lib/use-api';
import { type PlanView, type SweepView, sweepView } from '@/lib/service/contracts';
import { Field } from '../ui/field';
import { Refusals } from './refusals';
import { useNovelPlan } from './use-plan';
import { useSubmit } from './use-submit';

/** "9 runs, 6 of them new: 4.6 GFLOP, about 3 s" */
const price = (plan: PlanView): string =>
  `${plural(plan.total, 'run')}, ${count(newRuns(plan))} of them new: ${flops(plan.estimatedFlops)}, ${
    plan.estimatedSeconds === null ? 'time not known yet' : `about ${duration(plan.estimatedSeconds)}`
  }.`;

/** Ranks the stored sources of a sweep for a target that it did not have; no source is trained for it. */
export function NovelForm({ sweep, targets }: { sweep: SweepView; targets: readonly string[] }) {
  const [task, setTask] = useState('');
  const [images, setImages] = useState('');
  const tasks = useApi(apiPath('/tasks', { dataset: sweep.datasetKind }), taskList);
  const body = novelBody(task, images);
  const {
    plan,
    error: failed,
    busy: planning,
  } = useNovelPlan(task === '' ? null : { sweep: sweep.id, request: body });
  const { busy, error, submit, clear } = useSubmit(async () => {
    const made = await post(sweepPath(sweep.id, '/novel'), sweepView, { json: body });
    return `/sweeps/${encodeURIComponent(made.id)}`;
  });
  const offered = novelTasks(tasks.data?.tasks ?? [], targets);
  if (offered.length === 0) return null;
  const wrong = error ?? failed;
  const issues = wrong?.issues ?? [];
  const loose = issues.filter(({ path }) => path !== 'task' && path !== 'images');
  const change = (put: (value: string) => void, value: string): void => {
    clear();
    put(value);
  };
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    void submit();
  };
  return (
    <section aria-labelledby="novel-title" className="mt-9 max-w-3xl">
      <h2 id="novel-title" className="section-title">
        Rank a new target against this sweep’s sources
      </h2>
      <p className="mt-1 mb-3 text-ink2">
        Transfers are trained from the encoders that are there; no source is trained. The answer is a sweep of
        its own.
      </p>
      <form onSubmit={onSubmit} noValidate>
        <div className="grid grid-cols-2 items-start gap-4 phone:grid-cols-1">
          <Field label="Target" error={issueAt(issues, 'task')}>
            {(p) => (
              <select {...p} value={task} onChange={(e) => change(setTask, e.target.value)}>
                <option value="">choose a task</option>
                {offered.map(({ id, name }) => (
                  <option key={id} value={id}>
                    {name}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <Field
            label="Labelled images"
            error={issueAt(issues, 'images')}
            hint="empty: as many as this sweep’s transfers have"
          >
            {(p) => (
              <input
                {...p}
                inputMode="numeric"
                value={images}
                onChange={(e) => change(setImages, e.target.value)}
              />
            )}
          </Field>
        </div>
        {/* What stands at a field is only read out here. */}
        <div className={issues.length > 0 && loose.length === 0 ? 'sr-only' : ''}>
          <Refusals message={wrong?.message ?? null} issues={loose} />
        </div>
        <div className="mt-3 flex flex-wrap items-center gap-x-4 gap-y-2">
          <button type="submit" className="btn btn-primary" disabled={busy || task === ''}>
            {busy ? 'Submitting…' : 'Rank the sources'}
          </button>
          <p role="status" aria-busy={planning} className="text-ink2">
            {plan === null ? '' : price(plan)}
          </p>
        </div>
      </form>
    </section>
  );
}
