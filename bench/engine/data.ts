import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createRng } from '@/lib/science/core';
import { openRooms, ROOMS_VERSION } from '@/lib/science/datasets';
import { spaceToDepth } from '@/lib/train/networks';
import { type BenchNetwork, initialWeights, outputShape } from './networks';

/** Pictures and targets that a network learns from, NHWC, and where they lie for contestants in other languages. */
export interface BenchData {
  readonly images: number;
  readonly outSide: number;
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly files: {
    readonly weights: string;
    readonly x: string;
    readonly y: string;
    readonly outSide: number;
  };
}

/** Pictures of a race: eight batches of 32. */
const IMAGES = 256;

/** Averages squares of `step` pixels: n × s × s × c → n × s/step × s/step × c. */
function shrink(x: Float32Array, side: number, channels: number, step: number): Float32Array {
  const out = side / step;
  const images = x.length / (side * side * channels);
  const y = new Float32Array(images * out * out * channels);
  for (let i = 0, at = 0; i < images; i++)
    for (let row = 0; row < out; row++)
      for (let column = 0; column < out; column++)
        for (let c = 0; c < channels; c++, at++) {
          let sum = 0;
          for (let dy = 0; dy < step; dy++)
            for (let dx = 0; dx < step; dx++) {
              const [r, q] = [row * step + dy, column * step + dx];
              sum += x[((i * side + r) * side + q) * channels + c] ?? 0;
            }
          y[at] = sum / (step * step);
        }
  return y;
}

const grey = (x: Float32Array): Float32Array =>
  Float32Array.from(
    { length: x.length / 3 },
    (_, i) => ((x[3 * i] ?? 0) + (x[3 * i + 1] ?? 0) + (x[3 * i + 2] ?? 0)) / 3,
  );

/**
 * Rooms to be copied by the network: their picture in grey (`reference`), or at half the size, packed as presets pack
 * it. The codes that a head would see are random here.
 */
export function benchData(network: BenchNetwork): BenchData {
  const out = outputShape(network);
  const size = network.channels === 3 ? network.side : 8 * out.side;
  const pools = { source: IMAGES, transfer: 1, selection: 1, test: 1 };
  const cacheDirectory = path.join(tmpdir(), 'taskatlas-bench');
  const rooms = openRooms(
    { kind: 'rooms', version: ROOMS_VERSION, seed: 1, size, pools },
    { cacheDirectory },
  );
  const images = rooms.inputs(
    'source',
    'rgb',
    Array.from({ length: IMAGES }, (_, i) => i),
  );
  const rng = createRng('bench codes', network.name);
  const codes = (): Float32Array =>
    Float32Array.from({ length: IMAGES * network.side ** 2 * network.channels }, () => rng.next());
  const packed = network.channels === 48 ? spaceToDepth(images, size, 3, 4) : codes();
  const x = network.channels === 3 ? images : packed;
  const y = out.channels === 1 ? grey(images) : spaceToDepth(shrink(images, size, 3, 2), size / 2, 3, 4);
  const directory = path.join(cacheDirectory, network.name.replaceAll(' ', '-'));
  mkdirSync(directory, { recursive: true });
  const save = (name: string, values: Float32Array): string => {
    const file = path.join(directory, `${name}.f32`);
    writeFileSync(file, values);
    return file;
  };
  const weights = Float32Array.from(initialWeights(network).flatMap(({ values }) => [...values]));
  const files = { weights: save('weights', weights), x: save('x', x), y: save('y', y), outSide: out.side };
  return { images: IMAGES, outSide: out.side, x, y, files };
}
