import {
  createRng,
  type DatasetSpec,
  type PictureKind,
  type PoolName,
  type TaskDeclaration,
} from '@/lib/science/core';
import type { Dataset, LabelBatch } from '@/lib/science/datasets/dataset';

/** A task declaration with the fields that training does not look at filled in. */
const task = (
  part: Pick<TaskDeclaration, 'id' | 'head' | 'loss'> & Partial<TaskDeclaration>,
): TaskDeclaration => ({
  name: part.id,
  summary: 'test task',
  roles: ['source', 'target'],
  family: 'control',
  input: 'rgb',
  metric: { name: 'mean absolute error', unit: '', higherIsBetter: false },
  labelCost: 1,
  version: 1,
  ...part,
});

const accuracy = { name: 'accuracy', unit: '%', higherIsBetter: true };
const iou = { name: 'mean IoU', unit: '%', higherIsBetter: true };

export const SHAPE_TASKS: readonly TaskDeclaration[] = [
  task({ id: 'copy', head: { kind: 'pixels', channels: 3 }, loss: 'l1' }),
  task({ id: 'height', head: { kind: 'pixels', channels: 1 }, loss: 'l2' }),
  task({
    id: 'segments',
    head: { kind: 'pixel-classes', classes: 3 },
    loss: 'balanced-cross-entropy',
    metric: iou,
  }),
  task({
    id: 'hue',
    head: { kind: 'pixel-classes', classes: 4 },
    loss: 'soft-cross-entropy',
    input: 'grey',
    metric: accuracy,
  }),
  task({ id: 'place', head: { kind: 'vector', size: 2 }, loss: 'l2' }),
  task({
    id: 'islands',
    head: { kind: 'pixel-embedding', size: 6 },
    loss: 'metric',
    metric: { name: 'pair accuracy', unit: '%', higherIsBetter: true },
  }),
  task({ id: 'move', head: { kind: 'vector', size: 2 }, loss: 'l2', input: 'pair' }),
  task({ id: 'kind', head: { kind: 'classes', classes: 2 }, loss: 'cross-entropy', metric: accuracy }),
  task({
    id: 'random',
    head: { kind: 'pixels', channels: 3 },
    loss: 'l1',
    roles: ['source'],
    untrained: true,
  }),
];

interface Scene {
  image: Float32Array;
  height: Float32Array;
  segments: Uint8Array;
  hue: Float32Array;
  /** Pixels of the border have no height. */
  mask: Uint8Array;
  place: [number, number];
  /** From the picture to its `shifted` view. */
  move: [number, number];
  kind: number;
}

const shapeTint = (own: boolean): number => (own ? 0.9 : -0.3);

/** One coloured square or bar on a shaded ground: everything about it can be read off the picture. */
function makeScene(seed: number, pool: string, index: number, size: number, shifted = false): Scene {
  const rng = createRng(seed, pool, index);
  const far = rng.child('move');
  const move: [number, number] = [0.5 * far.next() - 0.25, 0.5 * far.next() - 0.25];
  const kind = rng.int(2);
  const [x0, y0] = [0.25 + 0.5 * rng.next(), 0.25 + 0.5 * rng.next()];
  const [cx, cy] = shifted ? [x0 + move[0], y0 + move[1]] : [x0, y0];
  const [w, h] = kind === 0 ? [0.2, 0.2] : [0.08, 0.4];
  const colour = rng.int(4);
  const slope = rng.next() - 0.5;
  const scene: Scene = {
    image: new Float32Array(size * size * 3),
    height: new Float32Array(size * size),
    segments: new Uint8Array(size * size),
    hue: new Float32Array(size * size * 4),
    mask: new Uint8Array(size * size),
    place: [cx - 0.5, cy - 0.5],
    move,
    kind,
  };
  for (let p = 0; p < size * size; p++) {
    const [x, y] = [((p % size) + 0.5) / size, (Math.floor(p / size) + 0.5) / size];
    const inside = Math.abs(x - cx) < w && Math.abs(y - cy) < h;
    const ground = slope * (x - 0.5) + 0.1 * rng.normal();
    scene.height[p] = inside ? 1 : slope * (x - 0.5);
    scene.segments[p] = inside ? 2 : y > 0.5 ? 1 : 0;
    scene.mask[p] = x > 0.1 && x < 0.9 ? 1 : 0;
    const shade = y > 0.5 ? -0.4 : 0.2;
    for (let c = 0; c < 3; c++) {
      const tint = inside ? shapeTint(colour === c) : shade;
      scene.image[p * 3 + c] = Math.max(-1, Math.min(1, tint + ground));
    }
    scene.hue[p * 4 + (inside ? colour : 3)] = 1;
  }
  return scene;
}

const floatsBy = (indices: ArrayLike<number>, each: (index: number) => ArrayLike<number>): Float32Array => {
  const parts = Array.from(indices, each);
  const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
};

function labelsOf(
  scene: (index: number) => Scene,
  id: string,
  indices: ArrayLike<number>,
  size: number,
): LabelBatch {
  const all = (shape: number[], each: (index: number) => ArrayLike<number>): LabelBatch => ({
    values: floatsBy(indices, each),
    shape,
    mask: null,
  });
  switch (id) {
    case 'height':
      return {
        ...all([size, size, 1], (i) => scene(i).height),
        // Every tenth image has no label at all.
        mask: Uint8Array.from(
          floatsBy(indices, (i) => (i % 10 === 9 ? new Uint8Array(size * size) : scene(i).mask)),
        ),
      };
    case 'segments':
    case 'islands':
      return all([size, size], (i) => scene(i).segments);
    case 'hue':
      return all([size, size, 4], (i) => scene(i).hue);
    case 'place':
      return all([2], (i) => scene(i).place);
    case 'move':
      return all([2], (i) => scene(i).move.map((x) => 4 * x));
    case 'kind':
      return all([], (i) => [scene(i).kind]);
    default:
      return all([size, size, 3], (i) => scene(i).image);
  }
}

/** A tiny data set for tests of training: one shape on a ground, every head and loss among its tasks. */
export function createShapesDataset(
  pools = { source: 48, transfer: 24, selection: 16, test: 20 },
  size = 16,
  seed = 1,
): Dataset {
  const spec: DatasetSpec = { kind: 'rooms', version: 0, seed, size, pools };
  const made = new Map<string, Scene>();
  const sceneOf =
    (pool: PoolName, shifted = false) =>
    (index: number): Scene => {
      const key = `${pool} ${index} ${shifted}`;
      const scene = made.get(key) ?? makeScene(seed, pool, index, size, shifted);
      made.set(key, scene);
      return scene;
    };
  return {
    spec,
    id: `shapes-${seed}-${size}`,
    size,
    tasks: SHAPE_TASKS,
    count: (pool) => pools[pool],
    scenes: (pool) => Int32Array.from({ length: pools[pool] }, (_, i) => i),
    inputs: (pool: PoolName, kind: PictureKind, indices) =>
      floatsBy(indices, (i) => {
        const { image } = sceneOf(pool, kind === 'shifted')(i);
        if (kind !== 'grey') return image;
        return image.map((_, j) => {
          const at = j - (j % 3);
          const [r = 0, g = 0, b = 0] = image.subarray(at, at + 3);
          return 0.299 * r + 0.587 * g + 0.114 * b;
        });
      }),
    labels: (pool, id, indices) => labelsOf(sceneOf(pool), id, indices, size),
  };
}
