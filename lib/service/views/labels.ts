import {
  type CandidateResult,
  type SizePoint,
  type TargetAnalysis,
  TaskatlasError,
  type TaskId,
} from '@/lib/science/core';
import { sizesServed, transferSizesOf } from '../contracts';
import type { SweepData } from './model';
import { counted, listWords } from './numbers';

/** Which measured number of labels answers for the one that was asked for. */
export interface LabelsAnswer {
  asked: number;
  /** The measured number of labels that the answer speaks of. */
  answered: number;
  measured: number[];
  /** How the two stand to each other. */
  match: 'exact' | 'between' | 'below' | 'above';
  words: string;
}

const labels = (sizes: readonly number[]): string => listWords(sizes.map(String));

/**
 * The measured number of labels that answers for `asked`: itself; between two, the lower one; outside of them, the nearest.
 * @param measured ascending, at least one
 */
export function answerFor(measured: number[], asked: number): LabelsAnswer {
  const below = measured.filter((size) => size <= asked).at(-1);
  const above = measured.find((size) => size >= asked);
  const answered = below ?? above ?? asked;
  const rest = { asked, answered, measured };
  if (below === above) return { ...rest, match: 'exact', words: `Measured with ${counted(asked, 'label')}.` };
  if (below !== undefined && above !== undefined)
    return {
      ...rest,
      match: 'between',
      words: `${counted(asked, 'label')} were not measured; ${below} and ${above} were. This is the answer for ${below}.`,
    };
  const side = below === undefined ? 'fewer' : 'more';
  return {
    ...rest,
    match: below === undefined ? 'below' : 'above',
    words: `${counted(asked, 'label')} are ${side} than any that were measured (${labels(measured)}). This is the answer for ${answered}; with ${asked} it may be another.`,
  };
}

/** A sweep's sizes; an import that does not name its transfer set has none. */
const sizesOf = ({ spec }: SweepData['sweep']): number[] => transferSizesOf(spec).filter((size) => size > 0);

/** Numbers of labels with which something of a target is measured, ascending. */
function measuredLabels({ sweep, analyses }: SweepData, target: TaskId): number[] {
  const analysis = analyses.find((a) => a.target === target);
  const main = analysis ? sizesOf(sweep).slice(-1) : [];
  const points = analysis?.sizes?.points.map(({ images }) => images) ?? [];
  return [...new Set([...points, ...main])].sort((a, b) => a - b);
}

/** @throws TaskatlasError `conflict` where nothing is measured, `invalid-input` where an import does not name its labels */
export function labelsAnswer(data: SweepData, target: TaskId, asked: number): LabelsAnswer {
  const measured = measuredLabels(data, target);
  if (measured.length > 0) return answerFor(measured, asked);
  if (data.sweep.origin === 'imported')
    throw new TaskatlasError(
      'invalid-input',
      'This import does not say with how many labels its transfers were trained: leave `labels` out.',
      { issues: [{ path: 'labels', message: 'not known of this import' }] },
    );
  throw new TaskatlasError('conflict', `Nothing is measured for ${target} yet, with any number of labels.`);
}

/** Candidates and references measured with so many labels; those of the tournament at its own size. */
export function measuredAt(
  analysis: TargetAnalysis | undefined,
  images: number,
  main: number,
): readonly SizePoint[] {
  if (images === main) return analysis?.candidates ?? [];
  return analysis?.sizes?.points.find((point) => point.images === images)?.candidates ?? [];
}

/** A candidate at a smaller transfer set: there is no tournament of it, so no affinity and no P(best). */
const asCandidate = (point: SizePoint): CandidateResult => ({
  ...point,
  affinity: null,
  bradleyTerry: null,
  probabilityBest: null,
  inTieSet: false,
});

/**
 * The sweep as if it had been run with so many labels only: one target's candidates, references and runs at that size.
 * The sweep itself where it is the main size.
 */
export function atLabels(data: SweepData, target: TaskId, images: number): SweepData {
  const sizes = sizesOf(data.sweep);
  const analysis = data.analyses.find((a) => a.target === target);
  const point = analysis?.sizes?.points.find((p) => p.images === images);
  if (!analysis || !point || images === sizes.at(-1)) return data;
  const scratch = point.candidates.find((c) => c.kind === 'scratch');
  const { standings: _, candidateTieRates: __, ...rest } = analysis;
  return {
    ...data,
    sweep: { ...data.sweep, spec: { ...data.sweep.spec, transferSizes: [images] } },
    runs: data.runs.filter(
      ({ recipe }) =>
        (recipe.kind !== 'transfer' && recipe.kind !== 'scratch') ||
        sizesServed(recipe, sizes).includes(images),
    ),
    analyses: [
      {
        ...rest,
        candidates: point.candidates.map(asCandidate),
        tournamentKeys: [],
        winRates: [],
        tieRate: Number.NaN,
        lambdaMax: Number.NaN,
        consistencyIndex: Number.NaN,
        validity: { ...analysis.validity, scratchSkill: scratch?.skill ?? null, signalToNoise: null },
      },
    ],
  };
}
