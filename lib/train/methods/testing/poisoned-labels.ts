import type { Dataset } from '@/lib/science/datasets';

/**
 * The shapes with wrong labels, of another scale, in the transfer and test pools: a training that is not to see these
 * pools comes out the same to the bit.
 */
export function poisonedLabels(dataset: Dataset): Dataset {
  const labels = dataset.labels.bind(dataset);
  return {
    ...dataset,
    labels: (pool, task, indices) => {
      const batch = labels(pool, task, indices);
      if (pool !== 'transfer' && pool !== 'test') return batch;
      return { ...batch, values: batch.values.map((value) => (task === 'kind' ? 0 : 3 * value + 1)) };
    },
  };
}
