'use client';

import { useRouter } from 'next/navigation';
import { type FormEvent, useMemo, useState } from 'react';
import { taskList } from '@/app/_lib/answers';
import { ApiError, post } from '@/app/_lib/api';
import { emptyForm, fileType, otherIssues, type SweepForm, specOf } from '@/app/_lib/sweep-form';
import { invalidate, useApi } from '@/app/_lib/use-api';
import { oneOf, useUrlState } from '@/app/_lib/use-url-state';
import { sweepView } from '@/lib/service/contracts';
import { PageHead } from '../shell/page-head';
import { Segmented } from '../ui/segmented';
import { PlanCard } from './plan-card';
import { SweepFields } from './sweep-fields';
import { SweepFile } from './sweep-file';
import { type SweepBody, usePlan } from './use-plan';

/** Submit a sweep: by form or by file, with a dry run beside it. */
export function NewSweepPage() {
  const { query, set } = useUrlState();
  const mode = oneOf(query.get('mode'), ['form', 'file']);
  const [form, setForm] = useState<SweepForm>(emptyForm);
  const [file, setFile] = useState('');
  const tasks = useApi('/tasks', taskList);
  const body = useMemo<SweepBody | null>(() => {
    if (mode === 'file') return file.trim() === '' ? null : { text: file, type: fileType(file) };
    return { json: specOf(form) };
  }, [mode, form, file]);
  const untouched = mode === 'form' && form.tasks.length === 0;
  const plan = usePlan(untouched ? null : body);
  const submit = useSubmit(body);
  const issues = submit.error?.issues ?? plan.error?.issues ?? [];
  const loose = mode === 'file' ? issues : otherIssues(issues);
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    void submit.send();
  };
  const change = (next: SweepForm): void => {
    submit.clear();
    setForm(next);
  };
  return (
    <>
      <PageHead
        trail={[{ label: 'Sweeps', href: '/sweeps' }, { label: 'New' }]}
        title="New sweep"
        finding="Choose tasks: each is learned once, then every frozen encoder is asked to teach every other task. The plan says what that costs before anything starts."
      />
      <div className="py-3">
        <Segmented
          label="Write it as"
          value={mode}
          options={[
            { value: 'form', label: 'Form' },
            { value: 'file', label: 'YAML or JSON' },
          ]}
          onChange={(m) => set({ mode: m === 'form' ? null : m })}
        />
      </div>
      <form
        onSubmit={onSubmit}
        noValidate
        className="grid grid-cols-[minmax(0,1fr)_320px] items-start gap-9 max-[1080px]:grid-cols-1"
      >
        {mode === 'form' ? (
          <SweepFields
            form={form}
            onChange={change}
            issues={issues}
            tasks={tasks.data?.tasks ?? []}
            loading={tasks.data === undefined && tasks.error === null}
          />
        ) : (
          <SweepFile
            text={file}
            onChange={(text) => {
              submit.clear();
              setFile(text);
            }}
          />
        )}
        <PlanCard state={plan}>
          {(submit.error !== null || loose.length > 0) && (
            <div role="alert" className="mt-3 rounded-control border border-fail p-3">
              {submit.error !== null && <p className="text-fail">{submit.error.message}</p>}
              <ul className="list-disc pl-4 text-ink2 text-label">
                {loose.map((issue) => (
                  <li key={`${issue.path}${issue.message}`}>
                    <code className="font-mono">{issue.path === '' ? 'file' : issue.path}</code>:{' '}
                    {issue.message}
                  </li>
                ))}
              </ul>
            </div>
          )}
          <button
            type="submit"
            className="btn btn-primary mt-4 w-full"
            disabled={submit.busy || body === null}
          >
            {submit.busy ? 'Submitting…' : 'Submit sweep'}
          </button>
        </PlanCard>
      </form>
    </>
  );
}

/** Sends the sweep and goes to it; keeps what the server refused. */
function useSubmit(body: SweepBody | null) {
  const router = useRouter();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const send = async (): Promise<void> => {
    if (body === null) return;
    setBusy(true);
    setError(null);
    try {
      const sweep = await post('/sweeps', sweepView, body);
      invalidate('/sweeps');
      router.push(`/sweeps/${encodeURIComponent(sweep.id)}`);
    } catch (thrown) {
      setError(thrown instanceof ApiError ? thrown : new ApiError(0, 'internal', String(thrown)));
      setBusy(false);
    }
  };
  return { busy, error, send, clear: () => setError(null) };
}
