'use client';

import { FAMILY_NAME, FAMILY_ORDER } from '@/app/_lib/tree';
import type { TaskView } from '@/lib/service/contracts';
import { ChipCheck, toggled } from '../ui/chip-check';

interface Props {
  tasks: readonly TaskView[];
  chosen: readonly string[];
  error: string | null;
  onChange: (chosen: string[]) => void;
}

/** Tasks as check boxes by family, with their roles. */
export function TaskPicker({ tasks, chosen, error, onChange }: Props) {
  const families = FAMILY_ORDER.filter((f) => tasks.some((t) => t.family === f));
  const targets = tasks.filter((t) => t.target && chosen.includes(t.id)).length;
  const sources = tasks.filter((t) => t.source && chosen.includes(t.id)).length;
  return (
    <fieldset aria-describedby="tasks-note">
      <legend className="section-title">Tasks</legend>
      <p id="tasks-note" className="mb-2 flex flex-wrap items-center gap-x-3 text-ink2 text-label">
        {chosen.length} chosen, {sources} as sources, {targets} as targets
        <button type="button" className="link" onClick={() => onChange(tasks.map((t) => t.id))}>
          all
        </button>
        <button type="button" className="link" onClick={() => onChange([])}>
          none
        </button>
      </p>
      {error !== null && (
        <p role="alert" className="mb-2 text-fail text-label">
          {error}
        </p>
      )}
      {families.map((family) => (
        <div
          key={family}
          className="grid grid-cols-[96px_minmax(0,1fr)] gap-x-3 border-line border-t py-2 phone:grid-cols-1"
        >
          <span className="pt-1 text-ink3 text-label">{FAMILY_NAME[family]}</span>
          <div className="flex flex-wrap gap-1.5">
            {tasks
              .filter((t) => t.family === family)
              .map((task) => {
                return (
                  <ChipCheck
                    key={task.id}
                    on={chosen.includes(task.id)}
                    title={task.summary}
                    onChange={() => onChange(toggled(chosen, task.id))}
                  >
                    <span className={task.target ? '' : 'italic'}>{task.name}</span>
                    {!task.target && <span className="text-ink3 text-note">source only</span>}
                  </ChipCheck>
                );
              })}
          </div>
        </div>
      ))}
    </fieldset>
  );
}
