export * from './analyse';
export type { CandidateLosses, LossRun, TargetLosses } from './contest';
export * from './frontier';
export * from './regimes';
export * from './reliability';
export * from './sizes';
export * from './structure';
export * from './tournament';
export { MINIMUM_GOLD_SKILL, MINIMUM_SIGNAL_TO_NOISE } from './validity';
