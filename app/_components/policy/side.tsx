'use client';

import { percent } from '@/app/_lib/format';
import { cycleWish, type PolicyQuery, weightsText, wishOf } from '@/app/_lib/policy-query';
import type { UrlPatch } from '@/app/_lib/use-url-state';
import type { PolicyView } from '@/lib/service/contracts';

type SetUrl = (patch: UrlPatch) => void;
const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length;

/** Three numbers of the chosen policy. */
export function PolicyFigures({ policy }: { policy: PolicyView }) {
  const gain = mean(policy.edges.flatMap((e) => (e.gain === null ? [] : [e.gain])));
  const quality = mean(
    policy.edges.flatMap((e) => (e.quality === null || e.kind === 'self' ? [] : [e.quality])),
  );
  const items = [
    ['Mean gain', gain, 'beat scratch'],
    ['Mean quality', quality, 'of transfers'],
    ['Own networks', policy.selfShare, 'of the value'],
  ] as const;
  return (
    <dl className="grid grid-cols-3 border-line border-y py-3">
      {items.map(([label, value, note]) => (
        <div key={label} className="border-line border-r px-3 first:pl-0 last:border-r-0">
          <dt className="text-ink2 text-label">{label}</dt>
          <dd className="font-semibold text-[19px] leading-tight">{value === null ? '–' : percent(value)}</dd>
          <dd className="text-ink2 text-tick">{note}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Every source as a chip: click to force, again to forbid, again to free. */
export function SourceChips({ policy, query, set }: { policy: PolicyView; query: PolicyQuery; set: SetUrl }) {
  const sources = policy.tasks.filter((task) => task.source);
  const chosen = sources.filter((task) => policy.sources.includes(task.id));
  const others = sources.filter((task) => !policy.sources.includes(task.id));
  const toggle = (id: string): void => {
    const next = cycleWish(query, id);
    set({ force: next.force.join(',') || null, forbid: next.forbid.join(',') || null });
  };
  return (
    <>
      <ChipList
        title="Chosen"
        note="click to force, again to forbid"
        tasks={chosen}
        query={query}
        onToggle={toggle}
      />
      <ChipList
        title="Not chosen"
        note="click to force, again to forbid"
        tasks={others}
        query={query}
        onToggle={toggle}
      />
    </>
  );
}

interface ChipListProps {
  title: string;
  note: string;
  tasks: readonly { id: string; name: string }[];
  query: PolicyQuery;
  onToggle: (id: string) => void;
}

function ChipList({ title, note, tasks, query, onToggle }: ChipListProps) {
  if (tasks.length === 0) return null;
  return (
    <section aria-label={title}>
      <h3 className="mb-2 flex items-baseline justify-between">
        <span className="section-title">{title}</span>
        <span className="text-ink3 text-label">{note}</span>
      </h3>
      <ul className="flex flex-wrap gap-1.5">
        {tasks.map((task) => {
          const wish = wishOf(query, task.id);
          return (
            <li key={task.id}>
              <button
                type="button"
                className={`chip ${wish === 'forced' ? 'border-accent bg-accent-soft text-ink' : wish === 'forbidden' ? 'border-fail text-fail line-through' : ''}`}
                aria-label={`${task.name}, ${wish}`}
                onClick={() => onToggle(task.id)}
              >
                {wish === 'forced' && <span aria-hidden="true">+</span>}
                {task.name}
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** Weights of targets in the objective; only those that differ from 1 take room. */
export function Importance({ policy, query, set }: { policy: PolicyView; query: PolicyQuery; set: SetUrl }) {
  const targets = policy.edges.map((e) => e.target);
  const names = new Map(policy.tasks.map((task) => [task.id, task.name] as const));
  const weighted = Object.keys(query.weights).filter((id) => targets.includes(id));
  const free = targets
    .filter((id) => !weighted.includes(id))
    .sort((a, b) => (names.get(a) ?? a).localeCompare(names.get(b) ?? b));
  const write = (id: string, weight: number | null): void => {
    const { [id]: _, ...rest } = query.weights;
    const next = weight === null ? rest : { ...rest, [id]: weight };
    set({ weights: weightsText(next) || null });
  };
  return (
    <section aria-label="Importance">
      <h3 className="mb-1 flex items-baseline justify-between">
        <span className="section-title">Importance</span>
        <span className="text-ink3 text-label">all others 1</span>
      </h3>
      {weighted.map((id) => (
        <label key={id} className="grid grid-cols-[120px_minmax(0,1fr)_28px_24px] items-center gap-2 py-1">
          <span className="truncate">{names.get(id) ?? id}</span>
          <input
            type="range"
            min="0"
            max="5"
            step="0.5"
            value={query.weights[id] ?? 1}
            className="w-full accent-[var(--accent)]"
            onChange={(event) =>
              write(id, Number(event.target.value) === 1 ? 1.0001 : Number(event.target.value))
            }
          />
          <span className="text-right font-semibold">{Math.round((query.weights[id] ?? 1) * 10) / 10}</span>
          <button
            type="button"
            className="rounded text-ink3 hover:text-ink"
            aria-label={`Reset ${names.get(id) ?? id} to 1`}
            onClick={() => write(id, null)}
          >
            ×
          </button>
        </label>
      ))}
      <select
        className="field mt-1"
        value=""
        aria-label="Add a target to weigh"
        onChange={(event) => event.target.value !== '' && write(event.target.value, 2)}
      >
        <option value="">Weigh a target…</option>
        {free.map((id) => (
          <option key={id} value={id}>
            {names.get(id) ?? id}
          </option>
        ))}
      </select>
    </section>
  );
}
