import { at, type Numbers } from './arrays';

const ascending = (values: Numbers): Float64Array => Float64Array.from(values as ArrayLike<number>).sort();

/**
 * Quantile of a SORTED list by linear interpolation, type 7 (Hyndman & Fan 1996; numpy's default):
 * h = (n − 1)·q, x[⌊h⌋] + (h − ⌊h⌋)(x[⌊h⌋+1] − x[⌊h⌋]). NaN for an empty list.
 */
export function sortedQuantile(sorted: Numbers, q: number): number {
  if (sorted.length === 0) return Number.NaN;
  const h = Math.min(Math.max((sorted.length - 1) * q, 0), sorted.length - 1);
  const low = Math.floor(h);
  const a = sorted[low] as number;
  const b = at(sorted, Math.min(low + 1, sorted.length - 1));
  return h === low ? a : a + (h - low) * (b - a);
}

/** Quantile (type 7) of an unsorted list. */
export const quantile = (values: Numbers, q: number): number => sortedQuantile(ascending(values), q);

/** Median (mean of the two middle values for even n). */
export function median(values: Numbers): number {
  const sorted = ascending(values);
  const n = sorted.length;
  if (n === 0) return Number.NaN;
  const upper = sorted[n >> 1] as number;
  return n % 2 === 1 ? upper : (at(sorted, (n >> 1) - 1) + upper) / 2;
}

/** Central interval [ (1−level)/2, (1+level)/2 ] quantiles; NaN entries are left out. */
export function centralInterval(values: Numbers, level: number): [number, number] {
  const finite = Float64Array.from(values as ArrayLike<number>)
    .filter((v) => !Number.isNaN(v))
    .sort();
  return [sortedQuantile(finite, (1 - level) / 2), sortedQuantile(finite, (1 + level) / 2)];
}

/** k-th smallest (0-based) by Hoare's quickselect; reorders `values`, leaving smaller ones before k. */
function selectInPlace(values: Float64Array, k: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = at(values, (low + high) >> 1);
    let i = low;
    let j = high;
    while (i <= j) {
      while ((values[i] as number) < pivot) i++;
      while ((values[j] as number) > pivot) j--;
      if (i <= j) {
        const held = values[i] as number;
        values[i++] = values[j] as number;
        values[j--] = held;
      }
    }
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else break;
  }
  return values[k] as number;
}

/** Median by quickselect, O(n); reorders `values`. Without NaN entries only. */
export function medianInPlace(values: Float64Array): number {
  const n = values.length;
  if (n === 0) return Number.NaN;
  const upper = selectInPlace(values, n >> 1);
  if (n % 2 === 1) return upper;
  let lower = -Infinity;
  for (let i = 0; i < n >> 1; i++) lower = Math.max(lower, values[i] as number);
  return (lower + upper) / 2;
}
