export { spaceToDepth } from './kernels/space-to-depth';
export { expectNoLeak, type MemoryCount, memoryCount, scope, scopeAsync } from './memory';
export { openEngine } from './open';
export { ADAM, type AdamConstants, type AdamState, FusedAdam } from './ops/adam';
export { type ConvolutionOptions, convolution } from './ops/convolution';
export { type LayerNormOptions, layerNorm } from './ops/layer-norm';
export { glorotUniform, heNormal, tfSeed } from './seeds';
export type { BackendName, Engine, EngineDescription, EngineOptions, Tf } from './types';
