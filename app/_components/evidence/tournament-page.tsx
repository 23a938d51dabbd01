'use client';

import Link from 'next/link';
import { sweepPath } from '@/app/_lib/api';
import { count, percent, share, signed } from '@/app/_lib/format';
import { useApi } from '@/app/_lib/use-api';
import { useSweep } from '@/app/_lib/use-sweep';
import { oneOf, useUrlState } from '@/app/_lib/use-url-state';
import type { WayRef, Ways } from '@/app/_lib/ways';
import { type TournamentView, tournamentView } from '@/lib/service/contracts';
import { Figure, Figures } from '../ui/figure';
import { PageBody } from '../ui/page-body';
import { Segmented } from '../ui/segmented';
import { Empty } from '../ui/status';
import { CandidateTable } from './candidate-table';
import { EvidenceHead, jsonFile } from './evidence-head';
import { WinMatrix } from './win-matrix';

const KIND_NAME: Record<string, string> = {
  self: 'Own network',
  scratch: 'From scratch',
  mean: 'Mean predictor',
};

/** The name of a candidate: its sources joined, or what the reference is. */
const candidateName =
  (view: TournamentView, ways: Ways) =>
  (key: string): string => {
    const found = view.candidates.find((c) => c.key === key);
    if (found === undefined) return key;
    const way = ways.name({ method: found.method ?? 'readout', sources: found.sources });
    if (found.kind === 'retransfer') return `${way} (re-transfer)`;
    return KIND_NAME[found.kind] ?? way;
  };

function finding(view: TournamentView, named: (key: string) => string): string | undefined {
  if (view.keys.length === 0) return undefined;
  const inside = view.candidates.filter((c) => c.affinity !== null);
  const top = inside.reduce((a, b) => ((b.affinity?.value ?? 0) > (a.affinity?.value ?? 0) ? b : a));
  const first = `${named(top.key)} takes ${share(top.affinity?.value ?? 0)} of this target’s affinity among ${view.set.name} and the own network.`;
  if (view.odds.length === 0)
    return `${first} The win rates between candidates were not published, so the steps before the weights cannot be shown.`;
  const cr = view.consistencyRatio;
  const consistent =
    cr === null
      ? ''
      : cr < 0.1
        ? ` The odds are consistent (ratio ${share(cr, 3)}, below .1): one ranking explains who beats whom.`
        : ` The odds are not consistent (ratio ${share(cr, 2)}, above .1): no single ranking explains who beats whom.`;
  return first + consistent;
}

/** The tournament behind a target's affinities: win rates → clip → odds → eigenvector, and every other measure beside it. */
export function TournamentPage({ id, target }: { id: string; target: string }) {
  const sweep = useSweep(id);
  const state = useApi(sweepPath(id, `/targets/${encodeURIComponent(target)}/tournament`), tournamentView);
  const base = `/sweeps/${encodeURIComponent(id)}`;
  const view = state.stale ? undefined : state.data;
  const named = view === undefined ? undefined : candidateName(view, sweep.ways);
  return (
    <>
      <EvidenceHead
        id={id}
        trail={[
          { label: sweep.name(target), href: `${base}/targets/${encodeURIComponent(target)}` },
          { label: 'Tournament' },
        ]}
        title={`Who beats whom on ${sweep.name(target)}`}
        finding={view === undefined || named === undefined ? undefined : finding(view, named)}
        export={jsonFile(
          `${target}-tournament.json`,
          view && { candidates: view.keys, winRates: view.winRates },
        )}
      />
      <PageBody state={{ ...state, data: view }} what="the tournament">
        {(v) =>
          v.candidates.length === 0 ? (
            <div className="mt-5">
              <Empty title="Nothing measured yet">
                The tournament begins when this target’s own network and two candidates are done.{' '}
                <Link className="link" href={`${base}/runs?target=${encodeURIComponent(target)}`}>
                  Its runs
                </Link>
              </Empty>
            </div>
          ) : (
            <Loaded
              view={v}
              name={named ?? ((key) => key)}
              href={(way) => sweep.ways.href(base, way, target)}
            />
          )
        }
      </PageBody>
    </>
  );
}

interface LoadedProps {
  view: TournamentView;
  name: (key: string) => string;
  href: (way: WayRef) => string;
}

function Loaded({ view, name, href }: LoadedProps) {
  return (
    <>
      <Numbers view={view} />
      {view.odds.length > 0 && <Matrix view={view} name={name} />}
      <section aria-label="Measures of every candidate" className="mt-6">
        <h2 className="section-title">Every measure beside the weight</h2>
        <p className="mb-1 text-ink2 text-label">
          candidates by affinity; P(best) and ties are those of {view.set.name}, the own network left out;
          references are shown beside, not in, the tournament; intervals are 95 % over seeds and test scenes
          {view.set.missing === null ? '' : `; ${view.set.missing}`}
        </p>
        <CandidateTable
          view={view}
          name={name}
          href={(c) => (c.method === null ? null : href({ method: c.method, sources: c.sources }))}
        />
      </section>
      {view.intransitive.count > 0 && <Cycles view={view} name={name} />}
    </>
  );
}

function Numbers({ view }: { view: TournamentView }) {
  const n = view.keys.length;
  const known = view.odds.length > 0;
  const dash = (value: number | null, text: (x: number) => string): string =>
    value === null ? '–' : text(value);
  return (
    <Figures>
      <Figure
        label="Candidates"
        value={n}
        note={view.testImages > 0 ? `on ${count(view.testImages)} test images` : 'test images not known'}
      />
      <Figure
        label="Clipped pairs"
        value={known ? view.clippedPairs : '–'}
        note={`of ${count(view.pairs)}, to ${share(view.clip[0], 3)}–${share(view.clip[1], 3)}`}
      />
      <Figure
        label="Ties"
        value={dash(view.tieRate, (x) => percent(x, 1))}
        note="of image pairs, count half"
      />
      <Figure
        label="λmax"
        value={dash(view.lambdaMax, (x) => signed(x, 2))}
        note={`${n} if perfectly consistent${view.secondEigenvalue === null ? '' : `, |λ₂| ${signed(view.secondEigenvalue, 2)}`}`}
      />
      <Figure
        label="Consistency index"
        value={dash(view.consistencyIndex, (x) => share(x, 3))}
        note={
          view.consistencyRatio === null
            ? '(λmax − n) / (n − 1)'
            : `ratio to random odds ${share(view.consistencyRatio, 3)}, .1 is the usual limit`
        }
        {...((view.consistencyRatio ?? 0) > 0.1 ? { tone: 'worse' as const } : {})}
      />
    </Figures>
  );
}

function Matrix({ view, name }: { view: TournamentView; name: (key: string) => string }) {
  const { query, set } = useUrlState();
  const shown = oneOf(query.get('show'), ['wins', 'odds'] as const);
  return (
    <section aria-label="Win matrix" className="mt-4">
      <div className="mb-2 flex flex-wrap items-center justify-between gap-x-6 gap-y-2">
        <div>
          <h2 className="section-title">{shown === 'wins' ? 'Win rates' : 'Odds'}, row against column</h2>
          <p className="text-ink2 text-label">
            {shown === 'wins'
              ? 'share of test images on which the row’s loss is lower; rows by affinity'
              : 'clipped win rate over clipped loss rate; the weights are the principal eigenvector of this matrix'}
          </p>
        </div>
        <Segmented
          label="Show"
          hideLabel
          value={shown}
          options={[
            { value: 'wins', label: 'Win rates' },
            { value: 'odds', label: 'Odds' },
          ]}
          onChange={(value) => set({ show: value === 'wins' ? null : value })}
        />
      </div>
      <WinMatrix view={view} name={name} odds={shown === 'odds'} />
    </section>
  );
}

function Cycles({ view, name }: { view: TournamentView; name: (key: string) => string }) {
  const { count: found, triples, listed } = view.intransitive;
  return (
    <section aria-label="Cycles" className="mt-6 max-w-3xl">
      <h2 className="section-title">Cycles</h2>
      <p className="text-ink2">
        {count(found)} of {count(triples)} triples are circular by majority of images: each beats the next and
        loses to the one after. They are what the consistency index measures.
      </p>
      <ul className="mt-1.5 columns-2 gap-x-9 phone:columns-1">
        {listed.slice(0, 12).map((triple) => (
          <li key={triple.join()} className="break-inside-avoid border-line border-b py-1 text-ink2">
            {triple.map(name).join(' beats ')} beats {name(triple[0])}
          </li>
        ))}
      </ul>
    </section>
  );
}
