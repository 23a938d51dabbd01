'use client';

import Link from 'next/link';
import { change, interval, loss, percent, share } from '@/app/_lib/format';
import { useUrlState } from '@/app/_lib/use-url-state';
import type { Estimate, TournamentView } from '@/lib/service/contracts';
import { SortHead, sortRows } from '../ui/sort-head';

type Candidate = TournamentView['candidates'][number];

const COLUMNS = {
  name: (c: Candidate) => c.key,
  affinity: (c: Candidate) => c.affinity?.value ?? null,
  geometric: (c: Candidate) => c.geometricMean,
  clipped: (c: Candidate) => c.affinityClipped,
  bradley: (c: Candidate) => c.bradleyTerry,
  effect: (c: Candidate) => (c.effect === null ? null : -c.effect.value),
  gain: (c: Candidate) => c.gain?.value ?? null,
  quality: (c: Candidate) => c.quality?.value ?? null,
  loss: (c: Candidate) => c.meanLoss,
  ties: (c: Candidate) => c.tieRate,
  best: (c: Candidate) => c.probabilityBest,
} as const;

interface Props {
  view: TournamentView;
  name: (key: string) => string;
  href: (candidate: Candidate) => string | null;
}

/** AHP's weight with its interval, and beside it what other ways of measuring say of the same candidates. */
export function CandidateTable({ view, name, href }: Props) {
  const { query, set } = useUrlState();
  const head = { query, set, number: true };
  const rows = sortRows(view.candidates, COLUMNS, query, 'affinity');
  return (
    <div className="relative overflow-x-auto">
      <table className="table" aria-label="Candidates, every measure">
        <thead>
          <tr>
            <SortHead {...head} id="name" label="Candidate" number={false} />
            <SortHead {...head} id="affinity" label="Affinity (AHP)" />
            <SortHead {...head} id="geometric" label="Geometric mean" />
            <SortHead {...head} id="clipped" label="Clip at .01" />
            <SortHead {...head} id="bradley" label="Bradley–Terry" />
            <SortHead {...head} id="effect" label="Log-loss ratio" />
            <SortHead {...head} id="gain" label="Gain" />
            <SortHead {...head} id="quality" label="Quality" />
            <SortHead {...head} id="loss" label="Mean loss" />
            <SortHead {...head} id="ties" label="Ties" />
            <SortHead {...head} id="best" label="P(best)" />
          </tr>
        </thead>
        <tbody>
          {rows.map((c) => (
            <Line key={c.key} candidate={c} name={name} href={href(c)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

const weight = (value: number | null): string => (value === null ? '–' : share(value, 3));

function Line({
  candidate: c,
  name,
  href,
}: {
  candidate: Candidate;
  name: (key: string) => string;
  href: string | null;
}) {
  return (
    <tr className={c.affinity === null ? 'text-ink2' : ''}>
      <td className="whitespace-nowrap">
        {href === null ? (
          name(c.key)
        ) : (
          <Link className="link" href={href}>
            {name(c.key)}
          </Link>
        )}
        {c.tied && <span className="ml-2 text-ink3 text-label">tied for first</span>}
        {c.affinity === null && <span className="ml-2 text-ink3 text-label">beside</span>}
      </td>
      <Cell estimate={c.affinity} text={(x) => share(x, 3)} />
      <td className="text-right">{weight(c.geometricMean)}</td>
      <td className="text-right">{weight(c.affinityClipped)}</td>
      <td className="text-right">{weight(c.bradleyTerry)}</td>
      <Cell estimate={c.effect} text={change} />
      <Cell estimate={c.gain} text={percent} />
      <Cell estimate={c.quality} text={percent} />
      <td className="text-right">{c.meanLoss === null ? '–' : loss(c.meanLoss)}</td>
      <td className="text-right">{c.tieRate === null ? '–' : percent(c.tieRate, 1)}</td>
      <td className="text-right">{c.probabilityBest === null ? '–' : share(c.probabilityBest)}</td>
    </tr>
  );
}

function Cell({ estimate, text }: { estimate: Estimate | null; text: (x: number) => string }) {
  return (
    <td className="text-right">
      {estimate === null ? '–' : text(estimate.value)}
      <span className="block whitespace-nowrap text-ink3 text-tick">{interval(estimate, text) ?? ''}</span>
    </td>
  );
}
