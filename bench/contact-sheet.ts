/**
 * Contact sheets of the data set `rooms`, into docs/images:
 *   rooms.png        pictures as the networks see them (64 × 64)
 *   rooms-large.png  the same renderer at 256 × 256
 *   tasks.png        the labels of every task for the same pictures, one column each
 * Run: npx tsx bench/contact-sheet.ts [folder]
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { type PictureKind, picturesOf, type TaskDeclaration } from '@/lib/science/core';
import { type Dataset, openRooms, ROOMS_VERSION } from '@/lib/science/datasets';
import { renderRoom } from '@/lib/science/datasets/rooms/render';

type Colour = readonly [number, number, number];

const SEED = 2026;
const SIZE = 64;
const GAP = 4;

const VIRIDIS: readonly Colour[] = [
  [68, 1, 84],
  [59, 82, 139],
  [33, 145, 140],
  [94, 201, 98],
  [253, 231, 37],
];

const PALETTE: readonly Colour[] = [
  [190, 190, 180],
  [150, 115, 80],
  [225, 230, 240],
  [90, 160, 220],
  [240, 180, 70],
  [190, 90, 140],
  [170, 90, 50],
  [230, 110, 60],
  [110, 80, 180],
  [200, 60, 80],
  [60, 110, 110],
  [250, 230, 90],
  [70, 160, 70],
];

function viridis(t: number): Colour {
  const x = Math.min(3.999, Math.max(0, t * 4));
  const i = Math.floor(x);
  const [a, b] = [VIRIDIS[i] as Colour, VIRIDIS[i + 1] as Colour];
  const f = x - i;
  return [a[0] + (b[0] - a[0]) * f, a[1] + (b[1] - a[1]) * f, a[2] + (b[2] - a[2]) * f];
}

interface Sheet {
  png: PNG;
  put(column: number, row: number, size: number, colour: (x: number, y: number) => Colour): void;
}

function sheet(columns: number, rows: number, size: number): Sheet {
  const cell = size + GAP;
  const png = new PNG({ width: columns * cell + GAP, height: rows * cell + GAP });
  png.data.fill(255);
  return {
    png,
    put: (column, row, side, colour) => {
      for (let y = 0; y < side; y++) {
        for (let x = 0; x < side; x++) {
          const at = ((GAP + row * cell + y) * png.width + GAP + column * cell + x) * 4;
          colour(x, y).forEach((v, c) => {
            png.data[at + c] = Math.round(Math.min(255, Math.max(0, v)));
          });
        }
      }
    },
  };
}

const save = (path: string, { png }: Sheet): void => {
  const bytes = PNG.sync.write(png, { colorType: 2, deflateLevel: 9 });
  writeFileSync(path, bytes);
  console.log(`${path}  ${png.width} × ${png.height}  ${Math.round(bytes.length / 1024)} KB`);
};

const bytesAt =
  (rgb: Uint8Array, size: number) =>
  (x: number, y: number): Colour => {
    const at = (y * size + x) * 3;
    return [rgb[at] as number, rgb[at + 1] as number, rgb[at + 2] as number];
  };

function pictures(path: string, columns: number, rows: number, size: number, first: number): void {
  const out = sheet(columns, rows, size);
  for (let i = 0; i < columns * rows; i++) {
    const frame = renderRoom(SEED, first + i, 0, size);
    out.put(i % columns, Math.floor(i / columns), size, bytesAt(frame.rgb, size));
  }
  save(path, out);
}

/** How a label looks: pictures and maps as such, class maps in colours, vectors and classes as bars. */
function labelColour(data: Dataset, task: TaskDeclaration, index: number): (x: number, y: number) => Colour {
  const { values, shape, mask } = data.labels('test', task.id, [index]);
  const value = (x: number, y: number, c: number, channels: number): number =>
    values[(y * SIZE + x) * channels + c] as number;
  const known = (x: number, y: number): boolean => !mask || mask[y * SIZE + x] === 1;
  if (task.head.kind === 'pixels' && task.head.channels === 3) {
    return (x, y) => {
      const shade = known(x, y) ? 127.5 : 40;
      return [0, 1, 2].map((c) => (value(x, y, c, 3) + 1) * shade) as unknown as Colour;
    };
  }
  if (task.head.kind === 'pixels') {
    const { channels } = task.head;
    return (x, y) => viridis((value(x, y, 0, channels) + 2) / 4.5);
  }
  if (task.head.kind === 'pixel-embedding') {
    return (x, y) => PALETTE[value(x, y, 0, 1) % PALETTE.length] ?? [0, 0, 0];
  }
  if (task.head.kind === 'pixel-classes') {
    return (x, y) => {
      if (!known(x, y)) return [0, 0, 0];
      const id = value(x, y, 0, 1);
      return PALETTE[id] ?? viridis((id % 37) / 37);
    };
  }
  const bars =
    shape.length > 0
      ? Array.from(values, (v) => (task.head.kind === 'vector' ? (v + 2.5) / 5 : v))
      : Array.from({ length: task.head.kind === 'classes' ? task.head.classes : 1 }, (_, i) =>
          i === values[0] ? 1 : 0.04,
        );
  return (x, y) => {
    const bar = Math.floor((x * bars.length) / SIZE);
    const tall = Math.min(1, Math.max(0, bars[bar] ?? 0)) * (SIZE - 4);
    return SIZE - y <= tall ? [70, 90, 130] : [238, 238, 234];
  };
}

function inputColour(data: Dataset, picture: PictureKind, index: number): (x: number, y: number) => Colour {
  const values = data.inputs('test', picture, [index]);
  return (x, y) => {
    const at = (y * SIZE + x) * 3;
    return [0, 1, 2].map((c) => ((values[at + c] as number) + 1) * 127.5) as unknown as Colour;
  };
}

/** Rows: pictures. Columns: every task's label; the pictures that it sees beside the image itself come before it. */
function tasks(path: string, count: number): void {
  const cache = mkdtempSync(join(tmpdir(), 'taskatlas-sheet-'));
  try {
    const pools = { source: 1, transfer: 1, selection: 1, test: count };
    const data = openRooms(
      { kind: 'rooms', version: ROOMS_VERSION, seed: SEED, size: SIZE, pools },
      { cacheDirectory: cache },
    );
    const columns = data.tasks
      .filter((t) => !t.untrained)
      .flatMap((t): { t: TaskDeclaration; picture: PictureKind | null }[] => [
        ...picturesOf(t.input)
          .filter((picture) => picture !== 'rgb')
          .map((picture) => ({ t, picture })),
        { t, picture: null },
      ]);
    const out = sheet(columns.length, count, SIZE);
    for (let row = 0; row < count; row++) {
      columns.forEach(({ t, picture }, column) => {
        out.put(column, row, SIZE, picture ? inputColour(data, picture, row) : labelColour(data, t, row));
      });
    }
    save(path, out);
    console.log(columns.map(({ t, picture }) => (picture ? `${t.id} (${picture})` : t.id)).join(', '));
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}

const folder = process.argv[2] ?? 'docs/images';
mkdirSync(folder, { recursive: true });
pictures(join(folder, 'rooms.png'), 12, 4, SIZE, 0);
pictures(join(folder, 'rooms-large.png'), 4, 2, 216, 100);
tasks(join(folder, 'tasks.png'), 4);
