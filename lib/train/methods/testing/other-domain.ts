import type { Dataset } from '@/lib/science/datasets/dataset';

/** A data set in two domains: every value of a picture changed in every pool but the source's. */
export function otherDomain(plain: Dataset, change: (value: number) => number): Dataset {
  return {
    ...plain,
    spec: { ...plain.spec, shift: { kind: 'inverted', strength: 1 } },
    inputs: (pool, kind, indices) => {
      const pictures = plain.inputs(pool, kind, indices);
      return pool === 'source' ? pictures : pictures.map(change);
    },
  };
}
