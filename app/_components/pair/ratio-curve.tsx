'use client';

import { area, line, scaleLinear } from 'd3';
import { useRef } from 'react';
import { type Lettered, shareBelow, thin } from '@/app/_lib/curves';
import { percent } from '@/app/_lib/format';
import { ratioDomain } from '@/app/_lib/ticks';
import { useWidth } from '@/app/_lib/use-width';

const HEIGHT = 290;
const MARGIN = { top: 14, right: 10, bottom: 38, left: 42 };
const TICKS: readonly [number, string][] = [
  [8, '×8'],
  [4, '×4'],
  [2, '×2'],
  [1, 'same'],
  [1 / 2, '÷2'],
  [1 / 4, '÷4'],
  [1 / 8, '÷8'],
];

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
          {TICKS.filter(([r]) => Math.log(r) >= domain[0] && Math.log(r) <= domain[1]).map(([r, text]) => (
            <g key={text}>
              <line
                x1={x(0)}
                x2={x(1)}
                y1={y(Math.log(r))}
                y2={y(Math.log(r))}
                stroke={r === 1 ? 'var(--ink)' : 'var(--line)'}
              />
              <text x={MARGIN.left - 8} y={y(Math.log(r))} dy="0.35em" textAnchor="end" fontSize="11.5">
                {text}
              </text>
            </g>
          ))}
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
          {[0, 0.25, 0.5, 0.75, 1].map((t) => (
            <text
              key={t}
              x={x(t)}
              y={HEIGHT - 20}
              textAnchor={t === 0 ? 'start' : t === 1 ? 'end' : 'middle'}
              fontSize="11.5"
            >
              {percent(t)}
            </text>
          ))}
          <text x={(x(0) + x(1)) / 2} y={HEIGHT - 4} textAnchor="middle" fontSize="11.5">
            share of test images
          </text>
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
