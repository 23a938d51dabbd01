import type { SweepView } from '@/lib/service/contracts';

const summaryOf = (defects: number): string =>
  defects === 0
    ? 'What this is'
    : `${defects === 1 ? 'One known defect' : `${defects} known defects`} of this data, and how to read it`;

/** Where imported results come from, and what a reader must know of their defects. */
export function Imported({ sweep }: { sweep: SweepView }) {
  const warnings = sweep.notes.filter((note) => note.level === 'warning');
  return (
    <div className="py-3">
      <p className="text-ink2 text-label">
        Imported results{sweep.source === null ? '' : ` from ${sweep.source}`}: nothing was trained here, and
        intervals are missing where the files hold none.
      </p>
      {sweep.notes.length > 0 && (
        <details className="mt-1">
          <summary
            className={`cursor-pointer font-semibold ${warnings.length > 0 ? 'text-worse' : 'text-accent'}`}
          >
            {summaryOf(warnings.length)}
          </summary>
          <ul className="mt-2 max-w-[88ch] list-disc pl-5">
            {sweep.notes.map((note) => (
              <li key={note.code} className={`mb-1 ${note.level === 'warning' ? '' : 'text-ink2'}`}>
                {note.text}
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}
