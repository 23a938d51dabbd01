import { proofRows } from '@/app/_lib/policy-words';
import type { PolicyView } from '@/lib/service/contracts';

/** What the solver proved, the runner-up, and what greedy and random choices reach. */
export function ProofSection({ policy, name }: { policy: PolicyView; name: (id: string) => string }) {
  return (
    <section aria-label="Proof">
      <h3 className="section-title mb-1">How sure is this choice?</h3>
      <dl>
        {proofRows(policy, name).map(({ label, value }) => (
          <div
            key={label}
            className="grid grid-cols-[84px_minmax(0,1fr)] gap-2 border-line border-b py-1 last:border-b-0"
          >
            <dt className="text-ink2 text-label leading-[1.6]">{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {policy.unserved.length > 0 && (
        <details className="mt-2">
          <summary className="cursor-pointer text-ink2 text-label">
            {policy.unserved.length} {policy.unserved.length === 1 ? 'target is' : 'targets are'} not served
          </summary>
          <ul className="mt-1">
            {policy.unserved.map(({ target, reason }) => (
              <li key={target} className="text-label">
                <span className="font-semibold">{name(target)}</span>{' '}
                <span className="text-ink2">{reason}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}
