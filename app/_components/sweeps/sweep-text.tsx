'use client';

import { CopyButton } from '../ui/copy-button';

/** What the form says as a sweep file, to go on with by command line or as text. */
export function SweepText({ text, onEdit }: { text: string; onEdit: () => void }) {
  return (
    <details className="mt-4">
      <summary className="cursor-pointer text-ink2 text-label">As a sweep file</summary>
      <textarea
        readOnly
        aria-label="Sweep file"
        wrap="off"
        rows={Math.min(18, text.trimEnd().split('\n').length)}
        value={text.trimEnd()}
        className="field mt-2 resize-y font-mono text-[11.5px] leading-relaxed"
      />
      <div className="mt-2 flex flex-wrap gap-2">
        <CopyButton label="Copy" text={() => text} />
        <button type="button" className="btn" onClick={onEdit}>
          Edit as text
        </button>
      </div>
      <p className="mt-1 text-ink3 text-label">
        Saved as a file, <code className="font-mono">taskatlas submit FILE</code> does the same.
      </p>
    </details>
  );
}
