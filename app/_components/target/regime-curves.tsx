'use client';

import { line, scaleLinear, scaleLog } from 'd3';
import { useRef } from 'react';
import { percent } from '@/app/_lib/format';
import { type RegimeLine, regimeLines, regimeSummary } from '@/app/_lib/method-compare';
import { clip } from '@/app/_lib/text-fit';
import { useWidth } from '@/app/_lib/use-width';
import type { MethodsView } from '@/lib/service/contracts';
import { XAxis, YAxis } from '../ui/axes';
import { EndLabels } from '../ui/end-labels';

const HEIGHT = 190;
const MARGIN = { top: 10, right: 96, bottom: 34, left: 40 };
type Family = RegimeLine['method']['family'];

const STYLE: Record<Family, { colour: string; width: number; dash?: string }> = {
  head: { colour: 'var(--accent)', width: 2 },
  earlier: { colour: 'var(--accent)', width: 1.6, dash: '5 3' },
  whole: { colour: 'var(--bar)', width: 2 },
  other: { colour: 'var(--edge)', width: 1.2 },
};

const FAMILY_NOTE =
  'Petrol: head only; petrol dashed: earlier layers; dark: everything fine-tuned; grey: other ways';

/** Gain of every method over labels, for similar and for distant sources on one scale. Nothing with a single size. */
export function RegimeCurves({ view }: { view: MethodsView }) {
  const panels = (['similar', 'distant'] as const).map((kind) => ({ kind, lines: regimeLines(view, kind) }));
  const all = panels.flatMap((p) => p.lines.flatMap((l) => l.points));
  const sizes = view.sizes.map((s) => s.images).filter((images) => all.some((p) => p.images === images));
  if (sizes.length < 2) return null;
  const gains = all.map((p) => p.gain);
  const domain: [number, number] = [Math.min(0.45, ...gains) - 0.01, Math.max(0.55, ...gains) + 0.01];
  return (
    <figure className="mt-3">
      <figcaption className="text-ink2 text-label">
        Gain against scratch by labels, mean over the sources of each kind. {FAMILY_NOTE}.
      </figcaption>
      <div className="mt-1 grid grid-cols-2 gap-4 phone:grid-cols-1">
        {panels.map(({ kind, lines }) => (
          <Panel key={kind} title={kind} lines={lines} sizes={sizes} domain={domain} />
        ))}
      </div>
    </figure>
  );
}

interface PanelProps {
  title: string;
  lines: readonly RegimeLine[];
  sizes: readonly number[];
  domain: readonly [number, number];
}

function Panel({ title, lines, sizes, domain }: PanelProps) {
  const box = useRef<HTMLDivElement>(null);
  const width = Math.max(240, useWidth(box));
  const right = width - MARGIN.right;
  const x = scaleLog([sizes[0] ?? 1, sizes.at(-1) ?? 2], [MARGIN.left + 6, right]);
  const y = scaleLinear(domain, [HEIGHT - MARGIN.bottom, MARGIN.top]);
  const path = line<RegimeLine['points'][number]>(
    (p) => x(p.images),
    (p) => y(p.gain),
  );
  return (
    <div ref={box}>
      <h3 className="font-semibold text-label">{title} sources</h3>
      {lines.length === 0 ? (
        <p className="text-ink3 text-label">Nothing measured.</p>
      ) : (
        <svg
          width={width}
          height={HEIGHT}
          role="img"
          aria-label={`${title} sources: ${regimeSummary(lines)}`}
          className="block overflow-visible text-ink2"
        >
          <rect
            x={MARGIN.left}
            width={right - MARGIN.left}
            y={y(0.5)}
            height={y(domain[0]) - y(0.5)}
            fill="var(--worse-soft)"
          />
          <YAxis
            ticks={y.ticks(4)}
            y={y}
            left={MARGIN.left}
            right={right}
            text={percent}
            gap={7}
            strong={0.5}
          />
          <XAxis
            ticks={sizes}
            x={x}
            at={HEIGHT - MARGIN.bottom + 16}
            text={String}
            title={{ text: 'labels', at: HEIGHT - 3, from: MARGIN.left, to: right }}
          />
          {lines.map(({ method, points }) => {
            const style = STYLE[method.family];
            return (
              <g key={method.id} stroke={style.colour} fill={style.colour}>
                <path
                  d={path(points) ?? ''}
                  fill="none"
                  strokeWidth={style.width}
                  strokeDasharray={style.dash}
                />
                {points.map((p) => (
                  <circle key={p.images} cx={x(p.images)} cy={y(p.gain)} r="2.6" stroke="none" />
                ))}
              </g>
            );
          })}
          <EndLabels
            left={right + 8}
            lowest={HEIGHT - MARGIN.bottom - 4}
            ends={lines.map(({ method, points }) => ({
              label: clip(method.label, MARGIN.right - 8, 11.5),
              y: y(points.at(-1)?.gain ?? 0.5),
              colour: STYLE[method.family].colour,
              bold: false,
            }))}
          />
        </svg>
      )}
    </div>
  );
}
