'use client';

import { memo } from 'react';
import type { GraphLayout, GraphLink } from '@/app/_lib/graph-layout';

export interface GraphFrame {
  labelEnd: number;
  sourceX: number;
  jointX: number;
  targetX: number;
}

/** The columns of the graph for a width: labels, sources, joints, targets. */
export function frameFor(width: number, labelWidth: number): GraphFrame {
  const sourceX = labelWidth + 16;
  const targetX = width - 12;
  return { labelEnd: labelWidth + 2, sourceX, jointX: sourceX + (targetX - sourceX) * 0.52, targetX };
}

const curve = (x0: number, y0: number, x1: number, y1: number): string => {
  const middle = x0 + (x1 - x0) * 0.5;
  return `M${x0} ${y0}C${middle} ${y0} ${middle} ${y1} ${x1} ${y1}`;
};

const laneX = (frame: GraphFrame, lane: number): number => frame.jointX + lane * 34;

function pathOf(link: GraphLink, frame: GraphFrame): string {
  const joint = laneX(frame, link.lane);
  if (link.kind === 'into-joint') return curve(frame.sourceX, link.fromY, joint, link.toY);
  if (link.kind === 'from-joint') return curve(joint, link.fromY, frame.targetX, link.toY);
  return curve(frame.sourceX, link.fromY, frame.targetX, link.toY);
}

interface Focus {
  target: string | null;
  source: string | null;
}

const touches = (link: GraphLink, focus: Focus): boolean =>
  (focus.target !== null && link.targets.includes(focus.target)) ||
  (focus.source !== null && link.sources.includes(focus.source));

interface Props {
  layout: GraphLayout;
  frame: GraphFrame;
  width: number;
  focus: Focus;
  name: (id: string) => string;
  onSource: (id: string | null) => void;
}

/** The layered picture: filled sources, diamonds for joined sources, rings for targets. */
export const Graph = memo(function Graph({ layout, frame, width, focus, name, onSource }: Props) {
  const lit = layout.links.filter((link) => touches(link, focus));
  const dim = layout.links.filter((link) => !touches(link, focus));
  return (
    <svg
      width={width}
      height={layout.height}
      className="absolute inset-0 overflow-visible"
      aria-hidden="true"
    >
      <g fill="none">
        {[...dim, ...lit].map((link) => {
          const on = touches(link, focus);
          const own = link.kind === 'own';
          return (
            <path
              key={link.key}
              d={pathOf(link, frame)}
              stroke={on ? 'var(--accent)' : own ? 'var(--ink3)' : 'var(--edge)'}
              strokeWidth={on ? Math.max(1.6, link.width) : link.width}
              strokeDasharray={own ? '2 3' : undefined}
              opacity={on ? 1 : 0.92}
            />
          );
        })}
      </g>
      {layout.joints.map((joint) => {
        const on = focus.target !== null && joint.targets.includes(focus.target);
        return (
          <g key={joint.key} transform={`translate(${laneX(frame, joint.lane)} ${joint.y})`}>
            <rect
              x="-6.5"
              y="-6.5"
              width="13"
              height="13"
              rx="1.5"
              transform="rotate(45)"
              fill={on ? 'var(--accent)' : 'var(--paper)'}
              stroke={on ? 'var(--accent)' : 'var(--ink2)'}
              strokeWidth="1.3"
            />
            <text
              dy="0.35em"
              textAnchor="middle"
              fontSize="10"
              fontWeight="650"
              style={{ fill: on ? 'var(--on-accent)' : 'var(--ink)' }}
            >
              {joint.sources.length}
            </text>
          </g>
        );
      })}
      {layout.rows.map(({ target, y, edge }) => (
        <circle
          key={target}
          cx={frame.targetX}
          cy={y}
          r="5"
          fill={edge.kind === 'self' ? 'var(--accent)' : 'var(--paper)'}
          stroke={
            edge.kind === 'self' ? 'var(--accent)' : edge.kind === 'scratch' ? 'var(--line2)' : 'var(--ink2)'
          }
          strokeWidth="1.8"
          strokeDasharray={edge.kind === 'scratch' ? '2 2' : undefined}
        />
      ))}
      {layout.sources.map(({ id, y }) => (
        <g key={id} onPointerEnter={() => onSource(id)} onPointerLeave={() => onSource(null)}>
          <rect x="0" y={y - 12} width={frame.sourceX + 8} height="24" fill="transparent" />
          <text x={frame.labelEnd} y={y} dy="0.35em" textAnchor="end" fontSize="13" fontWeight="600">
            {name(id)}
          </text>
          <circle cx={frame.sourceX} cy={y} r="8" fill="var(--accent)" />
        </g>
      ))}
    </svg>
  );
});
