'use client';

import { area, line, scaleLinear } from 'd3';
import { useRef } from 'react';
import { type Lettered, shareBelow, thin } from '@/app/_lib/curves';
import { percent } from '@/app/_lib/format';
import { ratioDomain } from '@/app/_lib/ticks';
import { useWidth } from '@/app/_lib/use-width';
import { XAxis, YAxis } from '../ui/axes';

const HEIGHT = 290;
const MARGIN = { top: 14, right: 10, bottom: 38, left: 42 };
const RATIOS: readonly [number, string][] = [
  [8, '×8'],
  [4, '×4'],
  [2, '×2'],
  [1, 'same'],
  [1 / 2, '÷2'],
  [1 / 4, '÷4'],
  [1 / 8, '÷8'],
];
/** Marks of the axis by their natural logarithm. */
const TICKS = new Map(RATIOS.map(([ratio, text]) => [Math.log(ratio), text] as const));

/** Transfer loss over scratch loss of every test image, sorted: the crossing of "same" is the gain. */
export function RatioCurve({ ratios, letters }: { ratios: readonly number[]; letters: readonly Lettered[] }) {
  const box = useRef<HTMLDivElement>(null);
  const width = Math.max(260, useWidth(box));
  const domain = ratioDomain(ratios);
  const x = scaleLinear([0, 1], [MARGIN.left, width - MARGIN.right]);
  const y = scaleLinear(domain, [HEIGHT - MARGIN.bottom, MARGIN.top]).clamp(true);
  const points = thin(ratios);
  const wins = shareBelow(ratios, 0);
  type P = (typeof points)[number];
  const curve = line<P>(
    (p) => x(p.share),
    (p) => y(p.value),
  );
  const fill = area<P>(
    (p) => x(p.share),
    y(0),
    (p) => y(p.value),
  );
  return (
    <section ref={box} aria-label="Every test image, sorted">
      <h2 className="section-title">Every test image, sorted</h2>
      <p className="mb-1 text-ink2 text-label">
        transfer loss divided by scratch loss, first seed{letters.length > 0 && '; letters: the images'}
      </p>
      {ratios.length === 0 ? (
        <p className="py-6 text-ink3">No per-image losses yet.</p>
      ) : (
        <svg
          width={width}
          height={HEIGHT}
          role="img"
          aria-label={`The transfer wins on ${percent(wins)} of the images`}
          className="block text-ink2"
        >
          <YAxis
            ticks={[...TICKS.keys()].filter((t) => t >= domain[0] && t <= domain[1])}
            y={y}
            left={MARGIN.left}
            right={x(1)}
            text={(t) => TICKS.get(t)}
            strong={0}
          />
          <path d={fill(points.filter((p) => p.value <= 0)) ?? ''} fill="var(--accent)" opacity="0.16" />
          <path d={fill(points.filter((p) => p.value >= 0)) ?? ''} fill="var(--worse)" opacity="0.2" />
          <line
            x1={x(wins)}
            x2={x(wins)}
            y1={y(0)}
            y2={HEIGHT - MARGIN.bottom}
            stroke="var(--ink2)"
            strokeDasharray="2 2"
          />
          <path d={curve(points) ?? ''} fill="none" stroke="var(--ink)" strokeWidth="1.6" />
          {wins > 0.12 && (
            <text
              x={x(wins / 2)}
              y={y(0) - 8}
              textAnchor="middle"
              fontSize="12"
              fontWeight="600"
              stroke="var(--paper)"
              strokeWidth="3"
              paintOrder="stroke"
              style={{ fill: 'var(--accent)' }}
            >
              transfer wins {percent(wins)}
            </text>
          )}
          {wins < 0.97 && (
            <text
              x={x(wins) + (wins > 0.4 ? -8 : 8)}
              y={wins > 0.4 ? y(0) - 26 : y(0) + 17}
              textAnchor={wins > 0.4 ? 'end' : 'start'}
              fontSize="12"
              fontWeight="600"
              style={{ fill: 'var(--worse)' }}
            >
              scratch wins {percent(1 - wins)}
            </text>
          )}
          {letters.map((l) =>
            l.logRatio === null ? null : (
              <Badge key={l.index} letter={l} cx={x(shareBelow(ratios, l.logRatio))} cy={y(l.logRatio)} />
            ),
          )}
          <XAxis
            ticks={[0, 0.25, 0.5, 0.75, 1]}
            x={x}
            at={HEIGHT - 20}
            text={percent}
            inside
            title={{ text: 'share of test images', at: HEIGHT - 4, from: x(0), to: x(1) }}
          />
        </svg>
      )}
    </section>
  );
}

function Badge({ letter, cx, cy }: { letter: Lettered; cx: number; cy: number }) {
  const colour = (letter.logRatio ?? 0) > 0 ? 'var(--worse)' : 'var(--accent)';
  return (
    <g transform={`translate(${cx} ${cy})`}>
      <circle r="8.5" fill="var(--paper)" stroke={colour} strokeWidth="1.4" />
      <text dy="0.36em" textAnchor="middle" fontSize="10" fontWeight="650" style={{ fill: colour }}>
        {letter.letter}
      </text>
    </g>
  );
}
