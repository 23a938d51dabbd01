'use client';

import { type ReactNode, useId, useState } from 'react';

export interface Part {
  id: string;
  label: string;
  /** What is chosen in it, in a few letters; nothing while it has its defaults. */
  set: string;
  /** Something in it is wrong: it is shown whether or not a person opened it. */
  wrong: boolean;
  content: ReactNode;
}

/** Parts of a form that a plain sweep does without: a row of buttons, each opens its part below. */
export function MoreFields({ parts }: { parts: readonly Part[] }) {
  const [open, setOpen] = useState<readonly string[]>([]);
  const base = useId();
  // What opened for being wrong stays open when it is mended.
  const unseen = parts.filter(({ id, wrong }) => wrong && !open.includes(id)).map(({ id }) => id);
  if (unseen.length > 0) setOpen([...open, ...unseen]);
  const isOpen = ({ id }: Part): boolean => open.includes(id);
  return (
    <div>
      <div className="flex flex-wrap items-center gap-2">
        {parts.map((part) => (
          <button
            key={part.id}
            type="button"
            className="chip"
            aria-expanded={isOpen(part)}
            aria-controls={`${base}-${part.id}`}
            onClick={() => setOpen(isOpen(part) ? open.filter((id) => id !== part.id) : [...open, part.id])}
          >
            <span aria-hidden="true">{isOpen(part) ? '▾' : '▸'}</span>
            <span className="section-title">{part.label}</span>
            {part.set !== '' && <span className="text-accent">{part.set}</span>}
          </button>
        ))}
      </div>
      {parts.map((part) => (
        <section
          key={part.id}
          id={`${base}-${part.id}`}
          aria-label={part.label}
          hidden={!isOpen(part)}
          className="mt-4"
        >
          <h3 className="section-title mb-2">{part.label}</h3>
          {part.content}
        </section>
      ))}
    </div>
  );
}
