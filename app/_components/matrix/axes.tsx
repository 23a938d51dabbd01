'use client';

import { memo } from 'react';
import type { MatrixLayout } from '@/app/_lib/matrix-layout';
import type { MatrixModel } from '@/app/_lib/matrix-model';
import { clip, shorten } from '@/app/_lib/text-fit';

export interface Pointed {
  source: string | null;
  target: string | null;
}

interface Props {
  layout: MatrixLayout;
  model: MatrixModel;
  name: (id: string) => string;
  sourceOnly: (id: string) => boolean;
  /** Bold labels: selected or hovered. */
  bold: Pointed;
}

const tone = (on: boolean, grey: boolean): string => (on ? 'font-bold' : grey ? 'text-ink3' : 'text-ink2');

export const RowLabels = memo(function RowLabels({ layout, model, name, bold }: Props) {
  const { rows } = layout;
  return (
    <g fontSize={layout.phone ? 11.5 : 12.5} textAnchor="end">
      {rows.ids.map((id, i) => {
        if (!layout.rowLabels && bold.target !== id) return null;
        const excluded = model.targets.get(id)?.kept === false;
        const on = bold.target === id;
        const y = (rows.starts[i] ?? 0) + rows.tile / 2;
        const sign = excluded ? '† ' : model.helpless.has(id) ? '⊘ ' : '';
        return (
          <text
            key={id}
            x={-8}
            y={y}
            dy="0.35em"
            className={tone(on, excluded || sign !== '')}
            fontStyle={excluded ? 'italic' : undefined}
          >
            {clip(sign + name(id), layout.labelWidth - (layout.phone ? 18 : 10), layout.phone ? 11.5 : 12.5)}
          </text>
        );
      })}
    </g>
  );
});

/** Column names at −48°, or a flag over the pointed column where there is no room for all. */
export const ColumnLabels = memo(function ColumnLabels({ layout, name, sourceOnly, bold }: Props) {
  const { columns, ownAt } = layout;
  const at = (i: number): number => (columns.starts[i] ?? 0) + columns.tile / 2;
  if (!layout.columnLabels) return <ColumnFlag layout={layout} name={name} source={bold.source} />;
  const label = (key: string, text: string, x: number, on: boolean, italic: boolean) => (
    <text
      key={key}
      transform={`translate(${x + 3} -9) rotate(-48)`}
      className={tone(on, false)}
      fontStyle={italic ? 'italic' : undefined}
    >
      {text}
    </text>
  );
  return (
    <g fontSize="12.5">
      {columns.ids.map((id, i) => label(id, name(id), at(i), bold.source === id, sourceOnly(id)))}
      {label('own', 'Own network', ownAt + columns.tile / 2, true, false)}
    </g>
  );
});

function ColumnFlag({
  layout,
  name,
  source,
}: {
  layout: MatrixLayout;
  name: (id: string) => string;
  source: string | null;
}) {
  const { columns } = layout;
  const i = source === null ? undefined : columns.index.get(source);
  if (source === null || i === undefined) return null;
  const x = (columns.starts[i] ?? 0) + columns.tile / 2;
  const text = name(source);
  const width = text.length * 6.7 + 16;
  const left = Math.max(
    -layout.labelWidth + 2,
    Math.min(x - width / 2, layout.width - layout.labelWidth - width - 2),
  );
  return (
    <g>
      <rect x={left} y={-layout.headHeight + 1} width={width} height={22} rx="4" fill="var(--ink)" />
      <path d={`M${x - 5} ${-layout.headHeight + 22.5}h10l-5 5z`} fill="var(--ink)" />
      <text
        x={left + width / 2}
        y={-layout.headHeight + 16}
        textAnchor="middle"
        fontSize="12"
        fontWeight="600"
        style={{ fill: 'var(--paper)' }}
      >
        {text}
      </text>
      <rect
        x={(columns.starts[i] ?? 0) - 0.5}
        y={-8}
        width={columns.tile + 1}
        height={4}
        rx="1"
        fill="var(--ink)"
      />
    </g>
  );
}

/** Names of the clusters: below the columns, on a phone above them. */
export function ClusterNames({ layout }: { layout: MatrixLayout }) {
  const { columns, rows, phone } = layout;
  if (columns.spans.every((span) => span.name === '')) return null;
  const y = phone || !layout.columnLabels ? -6 : rows.length + 5;
  return (
    <g fontSize={phone ? 11 : 11.5} textAnchor="middle" className="text-ink3">
      {columns.spans.map((span) => (
        <g key={`${span.name}${span.start}`}>
          <line x1={span.start} x2={span.end} y1={y} y2={y} stroke="var(--line2)" />
          <text
            x={(span.start + span.end) / 2}
            y={phone || !layout.columnLabels ? y - 5 : y + 14}
            className="text-ink2"
          >
            {shorten(span.name, span.end - span.start + (phone ? 2 : 6))}
          </text>
        </g>
      ))}
    </g>
  );
}
