'use client';

import { numbersText, type PolicyQuery, UNITS } from '@/app/_lib/policy-query';
import { budgetText, UNIT_WORDS } from '@/app/_lib/policy-words';
import type { UrlPatch } from '@/app/_lib/use-url-state';
import type { BudgetUnit, PolicyView } from '@/lib/service/contracts';
import { Field } from '../ui/field';

interface Props {
  policy: PolicyView;
  query: PolicyQuery;
  set: (patch: UrlPatch) => void;
}

const patched = (
  values: Readonly<Record<string, number>>,
  key: string,
  text: string,
): Record<string, number> => {
  const { [key]: _, ...rest } = values;
  const value = Number(text);
  return text.trim() === '' || !Number.isFinite(value) || value < 0 ? rest : { ...rest, [key]: value };
};

/** Terms of the question that are rarely changed: further limits, roles, label costs, incomplete targets. */
export function Terms({ policy, query, set }: Props) {
  const said =
    Object.keys(query.limits).length +
    query.sourceOnly.length +
    Object.keys(query.costs).length +
    Number(query.incomplete);
  return (
    <details open={said > 0}>
      <summary className="cursor-pointer section-title">
        Limits, roles and costs{said > 0 && <span className="font-normal text-ink2"> ({said} set)</span>}
      </summary>
      <div className="mt-2 flex flex-col gap-3">
        <Limits policy={policy} query={query} set={set} />
        <label className="flex items-start gap-2">
          <input
            type="checkbox"
            className="mt-0.5 accent-[var(--accent)]"
            checked={query.incomplete}
            onChange={(event) => set({ incomplete: event.target.checked ? 'true' : null })}
          />
          <span>
            Serve targets that lack transfers too
            <span className="block text-ink2 text-label">
              Nothing is imputed; a range bounds the optimum.
            </span>
          </span>
        </label>
        <TaskTerms policy={policy} query={query} set={set} />
      </div>
    </details>
  );
}

const hoursKnown = (policy: PolicyView): boolean => policy.costs.some((cost) => cost.gpuHours !== null);

function Limits({ policy, query, set }: Props) {
  const others = UNITS.filter((unit) => unit !== policy.unit && (unit !== 'gpu-hours' || hoursKnown(policy)));
  const spent = (unit: BudgetUnit): string | undefined => {
    const found = policy.budgets.find((b) => b.unit === unit);
    return found === undefined ? undefined : `${budgetText(found.spent)} spent`;
  };
  return (
    <div className="grid grid-cols-2 gap-3">
      {others.map((unit) => {
        const hint = spent(unit);
        return (
          <Field key={unit} label={`At most … ${UNIT_WORDS[unit]}`} error={null} {...(hint ? { hint } : {})}>
            {(field) => (
              <input
                {...field}
                type="number"
                min="0"
                step="any"
                placeholder="no limit"
                defaultValue={query.limits[unit] ?? ''}
                onBlur={(event) =>
                  set({ limits: numbersText(patched(query.limits, unit, event.target.value)) || null })
                }
              />
            )}
          </Field>
        );
      })}
    </div>
  );
}

/** Per task: what its labels cost, and whether it needs to be served. */
function TaskTerms({ policy, query, set }: Props) {
  const hours = hoursKnown(policy);
  const cost = new Map(policy.costs.map((c) => [c.task, c] as const));
  const toggle = (id: string): void => {
    const rest = query.sourceOnly.filter((other) => other !== id);
    const next = query.sourceOnly.includes(id) ? rest : [...rest, id];
    set({ 'source-only': next.join(',') || null });
  };
  return (
    <div className="max-h-[380px] overflow-y-auto pr-2">
      {hours && (
        <p className="mb-1 text-ink2 text-label">
          Hours are those of a source’s own training; what a taught encoder stands on counts beside it, once.
        </p>
      )}
      <table className="w-full" aria-label="Label cost of each task">
        <thead className="sticky top-0 bg-paper">
          <tr className="border-line2 border-b text-left text-ink2 text-label">
            <th scope="col" className="py-1 text-left font-normal">
              Task
            </th>
            <th scope="col" className="py-1 text-right font-normal">
              Label cost
            </th>
            {hours && (
              <th scope="col" className="py-1 text-right font-normal">
                GPU-hours
              </th>
            )}
            <th scope="col" className="py-1 text-right font-normal">
              Served
            </th>
          </tr>
        </thead>
        <tbody>
          {policy.tasks.map((task) => {
            const known = cost.get(task.id);
            return (
              <tr key={task.id} className="border-line border-b last:border-b-0">
                <th scope="row" className="py-1 text-left font-normal">
                  {task.name}
                </th>
                <td className="py-1 text-right">
                  {known !== undefined && (
                    <input
                      type="number"
                      min="0"
                      step="any"
                      className="w-14 rounded-control border border-line2 bg-panel px-1.5 py-px text-right"
                      aria-label={`Label cost of ${task.name}`}
                      defaultValue={known.labels}
                      onBlur={(event) =>
                        Number(event.target.value) !== known.labels &&
                        set({ costs: numbersText(patched(query.costs, task.id, event.target.value)) || null })
                      }
                    />
                  )}
                </td>
                {hours && (
                  <td className="py-1 text-right text-ink2">
                    {known === undefined || known.gpuHours === null ? '–' : budgetText(known.gpuHours)}
                  </td>
                )}
                <td className="py-1 text-right">
                  {task.target && (
                    <input
                      type="checkbox"
                      className="accent-[var(--accent)]"
                      aria-label={`Serve ${task.name}`}
                      checked={!query.sourceOnly.includes(task.id)}
                      onChange={() => toggle(task.id)}
                    />
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
