import type { CellState } from '@/lib/service/contracts';

export type ShownState = CellState | 'submitting' | 'active' | 'paused' | 'stopped';

/** A small sign per state; shapes differ, not only colours. Decorative: the word stands beside it. */
export function StateIcon({ state, size = 12 }: { state: ShownState; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 12 12" aria-hidden="true" className="shrink-0">
      {shape(state)}
    </svg>
  );
}

function shape(state: ShownState) {
  const accent = 'var(--accent)';
  const fail = 'var(--fail)';
  switch (state) {
    case 'done':
      return <circle cx="6" cy="6" r="4.5" fill={accent} />;
    case 'running':
    case 'active':
      return (
        <>
          <circle cx="6" cy="6" r="4.2" fill="none" stroke="var(--line2)" strokeWidth="1.8" />
          <path d="M6 1.8a4.2 4.2 0 0 1 0 8.4" fill="none" stroke={accent} strokeWidth="1.8" />
        </>
      );
    case 'submitting':
    case 'queued':
      return <circle cx="6" cy="6" r="4" fill="none" stroke="var(--ink3)" strokeWidth="1.6" />;
    case 'waiting':
      return <circle cx="6" cy="6" r="1.8" fill="var(--ink3)" />;
    case 'failed':
      return <path d="M2.5 2.5l7 7M9.5 2.5l-7 7" stroke={fail} strokeWidth="2" />;
    case 'lost':
      return (
        <circle cx="6" cy="6" r="4.2" fill="none" stroke={fail} strokeWidth="1.8" strokeDasharray="2 1.7" />
      );
    case 'predicted':
      return <path d="M1 8l7-7M3 11l8-8M7.5 11.5l4-4" stroke="var(--ink3)" strokeWidth="1.1" />;
    case 'paused':
      return <path d="M3.6 2v8M8.4 2v8" stroke="var(--ink2)" strokeWidth="2" />;
    case 'stopped':
      return <rect x="2.5" y="2.5" width="7" height="7" fill="var(--ink3)" />;
    case 'cancelled':
      return <path d="M2 6h8" stroke="var(--ink3)" strokeWidth="2" />;
    default:
      return <rect x="2" y="2" width="8" height="8" fill="none" stroke="var(--line2)" />;
  }
}
