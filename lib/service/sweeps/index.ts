export { analyseStoredTarget, type ScenesOf } from './analyse';
export { joinPlans, type PlannedFile } from './batch';
export { canonicalJson } from './fingerprint';
export { growTarget } from './grow';
export { parseSweepFile } from './parse';
export type { SweepPlan } from './plan';
export { finishSweep } from './solve';
export { createSweeps, type DatasetCatalog, type Sweeps } from './use-cases';
