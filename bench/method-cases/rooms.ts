/** Cases that want a dictionary of tasks, on rendered rooms: docs/methods/multi-task.md, meta.md. */
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { SourceRef, TaskId } from '@/lib/science/core';
import { meanLoss } from '@/lib/train/methods/losses';
import { type Bench, type Case, type CaseSettings, type Measured, openRoomsGround, selection } from './bench';

const CACHE = path.join(tmpdir(), 'taskatlas-bench');
const SETTINGS: CaseSettings = { preset: 'tiny', epochs: { source: 8, transfer: 60, scratch: 60 } };
const TAUGHT = [
  'autoencoding',
  'edges-occlusion',
  'z-depth',
  'reshading',
  'keypoints-3d',
  'semantic-segmentation',
];
const HELD_OUT = ['surface-normals', 'room-layout', 'scene-class'];

const testLoss = ({ result }: Measured): number => meanLoss(result.testLosses ?? new Float32Array(0));

/** 100 · (1 − L / L_mean) on the test pool: 0 = the constant predictor, 100 = perfect. */
const skill = async (b: Bench, task: TaskId, run: Measured): Promise<number> =>
  100 * (1 - testLoss(run) / testLoss(await b.mean(task)));

const meanOf = (list: readonly number[]): number => list.reduce((sum, x) => sum + x, 0) / list.length;

/** The readout of a held-out task with few labels from that one of the sources which the selection pool prefers. */
async function bestReadout(
  b: Bench,
  task: TaskId,
  sources: readonly (TaskId | SourceRef)[],
  images: number,
): Promise<number> {
  const runs: Measured[] = [];
  for (const source of sources) runs.push(await b.transfer('readout', [source], {}, { task, images }));
  return await skill(
    b,
    task,
    runs.reduce((x, y) => (selection(y) < selection(x) ? y : x)),
  );
}

/** Joint encoder against the best single one, with so many labels of each held-out task. */
const jointCase =
  (labels: number): Case =>
  async (bench) => {
    const b = bench.on(await openRoomsGround(CACHE), SETTINGS);
    const joint = await b.pretrain('multi-task', {}, TAUGHT);
    const [method, baseline]: [number[], number[]] = [[], []];
    for (const task of HELD_OUT) {
      method.push(await bestReadout(b, task, [joint], labels));
      baseline.push(await bestReadout(b, task, TAUGHT, labels));
      console.log(`  ${task}: ${method.at(-1)?.toFixed(1)} against ${baseline.at(-1)?.toFixed(1)}`);
    }
    return { method: meanOf(method), baseline: meanOf(baseline) };
  };

const STITCHED = ['z-depth', 'semantic-segmentation', 'edges-occlusion'];
const READ = ['reshading', 'keypoints-3d', 'keypoints-2d', 'edges-2d'];

/** Columns with cross-stitch units, whose first is z-depth's, against another encoder. */
const stitchedCase =
  (baselineOf: (b: Bench) => Promise<SourceRef>): Case =>
  async (bench) => {
    const b = bench.on(await openRoomsGround(CACHE), SETTINGS);
    const stitched = await b.pretrain('multi-task', { sharing: 'cross-stitch' }, STITCHED);
    const other = await baselineOf(b);
    const [method, baseline]: [number[], number[]] = [[], []];
    for (const task of READ) {
      const labels = b.ground.spec.pools.transfer;
      method.push(await bestReadout(b, task, [stitched], labels));
      baseline.push(await bestReadout(b, task, [other], labels));
      const single = await bestReadout(b, task, STITCHED, labels);
      const [x, y] = [method, baseline].map((list) => list.at(-1)?.toFixed(1));
      console.log(`  ${task}: ${x} against ${y}; best single encoder ${single.toFixed(1)}`);
    }
    return { method: meanOf(method), baseline: meanOf(baseline) };
  };

const META: CaseSettings = { preset: 'tiny', epochs: { source: 2, transfer: 60, scratch: 60 } };
const SCHOOL = ['edges-occlusion', 'z-depth', 'reshading', 'keypoints-3d'];
const STEPS = 5;
/** Draws of K images that each curve is the mean of. */
const DRAWS = [0, 1, 2, 3];

/** Test losses of the held-out tasks after 0 … 5 steps on 10 images, relative to the constant predictor. */
async function shotCurve(b: Bench, name: string, source: SourceRef | null): Promise<number[]> {
  const curves: number[][] = [];
  for (const task of HELD_OUT) {
    const drawn: number[][] = [];
    for (const draw of DRAWS) drawn.push(await b.adaptation(source, task, { shots: 10, draw, steps: STEPS }));
    const curve = drawn[0]?.map((_, step) => meanOf(drawn.map((one) => one[step] ?? 0))) ?? [];
    console.log(`  ${name}, ${task}: ${curve.map((loss) => loss.toFixed(3)).join(' ')}`);
    curves.push(curve);
  }
  return curves[0]?.map((_, step) => meanOf(curves.map((one) => one[step] ?? 0))) ?? [];
}

export const ROOMS_CASES: Readonly<Record<string, Case>> = {
  'multi-task': jointCase(40),
  'multi-task-200': jointCase(200),
  'cross-stitch': stitchedCase((b) => b.pretrain('multi-task', {}, STITCHED)),
  'cross-stitch-alone': stitchedCase((b) => b.source('z-depth')),
  meta: async (bench) => {
    const b = bench.on(await openRoomsGround(CACHE), META);
    const after = async (name: string, source: SourceRef | null): Promise<number> => {
      const curve = await shotCurve(b, name, source);
      console.log(`  ${name}: ${curve.map((loss) => loss.toFixed(3)).join(' ')}`);
      return 100 * (1 - (curve[STEPS] ?? Number.NaN));
    };
    const options = { 'inner-steps': STEPS };
    const maml = await after('maml', await b.pretrain('meta', options, SCHOOL));
    const joint = await after('multi-task', await b.pretrain('multi-task', {}, SCHOOL));
    for (const algorithm of ['first-order', 'reptile', 'meta-sgd'])
      await after(algorithm, await b.pretrain('meta', { ...options, algorithm }, SCHOOL));
    await after('random', null);
    return { method: maml, baseline: joint };
  },
};
