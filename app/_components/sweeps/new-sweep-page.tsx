'use client';

import { useState } from 'react';
import type { SweepText } from '@/app/_lib/sweep-batch';
import { emptyForm, type SweepForm } from '@/app/_lib/sweep-form';
import { oneOf, useUrlState } from '@/app/_lib/use-url-state';
import { PageHead } from '../shell/page-head';
import { Segmented } from '../ui/segmented';
import { BatchForm } from './batch-form';
import { SingleForm } from './single-form';

/** Submit a sweep by form or by file, or several files at once, with a dry run beside it. */
export function NewSweepPage() {
  const { query, set } = useUrlState();
  const mode = oneOf(query.get('mode'), ['form', 'file', 'files']);
  // What was written stays when a person looks at another way of writing it.
  const [form, setForm] = useState<SweepForm>(emptyForm);
  const [file, setFile] = useState('');
  const [files, setFiles] = useState<SweepText[]>([]);
  const write = (as: string): void => set({ mode: as === 'form' ? null : as });
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
            { value: 'files', label: 'Several files' },
          ]}
          onChange={write}
        />
      </div>
      {mode === 'files' ? (
        <BatchForm files={files} onChange={setFiles} />
      ) : (
        <SingleForm mode={mode} onMode={write} form={form} onForm={setForm} file={file} onFile={setFile} />
      )}
    </>
  );
}
