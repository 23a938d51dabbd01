'use client';

import { type ReactNode, useId, useRef, useState } from 'react';
import type { MethodChoice } from '@/lib/service/contracts';

interface Props<T> {
  /** What an entry is called, as in "Add a way to transfer". */
  noun: string;
  choices: readonly MethodChoice[];
  entries: readonly T[];
  empty: string;
  error: string | null;
  /** A new entry of a method. */
  make: (method: string) => T;
  onChange: (entries: readonly T[]) => void;
  children: (entry: T, at: number, put: (entry: T) => void, remove: () => void) => ReactNode;
}

/** Entries that are methods with options: cards, and one line that adds another. */
export function EntryList<T extends { method: string }>(props: Props<T>) {
  const { noun, choices, entries, empty, error, make, onChange, children } = props;
  const [chosen, setChosen] = useState(choices[0]?.id ?? '');
  const [said, setSaid] = useState('');
  const select = useRef<HTMLSelectElement>(null);
  const id = useId();
  const nameOf = (method: string): string => choices.find((c) => c.id === method)?.name ?? method;
  const add = (): void => {
    onChange([...entries, make(chosen)]);
    setSaid(`${nameOf(chosen)} added`);
  };
  const remove = (at: number): void => {
    onChange(entries.filter((_, i) => i !== at));
    setSaid(`${nameOf(entries[at]?.method ?? '')} removed`);
    // The button that was pressed is gone: the focus stays in this list.
    select.current?.focus();
  };
  return (
    <div>
      {error !== null && (
        <p role="alert" className="mb-2 text-fail text-label">
          {error}
        </p>
      )}
      {entries.length === 0 && <p className="text-ink2">{empty}</p>}
      <ul className="flex flex-col">
        {entries.map((entry, at) =>
          children(
            entry,
            at,
            (next) => onChange(entries.map((old, i) => (i === at ? next : old))),
            () => remove(at),
          ),
        )}
      </ul>
      <div className="mt-3 flex flex-wrap items-center gap-2">
        <label htmlFor={id} className="text-ink2 text-label phone:basis-full">
          Add {noun}
        </label>
        <select
          id={id}
          ref={select}
          className="field w-auto min-w-0 max-w-full flex-1 basis-40"
          value={chosen}
          onChange={(e) => setChosen(e.target.value)}
        >
          {choices.map((choice) => (
            <option key={choice.id} value={choice.id}>
              {choice.name} ({choice.id})
            </option>
          ))}
        </select>
        <button type="button" className="btn" aria-label={`Add ${noun}`} onClick={add}>
          Add
        </button>
      </div>
      <p aria-live="polite" className="sr-only">
        {said}
      </p>
    </div>
  );
}

interface CardProps {
  choice: MethodChoice | undefined;
  method: string;
  /** Name for screen readers, with its place among entries of the same method. */
  name: string;
  /** Why it cannot serve as things stand, in the server's words or the catalog's. */
  error: string | null;
  note: string | null;
  onRemove: () => void;
  children: ReactNode;
}

/** One entry: what the method is, what it needs, and its fields. */
export function EntryCard({ choice, method, name, error, note, onRemove, children }: CardProps) {
  return (
    <li className="border-line border-b py-3 first:border-t">
      <fieldset className="min-w-0">
        <legend className="sr-only">{name}</legend>
        <div className="flex items-start justify-between gap-3">
          <div className="min-w-0">
            <p>
              <span className="font-semibold">{choice?.name ?? method}</span>{' '}
              <code className="font-mono text-ink3 text-label">{method}</code>
            </p>
            {choice !== undefined && (
              <p className="text-ink2 text-label">
                {choice.summary} <span className="text-ink3">Needs: {choice.needs}.</span>
              </p>
            )}
          </div>
          <button type="button" className="btn" aria-label={`Remove ${name}`} onClick={onRemove}>
            Remove
          </button>
        </div>
        {error !== null && (
          <p role="alert" className="mt-1 text-fail text-label">
            {error}
          </p>
        )}
        {note !== null && <p className="mt-1 text-label text-worse">{note}</p>}
        {children}
      </fieldset>
    </li>
  );
}
