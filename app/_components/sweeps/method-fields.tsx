'use client';

import { type MethodForm, PLAIN } from '@/app/_lib/method-form';
import { isShifted, issueAt, issueOf, type SweepForm } from '@/app/_lib/sweep-form';
import { type Problem, TRANSFER_CHOICES, unservable } from '@/lib/service/contracts';
import { ChipCheck, toggled } from '../ui/chip-check';
import { Details } from '../ui/details';
import { Field } from '../ui/field';
import { EntryCard, EntryList, type Slot } from './entry-list';
import { OptionFields } from './option-fields';

export interface PartProps {
  form: SweepForm;
  onChange: (form: SweepForm) => void;
  issues: Problem['error']['issues'];
  /** Name of a task for people. */
  name: (task: string) => string;
  /** Tasks of the sweep that can be a source. */
  sources: readonly string[];
}

/** Ways to transfer, each from every source to every target, several of one method among them. */
export function MethodFields({ form, onChange, issues, name, sources }: PartProps) {
  const names = form.methods.map(({ method, label }) => label.trim() || method);
  const from = [...sources, ...form.pretrained.map(({ id }) => id)];
  return (
    <div>
      <EntryList<MethodForm>
        noun="a way to transfer"
        choices={TRANSFER_CHOICES}
        entries={form.methods}
        empty="None chosen: plain readouts are planned."
        path="methods"
        issues={issues}
        make={(method) => ({ ...PLAIN, method })}
        onChange={(methods) => onChange({ ...form, methods })}
      >
        {(slot) => (
          <MethodCard
            slot={slot}
            issues={issues}
            note={unservable(slot.entry.method, isShifted(form), form.transferSizes.trim() !== '')}
            names={names.filter((_, i) => i !== slot.at)}
            sources={[...new Set([...from, ...slot.entry.sources])]}
            name={name}
          />
        )}
      </EntryList>
      <Field
        label="Labelled images"
        className="mt-4 max-w-md"
        error={issueAt(issues, 'transferSizes')}
        hint="sizes of the transfer set, such as 30, 300 or 5 %, separated by commas; empty = the whole pool"
      >
        {(p) => (
          <input
            {...p}
            value={form.transferSizes}
            onChange={(e) => onChange({ ...form, transferSizes: e.target.value })}
          />
        )}
      </Field>
    </div>
  );
}

interface CardProps extends Pick<PartProps, 'issues' | 'name' | 'sources'> {
  slot: Slot<MethodForm>;
  note: string | null;
  names: readonly string[];
}

function MethodCard({ slot, issues, note, names, sources, name }: CardProps) {
  const { entry, path, put } = slot;
  const wrong = issueOf(issues, path) === null && issueAt(issues, path) !== null;
  const given = Object.values(entry.options).filter((text) => text !== '').length;
  const set = given + (entry.label.trim() === '' ? 0 : 1) + (entry.sources.length > 0 ? 1 : 0);
  return (
    <EntryCard
      slot={slot}
      noun="way"
      issues={issues}
      note={note === null ? null : `As things stand it is left out: ${note}.`}
    >
      <Details className="mt-2" wrong={wrong} summary={set > 0 ? `Options, ${set} set` : 'Options'}>
        <div className="mt-2 flex flex-col gap-3">
          <OptionFields slot={slot} issues={issues} names={names} />
          <Field
            label="Label"
            className="max-w-xs"
            error={issueAt(issues, `${path}.label`)}
            hint="name for people; empty = the method with its options"
          >
            {(p) => (
              <input {...p} value={entry.label} onChange={(e) => put({ ...entry, label: e.target.value })} />
            )}
          </Field>
          {sources.length > 0 && (
            <Chips
              legend="Only from"
              note="every source when none is chosen"
              error={issueAt(issues, `${path}.sources`)}
              ids={sources}
              chosen={entry.sources}
              name={name}
              onChange={(list) => put({ ...entry, sources: list })}
            />
          )}
        </div>
      </Details>
    </EntryCard>
  );
}

interface ChipsProps {
  legend: string;
  note: string;
  error: string | null;
  ids: readonly string[];
  chosen: readonly string[];
  name: (id: string) => string;
  onChange: (chosen: string[]) => void;
}

/** Tasks or encoders to tick. */
export function Chips({ legend, note, error, ids, chosen, name, onChange }: ChipsProps) {
  return (
    <fieldset>
      <legend className="mb-1 text-ink2 text-label">
        {legend} <span className="text-ink3">({note})</span>
      </legend>
      {error !== null && (
        <p role="alert" className="mb-1 text-fail text-label">
          {error}
        </p>
      )}
      {ids.length === 0 ? (
        <p className="text-ink3 text-label">Choose tasks of the sweep first.</p>
      ) : (
        <div className="flex flex-wrap gap-1.5">
          {ids.map((id) => (
            <ChipCheck key={id} on={chosen.includes(id)} onChange={() => onChange(toggled(chosen, id))}>
              {name(id)}
            </ChipCheck>
          ))}
        </div>
      )}
    </fieldset>
  );
}
