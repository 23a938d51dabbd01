'use client';

import { Children, type ReactNode, useId } from 'react';
import type { OptionTexts } from '@/app/_lib/method-form';
import { issueAt } from '@/app/_lib/sweep-form';
import type { OptionSpec } from '@/lib/service/contracts';
import { Field } from '../ui/field';
import type { Issues, Slot } from './entry-list';

interface Props<T> {
  slot: Slot<T>;
  issues: Issues;
  /** Names that an option which names methods may use. */
  names: readonly string[];
}

/** Options of one method, each as the catalog declares it: kind, default, limits, what it does. */
export function OptionFields<T extends { options: OptionTexts }>({ slot, issues, names }: Props<T>) {
  const { entry, path, choice, put } = slot;
  return (
    <div className="grid grid-cols-2 gap-x-4 gap-y-3 phone:grid-cols-1">
      {choice?.options.map(([id, spec]) => (
        <OptionField
          key={id}
          id={id}
          spec={spec}
          text={entry.options[id] ?? ''}
          error={issueAt(issues, `${path}.options.${id}`)}
          names={names}
          onChange={(text) => put({ ...entry, options: { ...entry.options, [id]: text } })}
        />
      ))}
    </div>
  );
}

interface OptionProps {
  id: string;
  spec: OptionSpec;
  text: string;
  error: string | null;
  names: readonly string[];
  onChange: (text: string) => void;
}

function OptionField({ id, spec, text, error, names, onChange }: OptionProps) {
  if (spec.kind === 'flag') return <Flag id={id} spec={spec} text={text} onChange={onChange} />;
  return (
    <Field label={id} error={error} hint={<OptionHint spec={spec} names={names} />}>
      {(p) =>
        spec.kind === 'choice' ? (
          <select {...p} value={text} onChange={(e) => onChange(e.target.value)}>
            {spec.choices.map((value) => (
              <option key={value} value={value === spec.default ? '' : value}>
                {value === spec.default ? `${value} (default)` : value}
              </option>
            ))}
          </select>
        ) : (
          <input
            {...p}
            inputMode={spec.kind === 'number' ? 'decimal' : undefined}
            placeholder={String(spec.default)}
            spellCheck={false}
            value={text}
            onChange={(e) => onChange(e.target.value)}
          />
        )
      }
    </Field>
  );
}

type FlagSpec = Extract<OptionSpec, { kind: 'flag' }>;

/** On or off; what is as by default is not said in the sweep. */
function Flag({
  id,
  spec,
  text,
  onChange,
}: Pick<OptionProps, 'id' | 'text' | 'onChange'> & { spec: FlagSpec }) {
  const note = useId();
  return (
    <div>
      <label className="flex items-center gap-2 pt-1">
        <input
          type="checkbox"
          className="size-4 accent-[var(--accent)]"
          aria-describedby={note}
          checked={text === '' ? spec.default : text === 'true'}
          onChange={(e) => onChange(e.target.checked === spec.default ? '' : String(e.target.checked))}
        />
        {id}
      </label>
      <p id={note} className="mt-1 text-ink3 text-label">
        {codeIn(spec.doc)} Default: {spec.default ? 'on' : 'off'}.
      </p>
    </div>
  );
}

function OptionHint({ spec, names }: { spec: OptionSpec; names: readonly string[] }) {
  return (
    <>
      {codeIn(spec.doc)}
      {spec.kind === 'number' && ` ${spec.integer ? 'Whole number, ' : ''}${spec.min} to ${spec.max}.`}
      {spec.kind === 'methods' && names.length > 0 && ` In this sweep: ${names.join(', ')}.`}
    </>
  );
}

const piece = (text: string, at: number): ReactNode =>
  at % 2 === 0 ? text : <code className="font-mono text-[11px]">{text}</code>;

/** A text of the catalog, with what stands between back ticks as code. */
const codeIn = (text: string): ReactNode => Children.toArray(text.split('`').map(piece));
