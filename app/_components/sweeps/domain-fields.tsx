'use client';

import { list } from '@/app/_lib/format';
import { issueAt } from '@/app/_lib/sweep-form';
import { ADAPTING_METHODS, domainsOf } from '@/lib/service/contracts';
import { Field } from '../ui/field';
import type { PartProps } from './method-fields';

/** A second domain for all pools but source: another appearance, another folder where the data set has folders. */
export function DomainFields({ form, onChange, issues }: PartProps) {
  const { shifts, folder } = domainsOf(form.kind);
  const at = (field: string): string | null => issueAt(issues, `dataset.${field}`);
  return (
    <div>
      <p className="mb-2 max-w-2xl text-ink2 text-label">
        The source pool stays as it is; transfer, selection and test pools show the other domain. Ways to
        transfer that adapt to it: {list(ADAPTING_METHODS)}.
      </p>
      <div className="grid grid-cols-4 gap-4 phone:grid-cols-2">
        {shifts.length > 0 && (
          <>
            <Field label="Other appearance" error={at('shift.kind')}>
              {(p) => (
                <select
                  {...p}
                  value={form.shift}
                  onChange={(e) => onChange({ ...form, shift: e.target.value })}
                >
                  <option value="">none</option>
                  {shifts.map((kind) => (
                    <option key={kind}>{kind}</option>
                  ))}
                </select>
              )}
            </Field>
            <Field label="Strength" error={at('shift.strength')} hint="above 0, at most 1">
              {(p) => (
                <input
                  {...p}
                  inputMode="decimal"
                  disabled={form.shift === ''}
                  value={form.strength}
                  onChange={(e) => onChange({ ...form, strength: e.target.value })}
                />
              )}
            </Field>
          </>
        )}
        {folder && (
          <Field
            label="Folder of the target domain"
            className="col-span-2"
            error={at('target')}
            hint="on the server, of the same kind and classes; by choice"
          >
            {(p) => (
              <input
                {...p}
                spellCheck={false}
                value={form.targetDirectory}
                onChange={(e) => onChange({ ...form, targetDirectory: e.target.value })}
              />
            )}
          </Field>
        )}
        {folder && form.targetDirectory.trim() !== '' && (
          <label className="col-span-4 flex items-center gap-2 text-label text-ink2 phone:col-span-2">
            <input
              type="checkbox"
              className="accent-accent"
              checked={form.sameClasses}
              onChange={(e) => onChange({ ...form, sameClasses: e.target.checked })}
            />
            Classes with numbers and without names mean the same in both folders
          </label>
        )}
      </div>
    </div>
  );
}
