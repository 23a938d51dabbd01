'use client';

import * as Slider from '@radix-ui/react-slider';
import { area, line, scaleLinear } from 'd3';
import { useRef } from 'react';
import { axisTicks } from '@/app/_lib/ticks';
import { useWidth } from '@/app/_lib/use-width';
import type { PolicyCurvePoint, PolicyView } from '@/lib/service/contracts';
import { XAxis, YAxis } from '../ui/axes';

const HEIGHT = 196;
const MARGIN = { top: 16, right: 14, bottom: 8, left: 34 };
/** The thumb stays inside its root, so the root is wider than the axis by one thumb. */
const THUMB = 20;

interface Props {
  policy: PolicyView;
  /** The budgets that are solved so far. */
  curve: readonly PolicyCurvePoint[];
  budget: number;
  label: string;
  budgetText: (value: number) => string;
  text: (value: number) => string;
  tick: (value: number) => string;
  onMove: (budget: number) => void;
  onCommit: (budget: number) => void;
}

/** What each budget buys: optimum, greedy and random policies; the slider below shares the axis. */
export function BudgetChart(props: Props) {
  const { policy, text, tick, label, budgetText, onMove, onCommit } = props;
  const box = useRef<HTMLDivElement>(null);
  const width = Math.max(240, useWidth(box));
  const { curve } = props;
  const budgets = policy.curveBudgets;
  const whole = policy.unit === 'tasks';
  const [first, last] = whole
    ? [Math.min(...budgets, 1), Math.max(...budgets, 2)]
    : [Math.min(...budgets), Math.max(...budgets, Number.EPSILON)];
  // Other units than tasks move along the budgets that the curve was solved at.
  const snap = (value: number): number =>
    whole ? value : budgets.reduce((a, b) => (Math.abs(b - value) < Math.abs(a - value) ? b : a), first);
  const budget = whole ? Math.round(props.budget) : snap(props.budget);
  const top = Math.max(
    1e-9,
    policy.objective,
    ...curve.map((p) => p.objective),
    ...curve.map((p) => p.random?.high ?? 0),
  );
  const x = scaleLinear([first, last], [MARGIN.left, width - MARGIN.right]);
  const y = scaleLinear(
    [Math.min(0, ...curve.map((p) => p.random?.low ?? 0)), top],
    [HEIGHT - MARGIN.bottom, MARGIN.top],
  ).nice(5);
  const solved = curve.find((p) => p.budget === budget);
  const here = solved ?? (policy.budget === budget ? policy : null);
  return (
    <div ref={box}>
      <svg
        width={width}
        height={HEIGHT}
        role="img"
        aria-label={`Value of the best policy by budget, ${text(curve[0]?.objective ?? 0)} to ${text(top)}`}
        className="block overflow-visible text-ink2"
      >
        <YAxis ticks={y.ticks(5)} y={y} left={MARGIN.left} right={width - MARGIN.right} text={tick} />
        <CurveShapes curve={curve} x={x} y={y} />
        {here !== null && (
          <g>
            <line
              x1={x(budget)}
              x2={x(budget)}
              y1={y(here.objective)}
              y2={HEIGHT + 14}
              stroke="var(--accent)"
              strokeWidth="1.4"
            />
            <circle
              cx={x(budget)}
              cy={y(here.objective)}
              r="5.5"
              fill="var(--accent)"
              stroke="var(--paper)"
              strokeWidth="1.5"
            />
            <text
              x={x(budget) + (x(budget) > width - 70 ? -9 : 7)}
              y={y(here.objective) + 18}
              textAnchor={x(budget) > width - 70 ? 'end' : 'start'}
              fontSize="12.5"
              fontWeight="600"
              className="text-ink"
            >
              {text(here.objective)}
            </text>
          </g>
        )}
      </svg>
      <Slider.Root
        className="relative flex h-6 touch-none select-none items-center"
        style={{ marginLeft: MARGIN.left - THUMB / 2, width: width - MARGIN.left - MARGIN.right + THUMB }}
        min={first}
        max={last}
        step={whole ? 1 : (last - first) / Math.max(1, budgets.length - 1)}
        value={[budget]}
        onValueChange={([value]) => value !== undefined && onMove(snap(value))}
        onValueCommit={([value]) => value !== undefined && onCommit(snap(value))}
      >
        <Slider.Track className="relative mx-[10px] h-[5px] grow rounded-full bg-line2">
          <Slider.Range className="absolute h-full rounded-full bg-accent" />
        </Slider.Track>
        <Slider.Thumb
          aria-label={label}
          className="grid h-5 min-w-5 cursor-grab place-items-center rounded-full border-2 border-accent bg-paper px-0.5 font-semibold text-[10.5px] active:cursor-grabbing"
        >
          {budgetText(budget)}
        </Slider.Thumb>
      </Slider.Root>
      <svg width={width} height="16" aria-hidden="true" className="block text-ink2">
        <XAxis ticks={whole ? axisTicks(first, last, budget) : x.ticks(6)} x={x} at={12} text={String} />
      </svg>
    </div>
  );
}

type Scale = ReturnType<typeof scaleLinear<number, number>>;

function CurveShapes({ curve, x, y }: { curve: readonly PolicyCurvePoint[]; x: Scale; y: Scale }) {
  const random = curve.flatMap((p) => (p.random === null ? [] : [{ budget: p.budget, ...p.random }]));
  type Band = (typeof random)[number];
  const band = area<Band>(
    (p) => x(p.budget),
    (p) => y(p.low),
    (p) => y(p.high),
  );
  const median = line<Band>(
    (p) => x(p.budget),
    (p) => y(p.median),
  );
  const best = line<PolicyCurvePoint>(
    (p) => x(p.budget),
    (p) => y(p.objective),
  );
  const greedy = curve.filter((p) => p.greedy !== null);
  const few = curve.length <= 30;
  const last = curve.at(-1);
  const middle = random[Math.floor(random.length * 0.55)];
  const above =
    middle === undefined
      ? 0
      : y(middle.high) - y(curve.find((p) => p.budget === middle.budget)?.objective ?? 0);
  return (
    <g>
      {random.length > 1 && (
        <>
          <path d={band(random) ?? ''} fill="var(--edge)" opacity="0.28" />
          <path d={median(random) ?? ''} fill="none" stroke="var(--ink3)" strokeDasharray="3 3" />
        </>
      )}
      {middle !== undefined && (
        <text
          x={x(middle.budget)}
          y={above > 30 ? y(middle.high) - 7 : Math.min(y(middle.low) + 16, HEIGHT - MARGIN.bottom - 6)}
          textAnchor="middle"
          fontSize="11.5"
        >
          random, 5–95 %
        </text>
      )}
      <path
        d={best(curve) ?? ''}
        fill="none"
        stroke="var(--accent)"
        strokeWidth="2.2"
        strokeLinejoin="round"
      />
      {few &&
        greedy.map((p) => (
          <circle
            key={p.budget}
            cx={x(p.budget)}
            cy={y(p.greedy ?? 0)}
            r="2.9"
            fill="var(--paper)"
            stroke="var(--ink2)"
            strokeWidth="1.1"
          />
        ))}
      {last !== undefined && (
        <text x={x(last.budget)} y={y(last.objective) - 9} textAnchor="end" fontSize="11.5">
          {greedy.length > 0 && few && '○ greedy   '}
          <tspan fontWeight="600" fill="var(--accent)" style={{ fill: 'var(--accent)' }}>
            optimum
          </tspan>
        </text>
      )}
    </g>
  );
}
