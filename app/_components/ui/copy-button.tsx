'use client';

import { useState } from 'react';

/** Copies a text; says so in place and to screen readers. */
export function CopyButton({ text, label }: { text: () => string; label: string }) {
  const [said, setSaid] = useState<string | null>(null);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text());
      setSaid('Copied');
    } catch {
      setSaid('Not allowed');
    }
    setTimeout(() => setSaid(null), 1600);
  };
  return (
    <button type="button" className="btn" onClick={() => void copy()}>
      <span aria-live="polite">{said ?? label}</span>
    </button>
  );
}

export const CopyLink = () => <CopyButton label="Copy link" text={() => window.location.href} />;
