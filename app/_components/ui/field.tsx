'use client';

import { type ReactNode, useId } from 'react';

interface Props {
  label: string;
  error: string | null;
  hint?: ReactNode;
  className?: string;
  children: (props: {
    id: string;
    'aria-invalid': boolean;
    'aria-describedby': string | undefined;
    className: string;
  }) => ReactNode;
}

/** A labelled input with its hint and its error, tied together for screen readers. */
export function Field({ label, error, hint, className = '', children }: Props) {
  const id = useId();
  const note = error ?? hint;
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1 block text-ink2 text-label">
        {label}
      </label>
      {children({
        id,
        'aria-invalid': error !== null,
        'aria-describedby': note === undefined ? undefined : `${id}-note`,
        className: 'field',
      })}
      {note !== undefined && (
        <p id={`${id}-note`} className={`mt-1 text-label ${error === null ? 'text-ink3' : 'text-fail'}`}>
          {note}
        </p>
      )}
    </div>
  );
}
