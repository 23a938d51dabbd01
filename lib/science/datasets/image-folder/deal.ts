import { createRng, type PoolName, type PoolSizes, TaskatlasError } from '../../core';
import type { ChosenItem } from '../folders/choose';
import type { SurveyedPicture } from '../folders/survey';
import { SPLIT_NAMES, type Split } from './scan';

/** Pools in the order in which they take pictures of a split that several share. */
const ORDER = ['test', 'selection', 'transfer', 'source'] as const satisfies readonly PoolName[];

export interface DealInput {
  directory: string;
  classes: readonly string[];
  seed: number;
  pools: PoolSizes;
}

export type Pools = Readonly<Record<PoolName, readonly ChosenItem[]>>;

/**
 * How many of `wanted` pictures each class gives: in proportion to what it has (largest remainder), and at least one of
 * every class that has some, where there are as many pictures as classes.
 */
export function shareOut(wanted: number, sizes: readonly number[]): number[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total === 0) return sizes.map(() => 0);
  const exact = sizes.map((size) => (wanted * size) / total);
  const shares = exact.map(Math.floor);
  const rest = wanted - shares.reduce((sum, share) => sum + share, 0);
  const byRemainder = [...exact.keys()].sort(
    (a, b) => ((exact[b] ?? 0) % 1) - ((exact[a] ?? 0) % 1) || a - b,
  );
  for (const label of byRemainder.slice(0, rest)) shares[label] = (shares[label] ?? 0) + 1;
  for (const [label, size] of sizes.entries()) {
    if (size === 0 || shares[label] !== 0) continue;
    const largest = shares.indexOf(Math.max(...shares));
    if ((shares[largest] ?? 0) < 2) break;
    shares[largest] = (shares[largest] ?? 0) - 1;
    shares[label] = 1;
  }
  return shares;
}

/** Pictures of several classes mixed so that every beginning of the list has the classes in proportion. */
function mixed(groups: readonly (readonly SurveyedPicture[])[]): SurveyedPicture[] {
  return groups
    .flatMap((group) => group.map((picture, i) => ({ picture, at: (i + 0.5) / group.length })))
    .sort((a, b) => a.at - b.at || a.picture.item.label - b.picture.item.label)
    .map(({ picture }) => picture);
}

const chosen = ({ item, hash }: SurveyedPicture): ChosenItem => ({ ...item, hashes: { rgb: hash } });

/** Which split each pool takes its pictures from: its own where there is one, else what is left of train. */
function splitsOf(has: (split: Split) => boolean): Record<PoolName, Split> {
  const test = has('test') ? 'test' : has('val') ? 'val' : 'train';
  const selection = has('test') && has('val') ? 'val' : 'train';
  return { source: 'train', transfer: 'train', selection, test };
}

/**
 * Deals pictures to the pools, class by class in proportion, by a seeded shuffle of each class.
 * @throws TaskatlasError `invalid-input` where there are too few
 */
export function dealPictures(
  pictures: Readonly<Record<Split, readonly SurveyedPicture[]>>,
  { directory, classes, seed, pools }: DealInput,
): Pools {
  const splits = splitsOf((split) => pictures[split].length > 0);
  const stacks = Object.fromEntries(
    SPLIT_NAMES.map((split) => [
      split,
      classes.map((name, label) => {
        const own = pictures[split].filter(({ item }) => item.label === label);
        const order = createRng('image folder', split, seed, name).permutation(own.length);
        return [...order].map((i) => own[i] as SurveyedPicture);
      }),
    ]),
  ) as Record<Split, SurveyedPicture[][]>;
  const deal = (pool: PoolName): ChosenItem[] => {
    const stack = stacks[splits[pool]];
    const left = stack.reduce((sum, own) => sum + own.length, 0);
    if (left < pools[pool]) {
      const message = `The ${pool} pool asks for ${pools[pool]} images; ${directory} has ${left} for it.`;
      throw new TaskatlasError('invalid-input', message, {
        issues: [{ path: `dataset.pools.${pool}`, message }],
      });
    }
    const shares = shareOut(
      pools[pool],
      stack.map((own) => own.length),
    );
    return mixed(stack.map((own, label) => own.splice(0, shares[label]))).map(chosen);
  };
  const [test, selection, transfer, source] = ORDER.map(deal);
  return { source: source ?? [], transfer: transfer ?? [], selection: selection ?? [], test: test ?? [] };
}

/** Classes that a pool has no picture of, by pool; pools with all classes are not listed. */
export function absentClasses(
  pools: Pools,
  classes: readonly string[],
): { pool: PoolName; classes: string[] }[] {
  return ORDER.map((pool) => {
    const present = new Set(pools[pool].map(({ label }) => label));
    return { pool, classes: classes.filter((_, label) => !present.has(label)) };
  }).filter(({ classes: missing }) => missing.length > 0);
}
