import type { Estimate } from '@/lib/service/contracts';

interface Props {
  estimate: Estimate;
  domain: readonly [number, number];
  neutral: number;
  width?: number;
}

/** A value with its interval on a line, the neutral value dotted. The numbers stand beside it as text. */
export function IntervalPlot({ estimate, domain, neutral, width = 134 }: Props) {
  const x = (value: number): number => {
    const t = (value - domain[0]) / (domain[1] - domain[0]);
    return 4 + Math.min(1, Math.max(0, t)) * (width - 8);
  };
  const { low, high, value } = estimate;
  return (
    <svg width="100%" height="18" viewBox={`0 0 ${width} 18`} aria-hidden="true" className="max-w-[134px]">
      <line x1="0" x2={width} y1="9" y2="9" stroke="var(--line2)" />
      {low !== null && high !== null && (
        <rect
          x={x(low)}
          y="4"
          width={Math.max(1, x(high) - x(low))}
          height="10"
          fill="var(--accent)"
          opacity="0.35"
        />
      )}
      <line x1={x(neutral)} x2={x(neutral)} y1="1" y2="17" stroke="var(--ink)" strokeDasharray="2 2" />
      <line x1={x(value)} x2={x(value)} y1="1.5" y2="16.5" stroke="var(--accent)" strokeWidth="2.4" />
    </svg>
  );
}
