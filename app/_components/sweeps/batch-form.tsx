'use client';

import { type FormEvent, useState } from 'react';
import { sweepList } from '@/app/_lib/answers';
import { post } from '@/app/_lib/api';
import { plural } from '@/app/_lib/format';
import { issuesByFile, mergeFiles, readFiles, type SweepText } from '@/app/_lib/sweep-batch';
import { BatchFile } from './batch-file';
import { FileDrop } from './file-drop';
import { PlanCard } from './plan-card';
import { Refusals } from './refusals';
import { useBatchPlan } from './use-plan';
import { useSubmit } from './use-submit';

interface Props {
  files: SweepText[];
  onChange: (files: SweepText[]) => void;
}

/** Several sweep files: each with its plan or what is wrong with it, their sum, and one button for all. */
export function BatchForm({ files, onChange }: Props) {
  const [refused, setRefused] = useState<string[]>([]);
  const { plan, error: failed, busy: planning } = useBatchPlan(files);
  const { busy, error, submit, clear } = useSubmit(async () => {
    await post('/sweeps/batch', sweepList, { json: { files } });
    return '/sweeps';
  });
  const change = (next: SweepText[], messages: string[]): void => {
    clear();
    setRefused(messages);
    onChange(next);
  };
  const add = async (chosen: readonly File[]): Promise<void> => {
    const { read, refused: large } = await readFiles(chosen);
    const merged = mergeFiles(files, read);
    change(merged.files, [...large, ...merged.refused]);
  };
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    void submit();
  };
  const wrong = error ?? plan?.refused ?? failed;
  const issues = issuesByFile(
    files.map(({ name }) => name),
    wrong?.issues ?? [],
  );
  const plans = new Map(plan?.view?.sweeps.map((sweep) => [sweep.file, sweep] as const));
  const whole = plan !== null && plan.refused === null ? (plan.view?.total ?? null) : null;
  return (
    <form
      onSubmit={onSubmit}
      className="grid grid-cols-[minmax(0,1fr)_320px] items-start gap-9 max-[1080px]:grid-cols-1"
    >
      <div className="flex min-w-0 flex-col gap-4">
        <FileDrop onFiles={(chosen) => void add(chosen)} refused={refused} />
        {files.length > 0 && (
          <ul aria-label="Sweep files" aria-busy={planning}>
            {files.map(({ name }) => (
              <BatchFile
                key={name}
                name={name}
                sweep={plans.get(name) ?? null}
                issues={issues.files.get(name) ?? []}
                onRemove={() =>
                  change(
                    files.filter((file) => file.name !== name),
                    [],
                  )
                }
              />
            ))}
          </ul>
        )}
      </div>
      <PlanCard
        title="Plan, all files together"
        state={{ plan: whole, error: null, busy: planning }}
        empty={
          files.length === 0
            ? 'Choose sweep files to see what each and all together will run.'
            : planning
              ? 'Planning…'
              : 'The sum follows when every file can be planned.'
        }
      >
        <Refusals message={wrong?.message ?? null} issues={issues.rest} />
        <button type="submit" className="btn btn-primary mt-4 w-full" disabled={busy || files.length === 0}>
          {busy
            ? 'Submitting…'
            : files.length === 0
              ? 'Submit sweeps'
              : `Submit ${plural(files.length, 'sweep')}`}
        </button>
        <p className="mt-2 text-ink3 text-label">All are submitted, or none.</p>
      </PlanCard>
    </form>
  );
}
