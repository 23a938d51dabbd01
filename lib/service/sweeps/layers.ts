/**
 * A target's runs come in layers, and the target is analysed each time that one of them is complete: the first-order
 * tournament of each seed (its position among the seeds, 0–99), then smaller transfer sets and higher orders of each.
 */
const SIZES = 1_000;
export const ORDERS = 100_000;

export const layerOf = {
  size: (index: number, seedLayer: number): number => SIZES * (index + 1) + seedLayer,
  orders: (seedLayer: number): number => ORDERS + seedLayer,
} as const;

/** Bases of the order of work within one layer of seeds; smaller is sooner. */
export const ORDER = {
  dataset: 0,
  mean: 1_000,
  probe: 2_000,
  source: 3_000,
  taught: 8_000,
  tournament: 10_000,
  sizes: 700_000,
  layer: 1_000_000,
} as const;
/** Places in one target's part of the order: its scratch run, then its transfers. */
export const TOURNAMENT_STRIDE = 1_000;
