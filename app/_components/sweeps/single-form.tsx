'use client';

import { type FormEvent, useMemo } from 'react';
import { taskList } from '@/app/_lib/answers';
import { apiPath, post } from '@/app/_lib/api';
import { formOf, otherIssues, type SweepForm, specOf } from '@/app/_lib/sweep-form';
import { fileType, readSweep, yamlOf } from '@/app/_lib/sweep-yaml';
import { useApi } from '@/app/_lib/use-api';
import { sweepView } from '@/lib/service/contracts';
import { PlanCard } from './plan-card';
import { Refusals } from './refusals';
import { SweepFields } from './sweep-fields';
import { SweepFile } from './sweep-file';
import { SweepText } from './sweep-text';
import { type SweepBody, usePlan } from './use-plan';
import { useSubmit } from './use-submit';

interface Props {
  mode: 'form' | 'file';
  onMode: (mode: 'form' | 'file') => void;
  form: SweepForm;
  onForm: (form: SweepForm) => void;
  file: string;
  onFile: (text: string) => void;
}

/** One sweep, by form or by file. */
export function SingleForm({ mode, onMode, form, onForm, file, onFile }: Props) {
  const tasks = useApi(apiPath('/tasks', { dataset: form.kind }), taskList);
  const body = useMemo<SweepBody | null>(() => {
    if (mode === 'file') return file.trim() === '' ? null : { text: file, type: fileType(file) };
    return { json: specOf(form) };
  }, [mode, form, file]);
  const untouched = mode === 'form' && form.tasks.length === 0;
  const plan = usePlan(untouched ? null : body);
  const { busy, error, submit, clear } = useSubmit(async () => {
    const sweep = await post('/sweeps', sweepView, body ?? undefined);
    return `/sweeps/${encodeURIComponent(sweep.id)}`;
  });
  const issues = error?.issues ?? plan.error?.issues ?? [];
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    void submit();
  };
  const change =
    <T,>(put: (value: T) => void) =>
    (value: T): void => {
      clear();
      put(value);
    };
  /** The text as a form, or why it cannot be one. */
  const open = (): string | null => {
    const read = readSweep(file);
    if ('issues' in read) {
      const [first] = read.issues;
      return `The form cannot open it: ${first?.path || 'file'}: ${first?.message}`;
    }
    change(onForm)(formOf(read.spec));
    onMode('form');
    return null;
  };
  const edit = (): void => {
    change(onFile)(yamlOf(specOf(form)));
    onMode('file');
  };
  return (
    <form
      onSubmit={onSubmit}
      noValidate
      className="grid grid-cols-[minmax(0,1fr)_320px] items-start gap-9 max-[1080px]:grid-cols-1"
    >
      {mode === 'form' ? (
        <SweepFields
          form={form}
          onChange={change(onForm)}
          issues={issues}
          tasks={tasks.stale ? [] : (tasks.data?.tasks ?? [])}
          loading={(tasks.data === undefined || tasks.stale) && tasks.error === null}
        />
      ) : (
        <SweepFile text={file} onChange={change(onFile)} onOpen={open} />
      )}
      <PlanCard state={plan} empty="Choose at least two tasks to see what will run.">
        <Refusals message={error?.message ?? null} issues={mode === 'file' ? issues : otherIssues(issues)} />
        <button type="submit" className="btn btn-primary mt-4 w-full" disabled={busy || body === null}>
          {busy ? 'Submitting…' : 'Submit sweep'}
        </button>
        {mode === 'form' && !untouched && <SweepText text={yamlOf(specOf(form))} onEdit={edit} />}
      </PlanCard>
    </form>
  );
}
