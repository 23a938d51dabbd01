'use client';

import Link from 'next/link';
import { sweepPath } from '@/app/_lib/api';
import { type Course, courseOf, distanceDomain, shownMethods } from '@/app/_lib/domain-distances';
import { interval, loss, percent } from '@/app/_lib/format';
import { toneOf } from '@/app/_lib/ranking';
import { useApi } from '@/app/_lib/use-api';
import { type DomainsView, domainsView } from '@/lib/service/contracts';

const TONE = { better: 'text-accent', worse: 'text-worse', unsure: '' };

/** In a sweep of two domains: how far they lie apart, before and after each adaptation, beside what it won. */
export function DomainsSection({ id, target }: { id: string; target: string }) {
  const path = sweepPath(id, `/targets/${encodeURIComponent(target)}/domains`);
  const { data, stale } = useApi(path, domainsView);
  if (data === undefined || stale || data.shift === null) return null;
  return (
    <section aria-label="Distance between the domains" className="rule pt-3">
      <h2 className="section-title">How far the domains lie apart</h2>
      <p className="mt-0.5">{data.words}</p>
      <p className="mt-0.5 text-ink2 text-label">
        The target domain shows {data.shift}. Proxy A-distance: how well a classifier tells the domains apart,
        2 = always, 0 = by chance; MMD² and CORAL: how unlike their means, spreads and covariances are. Each
        line goes from the codes before the training to those after it; dotted: the pictures themselves.{' '}
        <Link className="link" href="/concepts#domain-adaptation">
          What this says of a transfer
        </Link>
      </p>
      {data.methods.length > 0 && <Distances view={data} />}
    </section>
  );
}

function Distances({ view }: { view: DomainsView }) {
  const methods = shownMethods(view);
  const first = methods[0];
  return (
    <table className="table mt-2 table-fixed" data-testid="domain-distances">
      <caption className="sr-only">
        Distances of codes before and after each adaptation, with its gain against scratch
      </caption>
      <thead>
        <tr>
          <th scope="col" className="w-[24%] phone:w-[28%]">
            Method
          </th>
          {view.measures.map((measure) => (
            <th key={measure} scope="col" className="phone:whitespace-normal">
              {measure}
            </th>
          ))}
          <th scope="col" className="w-[88px] text-right phone:w-[56px]">
            Gain
          </th>
        </tr>
      </thead>
      <tbody>
        {first !== undefined && (
          <tr>
            <th scope="row" className="border-line font-normal text-ink2">
              Pictures
            </th>
            {view.measures.map((measure) => (
              <td key={measure} className="text-ink2">
                {loss(courseOf(first, measure)?.pictures.mean ?? Number.NaN)}
              </td>
            ))}
            <td />
          </tr>
        )}
        {methods.map((method) => (
          <tr key={method.method}>
            <th scope="row" className="border-line font-medium text-body text-ink phone:whitespace-normal">
              {method.label}
              {method.seeds > 1 && (
                <span className="block font-normal text-ink3 text-tick">{method.seeds} seeds</span>
              )}
              {method.lost > 0 && (
                <span className="block font-normal text-tick text-worse">{method.lost} lost the task</span>
              )}
            </th>
            {view.measures.map((measure) => (
              <td key={measure}>
                <CourseCell
                  course={courseOf(method, measure)}
                  domain={distanceDomain(methods, measure)}
                  pictures={first && courseOf(first, measure)?.pictures.mean}
                />
              </td>
            ))}
            <td className={`text-right ${TONE[toneOf(method)]}`}>
              {method.gain === null ? '–' : percent(method.gain.value)}
              <span className="block whitespace-nowrap text-ink3 text-tick phone:whitespace-normal">
                {interval(method.gain, percent) ?? ''}
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface CourseProps {
  course: Course | null;
  domain: readonly [number, number];
  pictures: number | undefined;
}

/** Codes from before (hollow) to after (filled), the pictures dotted; the numbers stand below as text. */
function CourseCell({ course, domain, pictures }: CourseProps) {
  if (course === null) return <span className="text-ink3">–</span>;
  const { before, after, between } = course;
  const width = 120;
  const x = (value: number): number =>
    6 + ((value - domain[0]) / (domain[1] - domain[0] || 1)) * (width - 12);
  const colour = after.mean <= before.mean ? 'var(--accent)' : 'var(--worse)';
  return (
    <>
      <svg
        viewBox={`0 0 ${width} 16`}
        width="100%"
        height="16"
        aria-hidden="true"
        className="block max-w-[120px] phone:hidden"
      >
        <line x1="0" x2={width} y1="8" y2="8" stroke="var(--line2)" />
        {pictures !== undefined && (
          <line x1={x(pictures)} x2={x(pictures)} y1="1" y2="15" stroke="var(--ink)" strokeDasharray="2 2" />
        )}
        <line
          x1={x(after.low)}
          x2={x(after.high)}
          y1="8"
          y2="8"
          stroke={colour}
          strokeWidth="7"
          opacity="0.25"
        />
        <line x1={x(before.mean)} x2={x(after.mean)} y1="8" y2="8" stroke={colour} strokeWidth="2" />
        <circle cx={x(before.mean)} cy="8" r="3.4" fill="var(--paper)" stroke={colour} strokeWidth="1.6" />
        <circle cx={x(after.mean)} cy="8" r="4" fill={colour} />
      </svg>
      <span className="whitespace-nowrap phone:whitespace-normal">
        <span className="text-ink2">{`${loss(before.mean)}\u00a0→`}</span> {loss(after.mean)}
      </span>
      {between.map(({ place, mean }) => (
        <span key={place} className="block text-ink3 text-tick">
          {place} {loss(mean)}
        </span>
      ))}
    </>
  );
}
