'use client';

import { useState } from 'react';
import { ApiError, apiPath, post, sweepPath } from '@/app/_lib/api';
import { count, percent, took } from '@/app/_lib/format';
import { invalidate, useApi } from '@/app/_lib/use-api';
import { useSweep } from '@/app/_lib/use-sweep';
import { useUrlState } from '@/app/_lib/use-url-state';
import { type RunListView, type RunView, runListView, runView } from '@/lib/service/contracts';
import { PageHead } from '../shell/page-head';
import { type ShownState, StateIcon } from '../ui/state-icon';
import { Empty, Failure, Loading } from '../ui/status';
import { SweepActions } from './actions';
import { RunDetail } from './run-detail';

const STATES = ['running', 'queued', 'waiting', 'failed', 'lost', 'done', 'cancelled'] as const;
const KINDS = ['dataset', 'source', 'scratch', 'mean', 'probe', 'pretrain', 'transfer'] as const;
const PAGE = 100;

/** Every run of a sweep, by page, with what failed and a way to try it again. */
export function RunsPage({ id }: { id: string }) {
  const sweep = useSweep(id);
  const { query, set } = useUrlState();
  const state = STATES.find((s) => s === query.get('state'));
  const kind = KINDS.find((k) => k === query.get('kind'));
  const page = Math.max(1, Number.parseInt(query.get('page') ?? '1', 10) || 1);
  const path = apiPath(sweepPath(id, '/runs'), { state, kind, offset: (page - 1) * PAGE, limit: PAGE });
  const { data, error, retry, stale } = useApi(path, runListView);
  const counts = sweep.data?.progress.counts;
  const trail = [
    { label: sweep.data?.name ?? 'Sweep', href: `/sweeps/${encodeURIComponent(id)}` },
    { label: 'Runs' },
  ];
  return (
    <>
      <PageHead
        trail={trail}
        title="Runs"
        liveSweep={id}
        actions={sweep.data !== undefined && <SweepActions sweep={sweep.data} />}
      />
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2 py-3">
        <ul className="flex flex-wrap gap-1.5" aria-label="Filter by state">
          {STATES.filter((s) => s === state || (counts?.[s] ?? 0) > 0).map((s) => (
            <li key={s}>
              <button
                type="button"
                className="chip"
                aria-pressed={s === state}
                onClick={() => set({ state: s === state ? null : s, page: null })}
              >
                <StateIcon state={s} />
                <span className="capitalize">{s}</span>
                <span className="font-semibold text-ink">{count(counts?.[s] ?? 0)}</span>
              </button>
            </li>
          ))}
        </ul>
        <label className="flex items-center gap-2 text-ink3 text-label">
          Kind
          <select
            className="field w-auto"
            value={kind ?? ''}
            onChange={(event) => set({ kind: event.target.value || null, page: null })}
          >
            <option value="">every kind</option>
            {KINDS.map((k) => (
              <option key={k} value={k}>
                {k}
              </option>
            ))}
          </select>
        </label>
      </div>
      {data === undefined ? (
        error === null ? (
          <Loading what="the runs" />
        ) : (
          <Failure error={error} retry={retry} title="The runs cannot be listed" />
        )
      ) : data.total === 0 ? (
        <Empty title={state === undefined && kind === undefined ? 'No runs' : 'No run matches'}>
          {sweep.data?.origin === 'imported'
            ? 'This sweep was imported: nothing was trained here.'
            : 'Change the filter to see others.'}
        </Empty>
      ) : (
        <div aria-busy={stale} className={stale ? 'opacity-70' : ''}>
          <RunTable runs={data.runs} open={query.get('run')} onOpen={(run) => set({ run })} />
          <Pager list={data} page={page} onPage={(p) => set({ page: p === 1 ? null : String(p) })} />
        </div>
      )}
    </>
  );
}

function RunTable({
  runs,
  open,
  onOpen,
}: {
  runs: readonly RunView[];
  open: string | null;
  onOpen: (fingerprint: string | null) => void;
}) {
  return (
    <div className="relative overflow-x-auto">
      <table className="table min-w-[640px] phone:min-w-0" aria-label="Runs">
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col">Run</th>
            <th scope="col" className="phone:hidden">
              Kind
            </th>
            <th scope="col" className="!text-right phone:hidden">
              Attempt
            </th>
            <th scope="col" className="!text-right">
              Time
            </th>
            <th scope="col" className="!pl-6 phone:hidden">
              Backend
            </th>
            <th scope="col">
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <RunLine key={run.fingerprint} run={run} open={run.fingerprint === open} onOpen={onOpen} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

const RETRYABLE = new Set(['failed', 'lost', 'cancelled']);

function RunLine({
  run,
  open,
  onOpen,
}: {
  run: RunView;
  open: boolean;
  onOpen: (fingerprint: string | null) => void;
}) {
  return (
    <>
      <tr>
        <td className="w-28 whitespace-nowrap phone:w-auto">
          <span className="flex items-center gap-2">
            <StateIcon state={run.state as ShownState} />
            <span className="capitalize phone:sr-only">{run.state}</span>
            {run.progress !== null && <span className="text-ink3 text-label">{percent(run.progress)}</span>}
          </span>
        </td>
        <td>
          <button
            type="button"
            className="text-left hover:underline"
            aria-expanded={open}
            onClick={() => onOpen(open ? null : run.fingerprint)}
          >
            {run.label}
          </button>
          {run.failure !== null && (
            <span className="block text-fail text-label">
              {run.failure.class}: {run.failure.message}
            </span>
          )}
        </td>
        <td className="text-ink2 phone:hidden">{run.kind}</td>
        <td className="text-right text-ink2 phone:hidden">{run.attempt}</td>
        <td className="whitespace-nowrap text-right">{run.seconds === null ? '–' : took(run.seconds)}</td>
        <td className="!pl-6 text-ink2 phone:hidden">{run.backend ?? '–'}</td>
        <td className="w-24 text-right phone:w-auto">
          {RETRYABLE.has(run.state) && <RetryButton run={run} />}
        </td>
      </tr>
      {open && (
        <tr>
          <td colSpan={7} className="!bg-nav !p-4 [--behind:var(--nav)]">
            {/* Cells grow with what they hold: on a phone the detail scrolls within itself instead. */}
            <div className="phone:max-w-[calc(100vw-4rem)] phone:overflow-x-auto">
              <RunDetail fingerprint={run.fingerprint} />
            </div>
          </td>
        </tr>
      )}
    </>
  );
}

function RetryButton({ run }: { run: RunView }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const retry = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      await post(`/runs/${run.fingerprint}/retry`, runView);
    } catch (thrown) {
      setError(thrown instanceof ApiError ? thrown.message : String(thrown));
    }
    setBusy(false);
    invalidate('/sweeps');
  };
  return (
    <>
      <button type="button" className="btn" disabled={busy} onClick={() => void retry()}>
        Retry<span className="sr-only"> {run.label}</span>
      </button>
      {error !== null && (
        <span role="alert" className="block text-fail text-label">
          {error}
        </span>
      )}
    </>
  );
}

function Pager({ list, page, onPage }: { list: RunListView; page: number; onPage: (page: number) => void }) {
  const pages = Math.max(1, Math.ceil(list.total / PAGE));
  const first = list.offset + 1;
  const last = list.offset + list.runs.length;
  return (
    <div className="flex items-center justify-between py-3 text-ink2 text-label">
      <span>
        {count(first)}–{count(last)} of {count(list.total)}
      </span>
      {pages > 1 && (
        <span className="flex items-center gap-2">
          <button type="button" className="btn" disabled={page <= 1} onClick={() => onPage(page - 1)}>
            Earlier
          </button>
          <span>
            page {page} of {pages}
          </span>
          <button type="button" className="btn" disabled={page >= pages} onClick={() => onPage(page + 1)}>
            Later
          </button>
        </span>
      )}
    </div>
  );
}
