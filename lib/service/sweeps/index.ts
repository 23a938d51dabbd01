export { analyseStoredTarget, gatherLosses, loadTarget, type ScenesOf } from './analyse';
export { checkTasks, suggest } from './check';
export { canonicalJson, fingerprintOf } from './fingerprint';
export { importedSweep } from './import-transfers';
export { parseSweepFile, validateSweep } from './parse';
export { type PlanInput, planSweep, type SweepPlan } from './plan';
export { finishSweep, solveSweepPolicy } from './solve';
export {
  createSweeps,
  type DatasetCatalog,
  publishDueRuns,
  type SweepDependencies,
  type Sweeps,
} from './use-cases';
