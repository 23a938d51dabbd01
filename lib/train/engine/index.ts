export { spaceToDepth } from './kernels/space-to-depth';
export { expectNoLeak, type MemoryCount, memoryCount, scope, scopeAsync } from './memory';
export { openEngine } from './open';
export { glorotUniform, heNormal, tfSeed } from './seeds';
export type { BackendName, Engine, EngineDescription, EngineOptions, Tf } from './types';
