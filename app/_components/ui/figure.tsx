import type { ReactNode } from 'react';

/** A number with its name above and its unit or interval below. */
export function Figure({
  label,
  value,
  note,
  tone,
}: {
  label: ReactNode;
  value: ReactNode;
  note: ReactNode;
  tone?: 'worse';
}) {
  return (
    <div className="border-line border-r px-4 first:pl-0 last:border-r-0 phone:border-r-0 phone:px-0">
      <dt className="text-ink2 text-label">{label}</dt>
      <dd>
        <span
          className={`block font-semibold text-number leading-tight ${tone === 'worse' ? 'text-worse' : ''}`}
        >
          {value}
        </span>
        <span className="block text-ink2 text-label">{note}</span>
      </dd>
    </div>
  );
}

/** A ruled row of figures. */
export function Figures({ children }: { children: ReactNode }) {
  return (
    <dl className="grid grid-cols-[repeat(auto-fit,minmax(150px,1fr))] gap-y-4 border-line border-b py-3 phone:grid-cols-2 phone:border-t">
      {children}
    </dl>
  );
}
