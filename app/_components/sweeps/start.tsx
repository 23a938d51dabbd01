'use client';

import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useEffect } from 'react';
import { sweepList } from '@/app/_lib/answers';
import { useApi } from '@/app/_lib/use-api';
import { latestSweep } from '@/lib/service/contracts';
import { PageHead } from '../shell/page-head';
import { Failure, Loading } from '../ui/status';

const STEPS = [
  [
    'Choose tasks',
    'Depth, normals, edges, segmentation and more, on rooms rendered with exact ground truth.',
  ],
  [
    'Train and transfer',
    'Every task is learned once, then each frozen encoder is asked to teach every other task.',
  ],
  ['Read the atlas', 'Who teaches whom, with intervals, and which few tasks are worth full supervision.'],
] as const;

/** The start page: the latest sweep, or the way to the first one. */
export function Start() {
  const { data, error, retry } = useApi('/sweeps', sweepList);
  const router = useRouter();
  const latest = latestSweep(data?.sweeps ?? [])?.id;
  useEffect(() => {
    if (latest !== undefined) router.replace(`/sweeps/${encodeURIComponent(latest)}`);
  }, [latest, router]);
  if (data === undefined && error !== null)
    return <Failure error={error} retry={retry} title="The sweeps cannot be listed" />;
  if (data === undefined || latest !== undefined) return <Loading what="the latest sweep" />;
  return (
    <>
      <PageHead
        title="Which tasks teach which?"
        finding="Nothing has been measured yet. Submit a sweep: a set of tasks is trained, every pair is transferred, and this page becomes the map of what helps what."
      />
      <ol className="mt-6 grid max-w-4xl grid-cols-3 gap-4 phone:grid-cols-1">
        {STEPS.map(([title, text], i) => (
          <li key={title} className="card p-5">
            <span className="font-semibold font-serif text-accent text-number">{i + 1}</span>
            <h2 className="section-title mt-1">{title}</h2>
            <p className="mt-1 text-ink2">{text}</p>
          </li>
        ))}
      </ol>
      <div className="mt-6 flex flex-wrap gap-2">
        <Link href="/sweeps/new" className="btn btn-primary">
          Submit the first sweep
        </Link>
        <Link href="/tasks" className="btn">
          See the tasks
        </Link>
      </div>
    </>
  );
}
