import type { PackedLabels } from '../networks';
import type { Features } from './features';
import type { LossSpec } from './losses';
import type { LabelSides } from './pools';

/** Rows × columns of a linear regression; a row is a position of the code or an image. The last column is 1. */
export interface Design {
  values: Float32Array;
  columns: number;
}

/** Each position's 3×3 window of codes (zero outside), then 1. */
function windows({ values, shape: { side, channels } }: Features, images: number): Design {
  const columns = 9 * channels + 1;
  const out = new Float32Array(images * side * side * columns);
  for (let image = 0; image < images; image++) {
    for (let p = 0; p < side * side; p++) {
      const row = (image * side * side + p) * columns;
      for (let w = 0; w < 9; w++) {
        const x = (p % side) + (w % 3) - 1;
        const y = Math.floor(p / side) + Math.floor(w / 3) - 1;
        if (x < 0 || y < 0 || x >= side || y >= side) continue;
        const from = ((image * side + y) * side + x) * channels;
        out.set(values.subarray(from, from + channels), row + w * channels);
      }
      out[row + columns - 1] = 1;
    }
  }
  return { values: out, columns };
}

/** Code averaged over a grid of up to 4×4 cells, flattened, then 1. */
function pooledCodes({ values, shape: { side, channels } }: Features, images: number): Design {
  const grid = Math.min(4, side);
  const cell = side / grid;
  const columns = grid * grid * channels + 1;
  const out = new Float32Array(images * columns);
  for (let image = 0; image < images; image++) {
    for (let p = 0; p < side * side; p++) {
      const at = Math.floor(Math.floor(p / side) / cell) * grid + Math.floor((p % side) / cell);
      for (let c = 0; c < channels; c++) {
        const to = image * columns + at * channels + c;
        out[to] =
          (out[to] as number) + (values[(image * side * side + p) * channels + c] as number) / cell ** 2;
      }
    }
    out[(image + 1) * columns - 1] = 1;
  }
  return { values: out, columns };
}

export const designMatrix = (features: Features, images: number, pooled: boolean): Design =>
  pooled ? pooledCodes(features, images) : windows(features, images);

/** Regression targets: for each position `cells` averaged label cells of `channels` values each. */
export interface ProbeTargets {
  examples: number;
  positions: number;
  cells: number;
  channels: number;
  /** cells · channels */
  outputs: number;
  /** Examples × positions × outputs; classes as shares. Zero where incomplete. */
  values: Float32Array;
  /** 1 where a cell has a label: examples × positions × cells. */
  valid: Uint8Array;
  /** 1 where all cells of a position have one: the rows that are fitted. */
  complete: Float32Array;
}

/** The first `examples` examples of packed labels. */
export function sliceExamples(labels: PackedLabels, examples: number): PackedLabels {
  const rows = examples * labels.rows;
  return {
    ...labels,
    examples,
    values: labels.values?.subarray(0, rows * labels.channels) ?? null,
    ids: labels.ids?.subarray(0, rows) ?? null,
    valid: labels.valid.subarray(0, rows),
  };
}

/** Averages each position's r×r label rows in squares of 2×2. */
export function reduceTargets(labels: PackedLabels, { outputSide, codeSide }: LabelSides): ProbeTargets {
  const { examples, rows, channels, values, ids, valid } = labels;
  const r = rows === 1 ? 1 : outputSide / codeSide;
  const grid = Math.max(1, r / 2);
  const positions = rows / r ** 2;
  const cells = grid * grid;
  const outputs = cells * channels;
  const total = examples * positions;
  const targets: ProbeTargets = {
    examples,
    positions,
    cells,
    channels,
    outputs,
    values: new Float32Array(total * outputs),
    valid: new Uint8Array(total * cells),
    complete: new Float32Array(total),
  };
  const counts = new Uint16Array(total * cells);
  for (let row = 0; row < examples * rows; row++) {
    if (valid[row] === 0) continue;
    const place = Math.floor(row / r ** 2);
    const inside = row % r ** 2;
    const y = Math.floor(Math.floor(inside / r) / (r / grid));
    const x = Math.floor((inside % r) / (r / grid));
    const cell = place * cells + y * grid + x;
    counts[cell] = (counts[cell] as number) + 1;
    for (let c = 0; c < channels; c++) {
      const label = ids ? (ids[row] === c ? 1 : 0) : ((values as Float32Array)[row * channels + c] as number);
      targets.values[cell * channels + c] = (targets.values[cell * channels + c] as number) + label;
    }
  }
  for (let cell = 0; cell < counts.length; cell++) {
    const count = counts[cell] as number;
    targets.valid[cell] = count > 0 ? 1 : 0;
    for (let c = 0; c < channels && count > 0; c++) {
      targets.values[cell * channels + c] = (targets.values[cell * channels + c] as number) / count;
    }
  }
  for (let place = 0; place < total; place++) {
    const all = targets.valid.subarray(place * cells, (place + 1) * cells).every((bit) => bit === 1);
    targets.complete[place] = all ? 1 : 0;
  }
  return targets;
}

/**
 * Loss per image over its valid cells: l1 or l2 as the task's; for classes Σ_k (p_k − share_k)², each cell
 * weighted by the class weights of its shares where the task's loss is balanced. NaN without a valid cell.
 */
export function probeLosses(spec: LossSpec, output: Float32Array, targets: ProbeTargets): Float32Array {
  const { examples, positions, cells, channels, values, valid } = targets;
  const perImage = positions * cells;
  return Float32Array.from({ length: examples }, (_, example) => {
    let loss = 0;
    let weight = 0;
    for (let i = 0; i < perImage; i++) {
      const cell = example * perImage + i;
      if (valid[cell] === 0) continue;
      let own = 0;
      let share = spec.classWeights ? 0 : 1;
      for (let c = 0; c < channels; c++) {
        const label = values[cell * channels + c] as number;
        const difference = (output[cell * channels + c] as number) - label;
        own += spec.name === 'l1' ? Math.abs(difference) : difference * difference;
        if (spec.classWeights) share += label * (spec.classWeights[c] as number);
      }
      loss += (share * own) / channels;
      weight += share;
    }
    return weight > 0 ? loss / weight : Number.NaN;
  });
}
