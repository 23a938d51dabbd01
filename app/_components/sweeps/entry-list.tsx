'use client';

import { type ReactNode, useId, useRef, useState } from 'react';
import { issueOf } from '@/app/_lib/sweep-form';
import type { MethodChoice, Problem } from '@/lib/service/contracts';

export type Issues = Problem['error']['issues'];

/** An entry in its place. */
export interface Slot<T> {
  entry: T;
  at: number;
  /** Where it stands in a sweep file, as issues name it. */
  path: string;
  /** Its method in the catalog. */
  choice: MethodChoice | undefined;
  put: (entry: T) => void;
  remove: () => void;
}

interface Props<T> {
  /** What an entry is called, as in "Add a way to transfer". */
  noun: string;
  /** The list in a sweep file. */
  path: string;
  choices: readonly MethodChoice[];
  entries: readonly T[];
  empty: string;
  issues: Issues;
  /** A new entry of a method. */
  make: (method: string) => T;
  onChange: (entries: readonly T[]) => void;
  children: (slot: Slot<T>) => ReactNode;
}

/** Entries that are methods with options: cards, and one line that adds another. */
export function EntryList<T extends { method: string }>(props: Props<T>) {
  const { noun, path, choices, entries, empty, issues, make, onChange, children } = props;
  const error = issueOf(issues, path);
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
        {entries.map((entry, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: an entry has no name of its own but its place
          <li key={`${at} ${entry.method}`} className="border-line border-b py-3 first:border-t">
            {children({
              entry,
              at,
              path: `${path}[${at}]`,
              choice: choices.find(({ id }) => id === entry.method),
              put: (next) => onChange(entries.map((old, i) => (i === at ? next : old))),
              remove: () => remove(at),
            })}
          </li>
        ))}
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
  slot: Pick<Slot<{ method: string }>, 'entry' | 'at' | 'path' | 'choice' | 'remove'>;
  /** What one entry is called, as in "Fine-tuning, way 2". */
  noun: string;
  issues: Issues;
  /** Why it cannot serve as things stand, in the catalog's words. */
  note?: string | null;
  children: ReactNode;
}

/** One entry: what the method is, what it needs, and its fields. */
export function EntryCard({ slot, noun, issues, note = null, children }: CardProps) {
  const { entry, at, path, choice, remove } = slot;
  const title = choice?.name ?? entry.method;
  const name = `${title}, ${noun} ${at + 1}`;
  const error = issueOf(issues, path) ?? issueOf(issues, `${path}.method`);
  return (
    <fieldset className="min-w-0">
      <legend className="sr-only">{name}</legend>
      <div className="flex items-start justify-between gap-3">
        <div className="min-w-0">
          <p>
            <span className="font-semibold">{title}</span>{' '}
            <code className="font-mono text-ink3 text-label">{entry.method}</code>
          </p>
          {choice !== undefined && (
            <p className="text-ink2 text-label">
              {choice.summary} <span className="text-ink3">Needs: {choice.needs}.</span>
            </p>
          )}
        </div>
        <button type="button" className="btn" aria-label={`Remove ${name}`} onClick={remove}>
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
  );
}
