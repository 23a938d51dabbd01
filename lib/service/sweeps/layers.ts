/**
 * A target's runs come in layers, and the target is analysed each time that one of them is complete: the first-order
 * tournament of each seed (its position among the seeds, 0–99), then smaller transfer sets and higher orders of each.
 */
const SIZES = 1_000;
const ORDERS = 100_000;

export const layerOf = {
  size: (index: number, seedLayer: number): number => SIZES * (index + 1) + seedLayer,
  orders: (seedLayer: number): number => ORDERS + seedLayer,
} as const;
