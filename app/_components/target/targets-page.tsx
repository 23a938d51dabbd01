'use client';

import Link from 'next/link';
import { targetList } from '@/app/_lib/answers';
import { sweepPath } from '@/app/_lib/api';
import { percent, share } from '@/app/_lib/format';
import { useApi } from '@/app/_lib/use-api';
import { useSweep } from '@/app/_lib/use-sweep';
import { useUrlState } from '@/app/_lib/use-url-state';
import type { Ways } from '@/app/_lib/ways';
import type { TargetListItem } from '@/lib/service/contracts';
import { metricNumber, metricWithInterval } from '@/lib/service/views/metric-words';
import { PageHead } from '../shell/page-head';
import { NovelForm } from '../sweeps/novel-form';
import { SortHead, sortRows } from '../ui/sort-head';
import { Empty, Failure, Loading } from '../ui/status';

const COLUMNS = {
  name: (t: TargetListItem) => t.name,
  helps: (t: TargetListItem) => t.verdicts.helps,
  hurts: (t: TargetListItem) => t.verdicts.hurts,
  gain: (t: TargetListItem) => t.best?.gain?.value ?? null,
  own: (t: TargetListItem) => t.best?.skill ?? null,
  skill: (t: TargetListItem) => t.goldSkill?.value ?? null,
} as const;

/** All targets of a sweep: who serves each best, how many sources help or hurt. */
export function TargetsPage({ id }: { id: string }) {
  const sweep = useSweep(id);
  const { data, error, retry } = useApi(sweepPath(id, '/targets'), targetList);
  const { query, set } = useUrlState();
  const base = `/sweeps/${encodeURIComponent(id)}`;
  const trail = [{ label: sweep.data?.name ?? 'Sweep', href: base }, { label: 'Targets' }];
  const head = { query, set };
  const rows = data === undefined ? [] : sortRows(data.targets, COLUMNS, query, 'gain');
  const kept = rows.filter((t) => t.kept);
  const helped = kept.filter((t) => !t.set.noneHelps).length;
  const excluded = rows.length - kept.length;
  return (
    <>
      <PageHead
        trail={trail}
        title="Targets"
        finding={
          rows.length === 0
            ? undefined
            : `${helped} of ${kept.length} ${kept.length === 1 ? 'target has' : 'targets have'} a ${sweep.ways.many ? 'way' : 'source'} that is shown to help: to beat both training from scratch and a constant predictor.${excluded === 0 ? '' : ` ${excluded} more ${excluded === 1 ? 'is' : 'are'} excluded by the validity check.`}`
        }
        liveSweep={id}
      />
      {data === undefined ? (
        <div className="mt-5">
          {error === null ? <Loading what="the targets" /> : <Failure error={error} retry={retry} />}
        </div>
      ) : rows.length === 0 ? (
        <Empty title="No targets">This sweep has no task that can be a target.</Empty>
      ) : (
        <div className="mt-2 relative overflow-x-auto">
          <table className="table" aria-label="Targets">
            <thead>
              <tr>
                <SortHead {...head} id="name" label="Target" />
                <th scope="col" className="phone:hidden">
                  {sweep.ways.many ? 'Best way' : 'Best source'}
                </th>
                <SortHead {...head} id="gain" label="Its gain" number />
                <th scope="col" className="text-right phone:hidden">
                  Its metric
                </th>
                <SortHead {...head} id="own" label="Its skill" number wide />
                <th
                  scope="col"
                  className="w-52 !pl-6 phone:w-auto phone:!pr-0 phone:!pl-2 phone:!whitespace-normal phone:!text-right"
                >
                  <span className="phone:hidden">{sweep.ways.many ? 'Ways' : 'Sources'}: </span>help, cannot
                  tell, hurt
                </th>
                <SortHead {...head} id="skill" label="Own network’s skill" number wide />
              </tr>
            </thead>
            <tbody>
              {rows.map((t) => (
                <TargetLine key={t.target} item={t} base={base} ways={sweep.ways} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {data !== undefined && sweep.data?.origin === 'measured' && (
        <NovelForm sweep={sweep.data} targets={data.targets.map((t) => t.target)} />
      )}
    </>
  );
}

/** `accuracy 61.2 % (55.0–67.1), scratch 52.1 %` of the best; null where it is not known. */
function metricText({ metric, metrics, best }: TargetListItem): string | null {
  if (metric === null || best === null || best.metric === null) return null;
  const own = `${metric.name} ${metricWithInterval(best.metric, metric).replace('95 % interval ', '')}`;
  return metrics.scratch === null ? own : `${own}, scratch ${metricNumber(metrics.scratch.value, metric)}`;
}

function TargetLine({ item, base, ways }: { item: TargetListItem; base: string; ways: Ways }) {
  const { verdicts, best } = item;
  const total = Math.max(1, verdicts.helps + verdicts.unsure + verdicts.hurts + verdicts.unknown);
  const part = (n: number): string => `${(100 * n) / total}%`;
  const reported = metricText(item);
  const served =
    best === null ? (
      <span className="text-ink3">–</span>
    ) : (
      <>
        <Link className="hover:underline" href={ways.href(base, best, item.target)}>
          {ways.name(best)}
        </Link>
        {best.tied && (
          <span className="ml-2 text-ink3 text-label">tied with {item.set.tieSet.length - 1}</span>
        )}
        {item.kept && best.helps !== 'helps' && (
          <span className="ml-2 text-ink3 text-label">ranks first, not shown to help</span>
        )}
      </>
    );
  return (
    <tr>
      <td>
        <Link className="link" href={`${base}/targets/${encodeURIComponent(item.target)}`}>
          {item.name}
        </Link>
        {!item.kept && <span className="ml-2 text-label text-worse">excluded</span>}
        {!item.complete && <span className="ml-2 text-ink3 text-label">incomplete</span>}
        <span className="hidden text-ink2 phone:block">best: {served}</span>
        {reported !== null && <span className="hidden text-ink2 phone:block">{reported}</span>}
      </td>
      <td className="phone:hidden">{served}</td>
      <td className="whitespace-nowrap text-right">{best?.gain == null ? '–' : percent(best.gain.value)}</td>
      <td className="text-right phone:hidden">{reported ?? '–'}</td>
      <td
        className={`whitespace-nowrap text-right phone:hidden ${(best?.skill ?? 1) <= 0 ? 'text-worse' : ''}`}
      >
        {best?.skill == null ? '–' : share(best.skill)}
      </td>
      <td className="!pl-6 phone:!pr-0 phone:!pl-2">
        <span className="flex items-center gap-2 phone:justify-end">
          <span
            className="flex h-2 w-24 overflow-hidden rounded-full bg-line phone:hidden"
            aria-hidden="true"
          >
            <span className="bg-accent" style={{ width: part(verdicts.helps) }} />
            <span className="bg-line2" style={{ width: part(verdicts.unsure + verdicts.unknown) }} />
            <span className="bg-worse" style={{ width: part(verdicts.hurts) }} />
          </span>
          <span className="whitespace-nowrap text-ink2 text-label">
            {verdicts.helps}, {verdicts.unsure + verdicts.unknown}, {verdicts.hurts}
          </span>
        </span>
      </td>
      <td className="text-right phone:hidden">
        {item.goldSkill === null ? '–' : share(item.goldSkill.value)}
      </td>
    </tr>
  );
}
