import { createHash } from 'node:crypto';
import type { CurvePoint, Recipe, RunResult, SampleImage } from '@/lib/science/core';
import { smallPicture } from '@/lib/science/datasets';
import {
  type BundledPictures,
  type BundledRun,
  PICTURE_BYTES,
  PICTURES_BYTES,
  type SweepSpec,
} from '../contracts';
import type { ImportedRun, Store, StoredRun } from '../ports';

/** Points of a curve that are kept, the first, the last and the best among them. */
const CURVE_POINTS = 16;
/** Test images that a bundle shows. */
const IMAGES = 2;

/** Runs as the bundle lists them, and what the test images show, target by target. */
export interface BundledRuns {
  runs: BundledRun[];
  pictures: BundledPictures[];
}

type Picture = BundledRun['answers'][number];

/** Four digits are more than a chart shows. */
const rounded = (x: number | null): number | null =>
  x === null || !Number.isFinite(x) ? null : Number(x.toPrecision(4));

/** About `CURVE_POINTS` points, evenly spread, with the one whose weights were kept. */
export function thinCurve(curve: readonly CurvePoint[]): BundledRun['curve'] {
  const losses = curve.map(({ selectionLoss }) => selectionLoss ?? Number.POSITIVE_INFINITY);
  const best = losses.indexOf(Math.min(...losses));
  const every = Math.max(1, Math.ceil((curve.length - 1) / (CURVE_POINTS - 1)));
  return curve
    .filter((_, i) => i % every === 0 || i === best || i === curve.length - 1)
    .map((p) => [p.step, Number(p.epoch.toPrecision(4)), rounded(p.trainLoss), rounded(p.selectionLoss)]);
}

/** A recipe as a bundle has it; null for runs that it leaves out. */
function bundledRecipe(recipe: Recipe, places: ReadonlyMap<string, number>): BundledRun['recipe'] | null {
  if (recipe.kind !== 'source' && recipe.kind !== 'scratch' && recipe.kind !== 'transfer') return null;
  const { version, task, preset, training, seed } = recipe;
  const trained = { version, task, preset, training, seed };
  if (recipe.kind === 'source') return recipe.external ? null : { kind: 'source', ...trained };
  if (recipe.kind === 'scratch') return { kind: 'scratch', ...trained, images: recipe.images };
  if (recipe.method !== 'readout' || recipe.options || recipe.members) return null;
  const sources = recipe.sources.map((source) => ({
    task: source.task,
    run: places.get(source.fingerprint) ?? -1,
  }));
  if (sources.length === 0 || sources.some(({ run }) => run < 0)) return null;
  return { kind: 'transfer', ...trained, method: 'readout', sources, images: recipe.images };
}

async function small(samples: readonly SampleImage[], role: SampleImage['role']): Promise<Picture[]> {
  const pictures: Picture[] = [];
  for (const { index, png } of samples.filter((sample) => sample.role === role).slice(0, IMAGES)) {
    const bytes = await smallPicture(png);
    if (bytes.length <= PICTURE_BYTES) pictures.push({ index, png: Buffer.from(bytes).toString('base64') });
  }
  return pictures;
}

/** Pictures are for the runs of the first seed that a page shows one by one. */
const isShown = ({ recipe }: BundledRun, seed: number): boolean =>
  recipe.seed === seed && (recipe.kind !== 'transfer' || recipe.sources.length === 1);

/** Leaves out the second image of all runs, then the first, until the pictures fit. */
function fitted(found: BundledRuns): BundledRuns {
  for (let images = IMAGES; images >= 0; images--) {
    const runs = found.runs.map((run) => ({ ...run, answers: run.answers.slice(0, images) }));
    const pictures = found.pictures.map(({ task, inputs, truths }) => ({
      task,
      inputs: inputs.slice(0, images),
      truths: truths.slice(0, images),
    }));
    const all = [...runs.map((run) => run.answers), ...pictures.flatMap((p) => [p.inputs, p.truths])].flat();
    if (all.reduce((bytes, { png }) => bytes + png.length, 0) <= PICTURES_BYTES) return { runs, pictures };
  }
  return found;
}

/** The finished networks, scratch runs and plain transfers of a sweep: curves thinned, a few answers as small pictures. */
export async function bundleRuns(
  store: Pick<Store, 'result'>,
  stored: readonly StoredRun[],
): Promise<BundledRuns> {
  const order = { source: 0, scratch: 1, transfer: 2 };
  const done = stored
    .filter(({ kind, state }) => state === 'done' && kind in order)
    .sort((a, b) => order[a.kind as keyof typeof order] - order[b.kind as keyof typeof order]);
  const places = new Map<string, number>();
  const found: BundledRuns = { runs: [], pictures: [] };
  const seed = Math.min(...done.map(({ recipe }) => ('seed' in recipe ? recipe.seed : 0)));
  for (const run of done) {
    const recipe = bundledRecipe(run.recipe, places);
    const result = recipe && (await store.result(run.fingerprint));
    if (!recipe || !result) continue;
    places.set(run.fingerprint, found.runs.length);
    const { metric, cost, curve, samples } = result;
    const bundled = {
      ...{ recipe, backend: run.backend ?? 'unknown', metric: rounded(metric), cost },
      curve: thinCurve(curve),
      answers: [] as Picture[],
    };
    if (isShown(bundled, seed)) {
      bundled.answers = await small(samples, 'prediction');
      if (!found.pictures.some(({ task }) => task === recipe.task)) {
        const [inputs, truths] = [await small(samples, 'input'), await small(samples, 'truth')];
        if (truths.length > 0) found.pictures.push({ task: recipe.task, inputs, truths });
      }
    }
    found.runs.push(bundled);
  }
  return fitted(found);
}

const bytesOf = ({ index, png }: Picture, role: SampleImage['role']): SampleImage => ({
  index,
  role,
  png: new Uint8Array(Buffer.from(png, 'base64')),
});

/** @param id of the imported sweep, which the runs' names are made of */
export function runsOfBundle({ runs, pictures }: BundledRuns, spec: SweepSpec, id: string): ImportedRun[] {
  const nameOf = (place: number): string => createHash('sha256').update(`${id} run ${place}`).digest('hex');
  const dataset = { ...spec.dataset, version: 1 };
  return runs.map(({ recipe, backend, metric, cost, curve, answers }, place) => {
    const shown = answers.length > 0 ? pictures.find(({ task }) => task === recipe.task) : undefined;
    const own =
      recipe.kind === 'transfer'
        ? { sources: recipe.sources.map(({ task, run }) => ({ task, fingerprint: nameOf(run) })) }
        : {};
    const result: RunResult = {
      testLosses: null,
      metric,
      cost,
      curve: curve.map(([step, epoch, trainLoss, selectionLoss]) => ({
        ...{ step, epoch, trainLoss, selectionLoss },
      })),
      samples: [
        ...(shown?.inputs ?? []).map((picture) => bytesOf(picture, 'input')),
        ...(shown?.truths ?? []).map((picture) => bytesOf(picture, 'truth')),
        ...answers.map((picture) => bytesOf(picture, 'prediction')),
      ],
      artifacts: [],
    };
    return {
      fingerprint: nameOf(place),
      recipe: { ...recipe, ...own, dataset } as unknown as Recipe,
      priority: place,
      estimatedFlops: cost.flops,
      backend,
      result,
      target: recipe.task,
    };
  });
}
