export * from './baselines';
export * from './curve';
export { loadHighs, type SolveOptions } from './highs';
export * from './problem';
export * from './solve';
export * from './survival';
