import { CLIP } from '@/lib/science/affinity';
import { picturesOf, type RunKind, type TaskId } from '@/lib/science/core';
import type { GalleryView, TournamentView } from '../contracts';
import { completeness } from './cells';
import { methodOfCandidate, type SweepData, targetsOf } from './model';
import { finite, sound } from './numbers';
import { standingOf } from './standing';
import { flatRates, tournamentNumbers, triplesOf } from './tournament-numbers';

/** Cycles listed at most. */
const CYCLES_LISTED = 100;

/** The tournament of one target, step by step; empty, and preliminary, before there is an analysis. */
export function tournamentView(data: SweepData, target: TaskId): TournamentView {
  const analysis = data.analyses.find((a) => a.target === target);
  const standing = standingOf(data.sweep, analysis, completeness(data)(target), {
    maxOrder: Number.POSITIVE_INFINITY,
  });
  const keys = [...(analysis?.tournamentKeys ?? [])];
  const n = keys.length;
  const rates = flatRates(analysis);
  const numbers = rates === null ? null : tournamentNumbers(rates, n);
  const key = (i: number): string => keys[i] ?? '';
  return {
    sweepId: data.sweep.id,
    target,
    preliminary: analysis?.preliminary ?? true,
    testImages: analysis?.testImages ?? 0,
    tieRate: rates === null ? null : finite(analysis?.tieRate),
    clip: [CLIP, 1 - CLIP],
    clippedPairs: numbers?.clippedPairs ?? 0,
    pairs: n === 0 ? 0 : (n * (n - 1)) / 2,
    lambdaMax: finite(analysis?.lambdaMax),
    consistencyIndex: finite(analysis?.consistencyIndex),
    consistencyRatio: finite(numbers?.consistencyRatio),
    secondEigenvalue: finite(numbers?.secondEigenvalue),
    keys,
    winRates: (analysis?.winRates ?? []).map((row) => row.map(finite)),
    odds: (numbers?.odds ?? []).map((row) => row.map(finite)),
    intransitive: {
      count: numbers?.cycles.length ?? 0,
      triples: numbers === null ? 0 : triplesOf(n),
      listed: (numbers?.cycles ?? []).slice(0, CYCLES_LISTED).map(([i, j, k]) => [key(i), key(j), key(k)]),
    },
    set: standing.set,
    candidates: (analysis?.candidates ?? []).map((c) => {
      const at = keys.indexOf(c.key);
      const line = standing.line(c.key);
      return {
        key: c.key,
        kind: c.kind,
        method: c.kind === 'transfer' || c.kind === 'retransfer' ? methodOfCandidate(c) : null,
        sources: [...c.sources],
        seeds: c.seeds,
        meanLoss: finite(c.meanLoss),
        skill: finite(c.skill),
        affinity: line ? line.affinity : standing.share(c.affinity),
        gain: sound(c.gain),
        quality: sound(c.quality),
        effect: sound(c.logLossRatio),
        bradleyTerry: finite(c.bradleyTerry),
        geometricMean: finite(numbers?.geometricMean[at]),
        affinityClipped: finite(numbers?.wideClip[at]),
        tieRate: finite(analysis?.candidateTieRates?.[at]),
        probabilityBest: line?.probabilityBest ?? null,
        tied: line?.tied ?? false,
        helps: line?.helps ?? 'unknown',
      };
    }),
  };
}

/** A sample that can be fetched. */
interface ListedSample {
  index: number;
  role: string;
}

/** The runs whose samples show what a task is: one finished task-specific network per target. */
export function galleryRuns(data: SweepData): { task: TaskId; fingerprint: string }[] {
  const kind: RunKind = 'source';
  return targetsOf(data.sweep).flatMap(({ id }) => {
    const run = data.runs.find((r) => r.recipe.kind === kind && r.recipe.task === id && r.state === 'done');
    return run ? [{ task: id, fingerprint: run.fingerprint }] : [];
  });
}

/** Every task on the same image; images that most tasks kept come first. */
export function galleryView(
  data: SweepData,
  kept: readonly { task: TaskId; fingerprint: string; samples: readonly ListedSample[] }[],
  sampleUrl: (fingerprint: string, index: number, role: string) => string,
): GalleryView {
  const pictures = new Map(data.sweep.tasks.map((task) => [task.id, picturesOf(task.input).length]));
  const indices = [...new Set(kept.flatMap(({ samples }) => samples.map((s) => s.index)))];
  const images = indices.map((index) => ({
    index,
    tasks: kept.flatMap(({ task, fingerprint, samples }) => {
      const url = (role: string): string | null =>
        samples.some((s) => s.index === index && s.role === role)
          ? sampleUrl(fingerprint, index, role)
          : null;
      const shown = {
        task,
        pictures: pictures.get(task) ?? 1,
        input: url('input'),
        truth: url('truth'),
        prediction: url('prediction'),
      };
      return shown.truth === null && shown.prediction === null ? [] : [shown];
    }),
  }));
  images.sort((a, b) => b.tasks.length - a.tasks.length || a.index - b.index);
  return { sweepId: data.sweep.id, images };
}
