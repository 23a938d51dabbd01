export * from './analyse';
export type { CandidateLosses, LossRun, TargetLosses } from './contest';
export * from './reliability';
export * from './structure';
export * from './tournament';
