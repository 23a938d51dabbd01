'use client';

import Link from 'next/link';
import { sweepPath } from '@/app/_lib/api';
import { count, interval, loss, share, signed } from '@/app/_lib/format';
import { useApi } from '@/app/_lib/use-api';
import { useUrlState } from '@/app/_lib/use-url-state';
import { type ValidityRow, type ValidityView, validityView } from '@/lib/service/contracts';
import { csvText } from '@/lib/service/views/csv';
import { Figure, Figures } from '../ui/figure';
import { PageBody } from '../ui/page-body';
import { SortHead, sortRows } from '../ui/sort-head';
import { Empty } from '../ui/status';
import { EvidenceHead } from './evidence-head';

const COLUMNS = {
  name: (t: ValidityRow) => t.name,
  mean: (t: ValidityRow) => t.losses.mean,
  scratch: (t: ValidityRow) => t.scratchSkill,
  skill: (t: ValidityRow) => t.goldSkill?.value ?? null,
  noise: (t: ValidityRow) => relativeNoise(t),
  ratio: (t: ValidityRow) => t.signalToNoise,
  split: (t: ValidityRow) => t.splitHalf,
  seeds: (t: ValidityRow) => t.betweenSeeds,
} as const;

/** Reasons that every target has: said once above the table instead of in each row. */
function sharedReasons(targets: readonly ValidityRow[]): readonly string[] {
  const [first, ...rest] = targets;
  if (first === undefined || rest.length === 0) return [];
  return first.reasons.filter((reason) => rest.every((t) => t.reasons.includes(reason)));
}

/** Seed noise as a share of the scratch network's loss. */
const relativeNoise = (t: ValidityRow): number | null =>
  t.seedNoise === null || !t.losses.scratch ? null : t.seedNoise / t.losses.scratch;

const orDash = (value: number | null, text: (x: number) => string): string =>
  value === null ? '–' : text(value);

function csv(view: ValidityView): string {
  const head = [
    'target',
    'kept',
    'mean_loss',
    'scratch_loss',
    'gold_loss',
    'scratch_skill',
    'gold_skill',
    'gold_skill_low',
    'gold_skill_high',
    'seed_noise',
    'source_spread',
    'signal_to_noise',
    'split_half',
    'between_seeds',
    'reasons',
  ];
  const lines = view.targets.map((t) => [
    t.target,
    t.kept ? 1 : 0,
    t.losses.mean,
    t.losses.scratch,
    t.losses.gold,
    t.scratchSkill,
    t.goldSkill?.value ?? null,
    t.goldSkill?.low ?? null,
    t.goldSkill?.high ?? null,
    t.seedNoise,
    t.sourceSpread,
    t.signalToNoise,
    t.splitHalf,
    t.betweenSeeds,
    t.reasons.join('; '),
  ]);
  return csvText([head, ...lines]);
}

/** Whether a sweep's results mean anything, before anybody reads its matrix. */
export function ValidityPage({ id }: { id: string }) {
  const state = useApi(sweepPath(id, '/validity'), validityView);
  const view = state.data;
  const base = `/sweeps/${encodeURIComponent(id)}`;
  return (
    <>
      <EvidenceHead
        id={id}
        trail={[{ label: 'Validity' }]}
        title="Can these results be trusted?"
        finding={view?.finding}
        export={
          view === undefined ? null : { suffix: 'validity.csv', type: 'text/csv', text: () => csv(view) }
        }
      />
      <PageBody state={state} what="the checks">
        {(v) =>
          v.targets.length === 0 ? (
            <Empty title="No targets">This sweep has no task that can be a target.</Empty>
          ) : (
            <>
              <Reliability view={v} />
              <Checks view={v} base={base} />
              <Rules view={v} />
            </>
          )
        }
      </PageBody>
    </>
  );
}

function Reliability({ view }: { view: ValidityView }) {
  const kept = view.targets.filter((t) => t.kept && t.testImages > 0).length;
  const measured = view.targets.filter((t) => t.testImages > 0).length;
  const { splitHalf, betweenSeeds } = view;
  const seeds = Math.max(0, ...view.targets.map((t) => t.seeds));
  const of = (n: number): string => `over ${n} ${n === 1 ? 'target' : 'targets'}`;
  return (
    <Figures>
      <Figure
        label="Targets kept"
        value={kept}
        note={`of ${measured} measured, ${view.targets.length} in all`}
      />
      <Figure
        label="Other test images"
        value={orDash(splitHalf.full, share)}
        note={
          splitHalf.halves === null
            ? 'not computed for this sweep'
            : `reliability; halves correlate ${share(splitHalf.halves)} ${of(splitHalf.targets)}`
        }
      />
      <Figure
        label="Other seeds"
        value={orDash(betweenSeeds.full, share)}
        note={
          betweenSeeds.halves === null
            ? seeds > 1
              ? 'not computed for this sweep'
              : 'needs two seeds of every source'
            : `reliability; halves correlate ${share(betweenSeeds.halves)} ${of(betweenSeeds.targets)}`
        }
      />
    </Figures>
  );
}

function Checks({ view, base }: { view: ValidityView; base: string }) {
  const { query, set } = useUrlState();
  const head = { query, set };
  const rows = sortRows(view.targets, COLUMNS, query, 'skill');
  const said = sharedReasons(view.targets);
  return (
    <section aria-label="Checks by target" className="relative mt-2 overflow-x-auto">
      {said.length > 0 && <p className="mb-2 text-ink2">Every target: {said.join('; ')}.</p>}
      <table className="table" aria-label="Validity of each target">
        <thead>
          <tr>
            <SortHead {...head} id="name" label="Target" />
            <th scope="col" className="w-[236px]">
              Skill over the mean predictor
            </th>
            <SortHead {...head} id="skill" label="Own network" number />
            <SortHead {...head} id="scratch" label="Scratch" number />
            <SortHead {...head} id="mean" label="Mean loss" number />
            <SortHead {...head} id="noise" label="Seed noise" number />
            <SortHead {...head} id="ratio" label="Signal to noise" number />
            <SortHead {...head} id="split" label="Split half" number />
            <SortHead {...head} id="seeds" label="Seeds" number />
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Line
              key={row.target}
              row={row}
              reasons={row.reasons.filter((reason) => !said.includes(reason))}
              view={view}
              base={base}
            />
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface LineProps {
  row: ValidityRow;
  /** What only some targets have. */
  reasons: readonly string[];
  view: ValidityView;
  base: string;
}

function Line({ row, reasons, view, base }: LineProps) {
  const grey = row.signalToNoise !== null && row.signalToNoise < view.minimumSignalToNoise;
  const noise = relativeNoise(row);
  return (
    <tr className={row.kept ? '' : 'text-ink3'}>
      <td className="max-w-[260px]">
        <Link className="link" href={`${base}/targets/${encodeURIComponent(row.target)}`}>
          {row.name}
        </Link>
        {!row.kept && <span className="ml-2 text-label text-worse">excluded</span>}
        {row.testImages === 0 && row.kept && <span className="ml-2 text-ink3 text-label">not measured</span>}
        {reasons.length > 0 && (
          <span className={`block whitespace-normal text-label ${row.kept ? 'text-ink3' : 'text-worse'}`}>
            {reasons.join('; ')}
          </span>
        )}
      </td>
      <td>
        <SkillPlot row={row} minimum={view.minimumSkill} />
      </td>
      <td className="text-right">
        {orDash(row.goldSkill?.value ?? null, share)}
        <span className="block text-ink3 text-tick">{interval(row.goldSkill, share) ?? ''}</span>
      </td>
      <td className="text-right">{orDash(row.scratchSkill, share)}</td>
      <td className="text-right">{orDash(row.losses.mean, loss)}</td>
      <td className="text-right">{noise === null ? '–' : `${signed(noise * 100, 1)} %`}</td>
      <td className={`text-right ${grey ? 'text-worse' : ''}`}>
        {orDash(row.signalToNoise, (x) => (x >= 100 ? count(Math.round(x)) : signed(x, 1)))}
      </td>
      <td className="text-right">{orDash(row.splitHalf, share)}</td>
      <td className="text-right">{orDash(row.betweenSeeds, share)}</td>
    </tr>
  );
}

const WIDTH = 220;
const x = (skill: number): number => 6 + Math.min(1, Math.max(-0.2, skill) / 1.2 + 0.2 / 1.2) * (WIDTH - 12);

/** Own network (filled, with interval) and scratch (hollow) on one line; left of the mark a target is excluded. */
function SkillPlot({ row, minimum }: { row: ValidityRow; minimum: number }) {
  const gold = row.goldSkill;
  if (gold === null) return <span className="text-ink3 text-label">not known</span>;
  const colour = row.kept ? 'var(--accent)' : 'var(--worse)';
  return (
    <svg width={WIDTH} height="20" viewBox={`0 0 ${WIDTH} 20`} aria-hidden="true">
      <rect x="0" y="2" width={x(minimum)} height="16" fill="var(--worse-soft)" />
      <line x1="0" x2={WIDTH} y1="10" y2="10" stroke="var(--line2)" />
      <line x1={x(0)} x2={x(0)} y1="1" y2="19" stroke="var(--ink)" strokeDasharray="2 2" />
      <line x1={x(minimum)} x2={x(minimum)} y1="2" y2="18" stroke="var(--worse)" />
      {gold.low !== null && gold.high !== null && (
        <line
          x1={x(gold.low)}
          x2={x(gold.high)}
          y1="10"
          y2="10"
          stroke={colour}
          strokeWidth="3"
          opacity="0.45"
        />
      )}
      {row.scratchSkill !== null && (
        <circle
          cx={x(row.scratchSkill)}
          cy="10"
          r="4"
          fill="var(--paper)"
          stroke="var(--ink2)"
          strokeWidth="1.6"
        />
      )}
      <circle cx={x(gold.value)} cy="10" r="4.6" fill={colour} />
    </svg>
  );
}

function Rules({ view }: { view: ValidityView }) {
  return (
    <dl className="mt-5 grid grid-cols-3 gap-x-9 gap-y-4 text-ink2 max-[1080px]:grid-cols-1">
      <div>
        <dt className="section-title text-ink">What is excluded</dt>
        <dd>
          A target whose own network (filled dot) has a skill below {share(view.minimumSkill)} over the mean
          predictor (dotted line), whose interval reaches 0, or that loses to training from scratch (ring).
          Skill is 1 − loss / loss of the mean predictor. Excluded targets take no part in policies, tree and
          findings.
        </dd>
      </div>
      <div>
        <dt className="section-title text-ink">Signal and noise</dt>
        <dd>
          Seed noise is the deviation of a transfer’s mean loss between seeds, as a share of the scratch loss.
          Signal to noise is the variance between sources over that between seeds: below{' '}
          {view.minimumSignalToNoise} the order is not clear of chance.
        </dd>
      </div>
      <div>
        <dt className="section-title text-ink">Reliability</dt>
        <dd>
          Sources are ranked by affinity on one half and on the other, and the ranks are correlated
          (Spearman). Halves of the test scenes say whether there are enough images; halves of the seeds say
          whether a new training would repeat the order. The whole is estimated by Spearman–Brown, 2r / (1 +
          r).
        </dd>
      </div>
    </dl>
  );
}
