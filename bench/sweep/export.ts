import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { evaluationSpacing } from '@/lib/science/catalog/evaluations';
import { PRESETS } from '@/lib/science/catalog/presets';
import { type LayerPlan, planLayers, sourcePlan, transferPlan } from '@/lib/science/catalog/presets-layers';
import type { PoolName } from '@/lib/science/core';
import { openDataset, renderShard } from '@/lib/science/datasets';
import { createPause } from '@/lib/train/methods/pause';
import { poolInputs, poolLabels } from '@/lib/train/methods/pools';
import { cacheDirectory, SPEC, TASKS, training } from './plan';

const POOLS = ['source', 'transfer', 'selection', 'test'] as const satisfies readonly PoolName[];

/** A plan of the catalog as plain data; the tiny preset is a stack of convolutions. */
const convolutions = (plan: LayerPlan) =>
  planLayers(plan).map((layer) => {
    if (layer.kind !== 'conv') throw new Error(`The peers know convolutions only, not ${layer.kind}.`);
    const { kernel, stride, inChannels, outChannels, activation } = layer;
    return { kernel, stride, inChannels, outChannels, relu: activation === 'relu' };
  });

/**
 * Renders the rooms and writes what the Python peers read: pictures x and labels y of every pool in the layout that
 * the preset trains on (space-to-depth), validity of each label pixel, networks, epochs, rates.
 */
export async function exportSweep(directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  await renderShard(SPEC, 0, 1, cacheDirectory);
  const dataset = await openDataset(SPEC, { cacheDirectory });
  const pause = createPause();
  const write = (name: string, values: Float32Array | Uint8Array): void =>
    writeFileSync(join(directory, name), Buffer.from(values.buffer, values.byteOffset, values.byteLength));
  for (const pool of POOLS) {
    const inputs = await poolInputs(dataset, pool, 'rgb', 'tiny', { pause });
    write(`x-${pool}.bin`, inputs.gather(Int32Array.from({ length: inputs.count }, (_, i) => i)));
  }
  const tasks = [];
  for (const id of TASKS) {
    const task = dataset.tasks.find((each) => each.id === id);
    if (task === undefined) throw new Error(`The rooms have no task ${id}.`);
    for (const pool of POOLS) {
      const { values, valid } = await poolLabels(dataset, pool, task, 'tiny', pause);
      write(`y-${pool}-${id}.bin`, values ?? new Float32Array(0));
      write(`valid-${pool}-${id}.bin`, valid);
    }
    const source = convolutions(sourcePlan('tiny', SPEC.size, task));
    const head = convolutions(transferPlan('tiny', SPEC.size, task, 1));
    tasks.push({
      id,
      loss: task.loss,
      channels: task.head.kind === 'pixels' ? task.head.channels : 0,
      source,
      head,
    });
  }
  const options = { source: training('source'), transfer: training('transfer') };
  const encoderLayers = PRESETS.tiny.encoder.length;
  const spacing = evaluationSpacing('tiny', {
    images: SPEC.pools.transfer,
    pool: SPEC.pools.transfer,
    batchSize: options.transfer.batchSize,
  });
  const file = { pools: SPEC.pools, tasks, encoderLayers, spacing, training: options };
  writeFileSync(join(directory, 'sweep.json'), JSON.stringify(file));
}
