'use client';

import { sweepPath } from '@/app/_lib/api';
import { useApi } from '@/app/_lib/use-api';
import { type AdviceView, adviceView } from '@/lib/service/contracts';

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

/** The textbook rule of transfer by labels and similarity, beside what was measured. Nothing where nothing was. */
export function RuleSection({ id, target }: { id: string; target: string }) {
  const { data, stale } = useApi(sweepPath(id, `/targets/${encodeURIComponent(target)}/advice`), adviceView);
  if (data === undefined || stale || data.ranking.length === 0) return null;
  return (
    <section aria-label="The textbook rule" className="rule pt-3">
      <h2 className="section-title">The textbook rule, and what was measured</h2>
      <p className="mt-0.5">{data.advice}</p>
      <ul className="mt-1.5">
        {data.regimes.map((regime) => (
          <li
            key={`${regime.labels} ${regime.similarity}`}
            className="grid grid-cols-[minmax(0,1fr)_minmax(0,1fr)_86px] gap-3 border-line border-b py-1"
          >
            <span className="text-ink2">
              {regime.labels} labels, {regime.similarity}
            </span>
            <span>{regime.rule}</span>
            <span className={`text-right ${TONES[regime.verdict]}`}>{VERDICTS[regime.verdict]}</span>
          </li>
        ))}
      </ul>
      <details className="mt-1">
        <summary className="cursor-pointer text-ink2 text-label">In words, with the losses</summary>
        <ul className="mt-1 flex flex-col gap-1.5 text-ink2">
          {data.regimes.map((regime) => (
            <li key={regime.words}>{regime.words}</li>
          ))}
        </ul>
      </details>
    </section>
  );
}
