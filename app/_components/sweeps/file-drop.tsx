'use client';

import { type DragEvent, useState } from 'react';
import { SWEEP_BATCH_MAX_FILES } from '@/lib/service/contracts';

interface Props {
  onFiles: (files: File[]) => void;
  refused: readonly string[];
}

/** A place to drop sweep files, and a button that does the same by keyboard. */
export function FileDrop({ onFiles, refused }: Props) {
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    onFiles([...event.dataTransfer.files]);
  };
  return (
    <div>
      <section
        aria-label="Add sweep files"
        data-testid="file-drop"
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
        className={`flex flex-wrap items-center gap-x-4 gap-y-2 rounded-card border border-dashed px-4 py-4 ${over ? 'border-accent bg-accent-soft' : 'border-line2'}`}
      >
        <label className="btn cursor-pointer has-focus-visible:outline-2 has-focus-visible:outline-accent">
          Choose files
          <input
            type="file"
            multiple
            accept=".yaml,.yml,.json,application/json,text/yaml"
            className="sr-only"
            onChange={(event) => {
              onFiles([...(event.target.files ?? [])]);
              // Empty again, so that the same file, mended, can be chosen once more.
              event.target.value = '';
            }}
          />
        </label>
        <p className="min-w-0 flex-1 basis-52 text-ink2">
          or drop them here: YAML or JSON, up to {SWEEP_BATCH_MAX_FILES}. A file of the same name replaces the
          one that is listed.
        </p>
      </section>
      <div role="alert">
        {refused.map((message) => (
          <p key={message} className="mt-2 text-fail">
            {message}
          </p>
        ))}
      </div>
    </div>
  );
}
