'use client';

import { useRouter } from 'next/navigation';
import { useCallback, useMemo } from 'react';
import { apiPath, sweepPath } from '@/app/_lib/api';
import { useApi } from '@/app/_lib/use-api';
import { useSweep } from '@/app/_lib/use-sweep';
import { useUrlState } from '@/app/_lib/use-url-state';
import { matrixView, runningView, type SweepView } from '@/lib/service/contracts';
import { matrixCsv } from '@/lib/service/views/csv';
import { withRunning } from '@/lib/service/views/running';
import { PageHead } from '../shell/page-head';
import { SweepActions } from '../sweeps/actions';
import { ProgressHead } from '../sweeps/progress';
import { CopyLink } from '../ui/copy-button';
import { Download } from '../ui/download';
import { Empty, Failure, Loading, Skeleton } from '../ui/status';
import { Imported } from './imported';
import { MatrixSection } from './matrix-section';

/** The overview of a sweep: finding, progress, matrix. */
export function Overview({ id }: { id: string }) {
  const sweep = useSweep(id);
  if (sweep.data === undefined) {
    return sweep.error === null ? (
      <OverviewSkeleton />
    ) : (
      <>
        <PageHead trail={[{ label: 'Sweeps', href: '/sweeps' }, { label: id }]} title="No such sweep" />
        <div className="mt-5">
          <Failure error={sweep.error} retry={sweep.retry} title="This sweep cannot be shown" />
        </div>
      </>
    );
  }
  return <Loaded id={id} sweep={sweep.data} />;
}

/** `id` is the sweep's name in the address (id, number, `latest`): every request keeps to it, so that live news reach all. */
function Loaded({ id, sweep }: { id: string; sweep: SweepView }) {
  const { tasks, name, ways } = useSweep(id);
  const { query } = useUrlState();
  const method = query.get('method') ?? undefined;
  const router = useRouter();
  const kept = useApi(apiPath(sweepPath(id, '/matrix'), { method }), matrixView);
  const running = useApi(sweep.state === 'active' ? sweepPath(id, '/running') : null, runningView);
  const data = useMemo(
    () => (kept.data && running.data ? withRunning(kept.data, running.data) : kept.data),
    [kept.data, running.data],
  );
  const matrix = { ...kept, data };
  const open = useCallback(
    ({ source, target }: { source: string; target: string }) =>
      router.push(
        ways.href(
          `/sweeps/${encodeURIComponent(id)}`,
          { method: matrix.data?.method ?? 'readout', sources: [source] },
          target,
        ),
      ),
    [router, id, ways, matrix.data?.method],
  );
  const trail = useMemo(() => [{ label: 'Sweeps', href: '/sweeps' }, { label: sweep.name }], [sweep.name]);
  return (
    <>
      <PageHead
        trail={trail}
        title="Which tasks teach which?"
        finding={sweep.finding}
        liveSweep={id}
        actions={
          <>
            <SweepActions sweep={sweep} />
            {matrix.data !== undefined && (
              <span className="phone:hidden flex gap-2">
                <Download
                  label="Export"
                  name={`${sweep.name}-matrix.csv`}
                  type="text/csv"
                  text={() => (matrix.data === undefined ? '' : matrixCsv(matrix.data))}
                />
                <CopyLink />
              </span>
            )}
          </>
        }
      />
      {sweep.origin === 'measured' ? (
        <ProgressHead
          progress={sweep.progress}
          href={(state) => `/sweeps/${encodeURIComponent(id)}/runs?state=${state}`}
        />
      ) : (
        <Imported sweep={sweep} />
      )}
      {matrix.data === undefined ? (
        matrix.error === null ? (
          <Loading what="the matrix">
            <Skeleton className="mt-3 h-[560px] w-full max-w-[860px]" />
          </Loading>
        ) : (
          <Failure error={matrix.error} retry={matrix.retry} title="The matrix cannot be shown" />
        )
      ) : matrix.data.cells.length === 0 ? (
        <Empty title="No pairs in this sweep">It names no source and target that can be paired.</Empty>
      ) : (
        <MatrixSection
          sweepId={id}
          matrix={matrix.data}
          tasks={tasks}
          name={name}
          ways={ways}
          onOpen={open}
        />
      )}
    </>
  );
}

function OverviewSkeleton() {
  return (
    <Loading what="the sweep">
      <Skeleton className="mt-5 h-7 w-72" />
      <Skeleton className="mt-3 h-4 w-[38rem] max-w-full" />
      <Skeleton className="mt-2 h-4 w-[30rem] max-w-full" />
      <Skeleton className="mt-8 h-5 w-[44rem] max-w-full" />
      <Skeleton className="mt-6 h-[520px] w-full max-w-[860px]" />
    </Loading>
  );
}
