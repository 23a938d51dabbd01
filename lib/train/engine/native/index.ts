export { type InstallOptions, type InstallResult, installEngine } from './install';
export * from './layout';
export { loadNative, type NativeEngine, type NativeOptions, nativeAvailable } from './load';
export { listEngines, projectTfjsVersion, removeEngine } from './locate';
export { type VerificationReport, verifyEngine } from './verify';
