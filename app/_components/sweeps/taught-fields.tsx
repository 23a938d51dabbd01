'use client';

import { freeName, type TaughtForm } from '@/app/_lib/method-form';
import { issueAt } from '@/app/_lib/sweep-form';
import { TEACHER_CHOICES } from '@/lib/service/contracts';
import { Details } from '../ui/details';
import { Field } from '../ui/field';
import { EntryCard, EntryList, type Slot } from './entry-list';
import { Chips, type PartProps } from './method-fields';
import { OptionFields } from './option-fields';

/** Encoders that are taught before the transfers, and then are sources of every target. */
export function TaughtFields({ form, onChange, issues, name, sources }: PartProps) {
  const taken = [...form.tasks, ...form.pretrained.map(({ id }) => id)];
  return (
    <EntryList<TaughtForm>
      noun="an encoder to teach"
      choices={TEACHER_CHOICES}
      entries={form.pretrained}
      empty="None: the own networks of the tasks are the sources."
      path="pretrained"
      issues={issues}
      make={(method) => ({
        id: freeName(method, taken),
        method,
        options: {},
        label: '',
        tasks: [],
        sources: [],
      })}
      onChange={(pretrained) => onChange({ ...form, pretrained })}
    >
      {(slot) => {
        const earlier = form.pretrained.slice(0, slot.at).map(({ id }) => id);
        return (
          <TaughtCard
            slot={slot}
            issues={issues}
            name={name}
            tasks={[...new Set([...form.tasks, ...slot.entry.tasks])]}
            sources={[...new Set([...sources, ...earlier, ...slot.entry.sources])]}
          />
        );
      }}
    </EntryList>
  );
}

interface CardProps extends Pick<PartProps, 'issues' | 'name' | 'sources'> {
  slot: Slot<TaughtForm>;
  tasks: readonly string[];
}

function TaughtCard({ slot, issues, name, tasks, sources }: CardProps) {
  const { entry, path, choice, put } = slot;
  const set = Object.values(entry.options).filter((text) => text !== '').length;
  return (
    <EntryCard slot={slot} noun="encoder" issues={issues}>
      <div className="mt-2 flex flex-col gap-3">
        <div className="grid max-w-xl grid-cols-2 gap-4 phone:grid-cols-1">
          <Field label="Name of the source" error={issueAt(issues, `${path}.id`)}>
            {(p) => (
              <input
                {...p}
                spellCheck={false}
                value={entry.id}
                onChange={(e) => put({ ...entry, id: e.target.value })}
              />
            )}
          </Field>
          <Field label="Label" error={issueAt(issues, `${path}.label`)} hint="name for people, by choice">
            {(p) => (
              <input {...p} value={entry.label} onChange={(e) => put({ ...entry, label: e.target.value })} />
            )}
          </Field>
        </div>
        {choice?.takes.tasks && (
          <Chips
            legend="Learns from"
            note="tasks whose labels it sees"
            error={issueAt(issues, `${path}.tasks`)}
            ids={tasks}
            chosen={entry.tasks}
            name={name}
            onChange={(list) => put({ ...entry, tasks: list })}
          />
        )}
        {choice?.takes.sources && (
          <Chips
            legend="Starts from"
            note="encoders of this sweep"
            error={issueAt(issues, `${path}.sources`)}
            ids={sources}
            chosen={entry.sources}
            name={name}
            onChange={(list) => put({ ...entry, sources: list })}
          />
        )}
        {choice !== undefined && choice.options.length > 0 && (
          <Details
            wrong={issueAt(issues, `${path}.options`) !== null}
            summary={set > 0 ? `Options, ${set} set` : 'Options'}
          >
            <div className="mt-2">
              <OptionFields slot={slot} issues={issues} names={[]} />
            </div>
          </Details>
        )}
      </div>
    </EntryCard>
  );
}
