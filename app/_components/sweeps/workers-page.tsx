'use client';

import { workerList } from '@/app/_lib/answers';
import { ago, count, percent, plural } from '@/app/_lib/format';
import { useApi, useRefresh } from '@/app/_lib/use-api';
import type { WorkerView } from '@/lib/service/contracts';
import { PageHead } from '../shell/page-head';
import { StateIcon } from '../ui/state-icon';
import { Empty, Failure, Loading } from '../ui/status';

/** Who computes: each worker with its backend, its speed and the run it holds. */
export function WorkersPage() {
  const { data, error, retry } = useApi('/workers', workerList);
  useRefresh('/workers', 3000);
  const workers = data?.workers ?? [];
  const alive = workers.filter((w) => w.alive);
  const rate = alive.reduce((sum, w) => sum + (w.imagesPerSecond ?? 0), 0);
  const busy = alive.filter((w) => w.run !== null).length;
  const finding =
    alive.length === 0
      ? 'No worker is alive.'
      : `${plural(alive.length, 'worker')} ${alive.length === 1 ? 'is' : 'are'} alive, ${busy} at work${rate > 0 ? `, ${count(Math.round(rate))} images/s together` : ''}.`;
  return (
    <>
      <PageHead title="Workers" finding={data === undefined ? undefined : finding} />
      {data === undefined ? (
        <div className="mt-5">
          {error === null ? (
            <Loading what="the workers" />
          ) : (
            <Failure error={error} retry={retry} title="The workers cannot be listed" />
          )}
        </div>
      ) : workers.length === 0 ? (
        <div className="mt-5">
          <Empty title="No worker has announced itself">
            <code className="font-mono">npm start</code> starts as many as the machine has cores. More can be
            started on any machine that reaches the same database.
          </Empty>
        </div>
      ) : (
        <ul className="mt-4 grid grid-cols-[repeat(auto-fill,minmax(320px,1fr))] gap-4">
          {workers.map((worker) => (
            <WorkerCard key={worker.id} worker={worker} />
          ))}
        </ul>
      )}
    </>
  );
}

function WorkerCard({ worker }: { worker: WorkerView }) {
  const { run } = worker;
  return (
    <li className="card p-4">
      <div className="flex items-center gap-2">
        <StateIcon state={worker.alive ? (run === null ? 'queued' : 'active') : 'lost'} />
        <h2 className="truncate font-semibold">
          {worker.host}
          {worker.pid > 0 && `, pid ${worker.pid}`}
        </h2>
        <span className={`ml-auto text-label ${worker.alive ? 'text-ink2' : 'text-fail'}`}>
          {worker.alive ? (run === null ? 'idle' : 'working') : 'silent'}
        </span>
      </div>
      <p className="mt-0.5 text-ink2 text-label">
        {worker.backend}, {worker.device}
        {worker.imagesPerSecond !== null && `, ${count(Math.round(worker.imagesPerSecond))} images/s`}
      </p>
      {run === null ? (
        <p className="rule mt-3 pt-3 text-ink3">Waiting for work.</p>
      ) : (
        <div className="rule mt-3 pt-3">
          <p className="flex justify-between gap-2">
            <span className="truncate">{run.label}</span>
            {run.progress !== null && <span className="text-ink2">{percent(run.progress)}</span>}
          </p>
          <div className="mt-1.5 h-1.5 overflow-hidden rounded-full bg-line" aria-hidden="true">
            <div
              className="h-full bg-accent transition-[width] duration-500"
              style={{ width: `${(run.progress ?? 0) * 100}%` }}
            />
          </div>
        </div>
      )}
      {Date.parse(worker.seenAt) > 0 && (
        <p className="mt-2 text-ink3 text-tick" suppressHydrationWarning>
          last seen {ago(worker.seenAt, Date.now())}
        </p>
      )}
    </li>
  );
}
