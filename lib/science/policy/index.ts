export * from './baselines';
export * from './curve';
export { loadHighs } from './highs';
export * from './problem';
export * from './rank';
export type { PolicyResult } from './result';
export * from './solve';
export * from './survival';
export * from './transfers-file';
