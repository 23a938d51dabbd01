import { count, duration, flops } from '@/app/_lib/format';
import { newRuns } from '@/app/_lib/sweep-batch';
import type { BatchPlanView, PlanView, Problem } from '@/lib/service/contracts';

interface Props {
  name: string;
  /** Null until it is planned, and while it cannot be. */
  sweep: BatchPlanView['sweeps'][number] | null;
  issues: Problem['error']['issues'];
  onRemove: () => void;
}

/** One file of a batch: its plan, or what is wrong with it, field by field. */
export function BatchFile({ name, sweep, issues, onRemove }: Props) {
  const wrong = issues.length > 0;
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_auto] items-start gap-x-6 gap-y-1 border-line border-b py-3 first:border-t">
      <div className="min-w-0">
        <p className="break-words font-mono text-label">{name}</p>
        {sweep !== null && <p className="break-words font-semibold">{sweep.name}</p>}
      </div>
      <button type="button" className="btn" onClick={onRemove} aria-label={`Remove ${name}`}>
        Remove
      </button>
      {sweep !== null && !wrong && <Numbers plan={sweep.plan} />}
      <div role="alert" className="col-span-2">
        {wrong && (
          <ul aria-label={`Errors of ${name}`} className="border-fail border-l-2 pl-3 text-fail">
            {issues.map(({ path, message }) => (
              <li key={`${path}${message}`} className="break-words">
                <span className="sr-only">{name}, </span>
                <code className="font-mono text-label">{path === '' ? 'file' : path}</code>: {message}
              </li>
            ))}
          </ul>
        )}
      </div>
    </li>
  );
}

function Numbers({ plan }: { plan: PlanView }) {
  const facts: [string, string][] = [
    ['new runs', count(newRuns(plan))],
    ['shared', count(plan.reused)],
    ['work', flops(plan.estimatedFlops)],
    ['time, about', plan.estimatedSeconds === null ? 'not known' : duration(plan.estimatedSeconds)],
    ...(plan.growth > 0 ? [['planned later', count(plan.growth)] as [string, string]] : []),
  ];
  return (
    <dl className="col-span-2 grid max-w-xl grid-cols-5 gap-x-4 gap-y-1 phone:grid-cols-3">
      {facts.map(([label, value]) => (
        <div key={label}>
          <dt className="text-ink3 text-tick">{label}</dt>
          <dd className="font-semibold">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
