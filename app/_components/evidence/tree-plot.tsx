'use client';

import { useRef } from 'react';
import { textWidth } from '@/app/_lib/matrix-layout';
import { clip } from '@/app/_lib/text-fit';
import {
  brackets,
  buildTree,
  cutTree,
  FAMILY_NAME,
  FAMILY_ORDER,
  leavesOf,
  type Tree,
} from '@/app/_lib/tree';
import { useWidth } from '@/app/_lib/use-width';
import type { SimilarityView, TaskView } from '@/lib/service/contracts';

const ROW = 22;
const TOP = 8;
const CLUSTERS = 4;

/** A mark per family: shapes differ, the colour does not carry the meaning. */
function Mark({ family, x, y }: { family: TaskView['family'] | undefined; x: number; y: number }) {
  const shape = { fill: 'var(--paper)', stroke: 'var(--ink2)', strokeWidth: 1.5 };
  switch (family) {
    case 'geometry':
      return <path d={`M${x} ${y - 4.5}l4.5 8h-9z`} {...shape} />;
    case 'semantics':
      return <circle cx={x} cy={y} r="3.8" {...shape} />;
    case 'layout':
      return <rect x={x - 3.8} y={y - 3.8} width="7.6" height="7.6" {...shape} />;
    case 'texture':
      return (
        <rect
          x={x - 3.2}
          y={y - 3.2}
          width="6.4"
          height="6.4"
          transform={`rotate(45 ${x} ${y})`}
          {...shape}
        />
      );
    default:
      return (
        <path d={`M${x - 3.5} ${y - 3.5}l7 7m0 -7l-7 7`} stroke="var(--ink3)" strokeWidth="1.5" fill="none" />
      );
  }
}

/** The tree from left to right: names, brackets at the distance of each merge, the four largest groups tinted. */
export function TreePlot({
  tree,
  tasks,
  name,
}: {
  tree: NonNullable<SimilarityView['tree']>;
  tasks: ReadonlyMap<string, TaskView>;
  name: (id: string) => string;
}) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const built = buildTree(tree);
  if (built === null) return null;
  const order = leavesOf(built);
  return (
    <div ref={box}>
      {width > 0 && (
        <Drawing tree={built} order={order} tasks={tasks} name={name} width={Math.min(width, 760)} />
      )}
      <Legend present={new Set(order.map((id) => tasks.get(id)?.family))} />
    </div>
  );
}

interface DrawingProps {
  tree: Tree;
  order: readonly string[];
  tasks: ReadonlyMap<string, TaskView>;
  name: (id: string) => string;
  width: number;
}

function Drawing({ tree, order, tasks, name, width }: DrawingProps) {
  const label = Math.min(width * 0.42, Math.max(...order.map((id) => textWidth(name(id), 13))) + 26);
  const depth = width - label - 16;
  const height = order.length * ROW + TOP + 26;
  const at = new Map(order.map((id, i) => [id, TOP + i * ROW + ROW / 2]));
  const top = 'height' in tree ? tree.height : 1;
  const x = (h: number): number => label + h * depth;
  const groups = cutTree(tree, Math.min(CLUSTERS, order.length));
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  return (
    <svg
      width={width}
      height={height}
      role="img"
      aria-label={`Similarity tree of ${order.length} sources. Groups: ${groups.map((g) => g.map(name).join(', ')).join('; ')}`}
    >
      {groups
        .filter((g) => g.length > 1)
        .map((g) => {
          const rows = g.map((id) => at.get(id) ?? 0);
          const first = Math.min(...rows) - ROW / 2;
          return (
            <rect
              key={g.join()}
              x="0"
              y={first + 1}
              width={width}
              height={Math.max(...rows) + ROW / 2 - first - 2}
              rx="6"
              fill="var(--accent-soft)"
              opacity="0.45"
            />
          );
        })}
      {ticks.map((t) => (
        <g key={t}>
          <line x1={x(t)} x2={x(t)} y1={TOP} y2={height - 22} stroke="var(--line)" />
          <text
            x={x(t)}
            y={height - 8}
            textAnchor={t === 1 ? 'end' : 'middle'}
            fontSize="11.5"
            style={{ fill: 'var(--ink2)' }}
          >
            {(t * top).toPrecision(2)}
          </text>
        </g>
      ))}
      {order.map((id) => (
        <g key={id}>
          <text x={label - 20} y={(at.get(id) ?? 0) + 4} textAnchor="end" fontSize="13">
            {clip(name(id), label - 22, 13)}
          </text>
          <Mark family={tasks.get(id)?.family} x={label - 9} y={at.get(id) ?? 0} />
        </g>
      ))}
      <g fill="none" stroke="var(--ink2)" strokeWidth="1.3">
        {brackets(tree, at).map((b) => (
          <path key={`${b.a}-${b.b}`} d={`M${x(b.ha)} ${b.a}H${x(b.h)}V${b.b}H${x(b.hb)}`} />
        ))}
      </g>
    </svg>
  );
}

function Legend({ present }: { present: ReadonlySet<TaskView['family'] | undefined> }) {
  return (
    <ul className="mt-2 flex flex-wrap gap-x-5 gap-y-1 text-ink2 text-label">
      {FAMILY_ORDER.filter((f) => present.has(f)).map((family) => (
        <li key={family} className="flex items-center gap-1.5">
          <svg width="12" height="12" aria-hidden="true">
            <Mark family={family} x={6} y={6} />
          </svg>
          {FAMILY_NAME[family]}
        </li>
      ))}
      <li>axis: distance at which two groups join; tinted: the four groups below the highest joins</li>
    </ul>
  );
}
