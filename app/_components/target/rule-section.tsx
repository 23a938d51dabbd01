'use client';

import Link from 'next/link';
import { sweepPath } from '@/app/_lib/api';
import { change } from '@/app/_lib/format';
import { useApi } from '@/app/_lib/use-api';
import type { Ways } from '@/app/_lib/ways';
import { type AdviceView, adviceView, methodsView } from '@/lib/service/contracts';
import { RegimeCurves } from './regime-curves';

type Regime = AdviceView['regimes'][number];

const VERDICTS: Record<Regime['verdict'], string> = {
  agrees: 'agrees',
  disagrees: 'disagrees',
  unsettled: 'not settled',
  unmeasured: 'not measured',
};
const TONES: Record<Regime['verdict'], string> = {
  agrees: 'font-semibold text-accent',
  disagrees: 'font-semibold text-worse',
  unsettled: 'text-ink2',
  unmeasured: 'text-ink3',
};

/** How to transfer: the recommendation, curves by method, labels and likeness, the textbook rule and where it fails. */
export function RuleSection({ id, target, ways }: { id: string; target: string; ways: Ways }) {
  const at = `/targets/${encodeURIComponent(target)}`;
  const { data, stale } = useApi(sweepPath(id, `${at}/advice`), adviceView);
  const methods = useApi(sweepPath(id, `${at}/methods`), methodsView);
  if (data === undefined || stale || data.ranking.length === 0) return null;
  const many = methods.data !== undefined && !methods.stale && methods.data.methods.length > 1;
  return (
    <section aria-label="How to transfer" className="rule pt-3">
      <h2 className="section-title">How to transfer: the textbook rule, and what was measured</h2>
      <p className="mt-0.5">
        {data.advice}{' '}
        <Link className="link whitespace-nowrap" href={`/sweeps/${encodeURIComponent(id)}${at}/methods`}>
          Every way by source, labels and compute
        </Link>
      </p>
      {many && methods.data !== undefined && <RegimeCurves view={methods.data} />}
      <h3 className="mt-3 text-ink2 text-label">
        The rule, by labels and likeness of the source
        {data.similarityBy !== null &&
          ` (similar: the better half by the ${data.similarityBy === 'probe' ? 'ridge probe' : 'readout'})`}
      </h3>
      <Quadrants regimes={data.regimes} ways={ways} />
      <details className="mt-1">
        <summary className="cursor-pointer text-ink2 text-label">In words, by mean loss</summary>
        <ul className="mt-1 flex flex-col gap-1.5 text-ink2">
          {data.regimes.map((regime) => (
            <li key={regime.words}>{regime.words}</li>
          ))}
        </ul>
      </details>
    </section>
  );
}

/** Four lines: where, what the rule says, what was best, and whether the two agree. */
function Quadrants({ regimes, ways }: { regimes: readonly Regime[]; ways: Ways }) {
  return (
    <ul>
      {regimes.map((regime) => (
        <li
          key={`${regime.labels} ${regime.similarity}`}
          className="grid grid-cols-[minmax(0,1fr)_minmax(0,1fr)_minmax(0,1.2fr)_86px] gap-3 border-line border-b py-1 phone:grid-cols-[minmax(0,1fr)_86px] phone:gap-y-0"
        >
          <span className="text-ink2">
            {regime.labels} labels, {regime.similarity}
            {regime.sizes.length > 0 && <span className="text-ink3"> ({regime.sizes.join(', ')})</span>}
          </span>
          <span className="phone:order-3">
            <span className="text-ink3 phone:inline hidden">rule: </span>
            {regime.rule}
          </span>
          <span className="phone:order-4 phone:col-span-2">
            <span className="text-ink3">best: </span>
            {regime.best === null
              ? '–'
              : `${ways.name(regime.best)} (mean loss ${change(regime.best.logMeanRatio)}${regime.best.logMeanRatio > 0 ? ', scratch is better' : ''}${regime.best.skill !== null && regime.best.skill <= 0 ? ', a constant is better' : ''})`}
          </span>
          <span className={`text-right phone:order-2 ${TONES[regime.verdict]}`}>
            {VERDICTS[regime.verdict]}
          </span>
        </li>
      ))}
    </ul>
  );
}
