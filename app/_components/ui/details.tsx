'use client';

import { type ReactNode, useState } from 'react';

interface Props {
  summary: ReactNode;
  /** Something in it is wrong: it opens, and stays open when that is mended. */
  wrong: boolean;
  className?: string;
  children: ReactNode;
}

/** A part that is closed until a person opens it or something in it is wrong. */
export function Details({ summary, wrong, className, children }: Props) {
  const [open, setOpen] = useState(false);
  if (wrong && !open) setOpen(true);
  return (
    <details className={className} open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="w-fit cursor-pointer text-ink2 text-label">{summary}</summary>
      {children}
    </details>
  );
}
