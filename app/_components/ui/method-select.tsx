'use client';

import { useUrlState } from '@/app/_lib/use-url-state';
import type { Ways } from '@/app/_lib/ways';

interface Props {
  methods: Ways['methods'];
  /** The one that is on; empty where `all` is. */
  value: string;
  /** Offers every method together under this name. */
  all?: string;
  /** The one that the address need not name. */
  fallback?: string;
}

/** Which way to transfer a view speaks of, kept in the address. Nothing where there is no choice. */
export function MethodSelect({ methods, value, all, fallback }: Props) {
  const { set } = useUrlState();
  if (methods.length < 2) return null;
  return (
    <label className="flex items-center gap-2">
      <span className="text-ink3 text-label">Method</span>
      <select
        className="field w-auto max-w-56"
        value={value}
        onChange={({ target }) => set({ method: target.value === (fallback ?? '') ? null : target.value })}
      >
        {all !== undefined && <option value="">{all}</option>}
        {methods.map(({ id, label }) => (
          <option key={id} value={id}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}
