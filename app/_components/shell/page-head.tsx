'use client';

import Link from 'next/link';
import { Fragment, type ReactNode } from 'react';
import { clock } from '@/app/_lib/format';
import { useLive } from '@/app/_lib/use-live';
import { useSweep } from '@/app/_lib/use-sweep';
import { useUrlState } from '@/app/_lib/use-url-state';

interface Props {
  trail?: readonly { label: string; href?: string }[];
  title: ReactNode;
  finding?: ReactNode;
  /** Offers the live switch for this sweep. */
  liveSweep?: string;
  actions?: ReactNode;
}

/** Where we are, the title, the sentence of finding and the actions of a page. */
export function PageHead({ trail = [], title, finding, liveSweep, actions }: Props) {
  return (
    <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-2 border-line border-b pb-4 phone:border-b-0 phone:pb-2">
      <div className="min-w-0 max-w-[680px] grow basis-[420px] phone:basis-full">
        {trail.length > 0 && (
          <nav aria-label="Breadcrumb" className="mb-1 text-ink3 text-label phone:hidden">
            {trail.map((step, i) => (
              <Fragment key={step.label}>
                {i > 0 && (
                  <span aria-hidden="true" className="mx-1.5 text-line2">
                    /
                  </span>
                )}
                {step.href === undefined ? (
                  step.label
                ) : (
                  <Link href={step.href} className="hover:text-ink hover:underline">
                    {step.label}
                  </Link>
                )}
              </Fragment>
            ))}
          </nav>
        )}
        <h1 className="font-semibold font-serif text-title leading-tight phone:text-[22px]">{title}</h1>
        {finding !== undefined && (
          <p className="mt-2 text-pretty font-serif text-finding leading-[1.45]">{finding}</p>
        )}
      </div>
      <div className={`flex flex-wrap items-center gap-2 phone:pt-0 ${trail.length > 0 ? 'pt-5' : ''}`}>
        {liveSweep !== undefined && <LiveSwitch sweepId={liveSweep} />}
        {actions}
      </div>
    </div>
  );
}

function LiveSwitch({ sweepId }: { sweepId: string }) {
  const { query, set } = useUrlState();
  const sweep = useSweep(sweepId).data;
  const on = query.get('live') !== 'off';
  // What was imported stays as it is.
  const measured = sweep?.origin === 'measured';
  const { at, lost } = useLive(measured ? sweepId : null, on);
  if (!measured) return null;
  return (
    <button
      type="button"
      role="switch"
      aria-checked={on}
      className="mr-2 inline-flex items-center gap-2 rounded-control py-1 text-ink2 text-label"
      onClick={() => set({ live: on ? 'off' : null })}
    >
      <span className={`relative h-4 w-7 rounded-full transition-colors ${on ? 'bg-accent' : 'bg-line2'}`}>
        <span
          className={`absolute top-0.5 size-3 rounded-full bg-paper transition-[left] ${on ? 'left-[14px]' : 'left-0.5'}`}
        />
      </span>
      <span>
        Live
        {lost ? (
          <span role="status" className="text-worse">
            , the server does not answer
          </span>
        ) : (
          <span className="phone:hidden">{!on ? ', off' : at === null ? '' : `, ${clock(at)}`}</span>
        )}
      </span>
    </button>
  );
}
