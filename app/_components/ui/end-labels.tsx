import { spreadLabels } from '@/app/_lib/curves';

interface End {
  label: string;
  y: number;
  colour: string;
  bold: boolean;
}

/** Names at the ends of their lines, moved apart where lines end close together. */
export function EndLabels({
  ends,
  left,
  lowest,
}: {
  ends: readonly End[];
  left: number;
  /** No name stands below this, where the axis begins. */
  lowest?: number;
}) {
  const ys = spreadLabels(
    ends.map((e) => e.y),
    14,
    lowest,
  );
  return ends.map((e, i) => (
    <text
      key={e.label}
      x={left}
      y={ys[i]}
      dy="0.35em"
      fontSize="11.5"
      fontWeight={e.bold ? 600 : 400}
      style={{ fill: e.bold ? e.colour : undefined }}
    >
      {e.label}
    </text>
  ));
}
