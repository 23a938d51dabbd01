import type { ReactNode } from 'react';

interface Props {
  on: boolean;
  title?: string;
  onChange: () => void;
  children: ReactNode;
}

/** A list with an entry more, or one less. */
export const toggled = (chosen: readonly string[], id: string): string[] =>
  chosen.includes(id) ? chosen.filter((other) => other !== id) : [...chosen, id];

/** A check box that looks like a chip. */
export function ChipCheck({ on, title, onChange, children }: Props) {
  return (
    <label
      title={title}
      className={`chip cursor-pointer has-focus-visible:outline-2 has-focus-visible:outline-accent ${on ? 'border-accent bg-accent-soft text-ink' : 'hover:border-ink3'}`}
    >
      <input type="checkbox" className="sr-only" checked={on} onChange={onChange} />
      {on && <span aria-hidden="true">✓</span>}
      {children}
    </label>
  );
}
