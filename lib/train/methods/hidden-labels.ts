import type { PackedLabels } from '../networks';

/** Labels with everything after the first `labelled` images blotted out: nothing can learn from them by mistake. */
export function hideLabels(labels: PackedLabels, labelled: number): PackedLabels {
  const { rows, channels } = labels;
  const values = labels.values?.slice() ?? null;
  const ids = labels.ids?.slice() ?? null;
  const valid = labels.valid.slice();
  values?.fill(0, labelled * rows * channels);
  ids?.fill(0, labelled * rows);
  valid.fill(0, labelled * rows);
  return { ...labels, values, ids, valid };
}
