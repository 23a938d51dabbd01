'use client';

import { type ChangeEvent, useState } from 'react';
import { SWEEP_FILE_MAX_BYTES } from '@/lib/service/contracts';

const EXAMPLE = `name: my sweep
preset: tiny
dataset:
  kind: rooms
  size: 64
  pools: { source: 3600, transfer: 300, selection: 150, test: 600 }
tasks: [autoencoding, z-depth, surface-normals]
seeds: [1, 2, 3]
`;

interface Props {
  text: string;
  onChange: (text: string) => void;
  /** Goes on in the form with what the text says; answers why it cannot. */
  onOpen: () => string | null;
}

/** A sweep file pasted or chosen from disk. The same file works for `taskatlas submit`. */
export function SweepFile({ text, onChange, onOpen }: Props) {
  const [refused, setRefused] = useState<string | null>(null);
  const read = async (event: ChangeEvent<HTMLInputElement>): Promise<void> => {
    const file = event.target.files?.[0];
    if (file === undefined) return;
    if (file.size > SWEEP_FILE_MAX_BYTES) {
      setRefused(
        `${file.name} has ${Math.ceil(file.size / 1024)} KB; a sweep file may have at most ${SWEEP_FILE_MAX_BYTES / 1024} KB.`,
      );
      return;
    }
    setRefused(null);
    onChange(await file.text());
  };
  return (
    <div className="flex flex-col gap-3">
      <label className="block">
        <span className="mb-1 block text-ink2 text-label">Sweep file, YAML or JSON</span>
        <textarea
          className="field min-h-[380px] resize-y font-mono text-[12px] leading-relaxed"
          spellCheck={false}
          value={text}
          placeholder={EXAMPLE}
          onChange={(event) => {
            setRefused(null);
            onChange(event.target.value);
          }}
        />
      </label>
      <div className="flex flex-wrap items-center gap-3">
        <label className="btn cursor-pointer has-focus-visible:outline-2 has-focus-visible:outline-accent">
          Choose a file
          <input
            type="file"
            accept=".yaml,.yml,.json,application/json,text/yaml"
            className="sr-only"
            onChange={(event) => void read(event)}
          />
        </label>
        <button type="button" className="btn" onClick={() => onChange(EXAMPLE)}>
          Start from an example
        </button>
        <button
          type="button"
          className="btn"
          disabled={text.trim() === ''}
          onClick={() => setRefused(onOpen())}
        >
          Open in the form
        </button>
      </div>
      {refused !== null && (
        <p role="alert" className="text-fail">
          {refused}
        </p>
      )}
    </div>
  );
}
