export { spaceToDepth } from './kernels/space-to-depth';
export { expectNoLeak, type MemoryCount, memoryCount, scope, scopeAsync } from './memory';
export { openEngine } from './open';
export { ADAM, type AdamConstants, type AdamState, FusedAdam } from './ops/adam';
export { type ConvolutionOptions, convolution } from './ops/convolution';
export { type LayerNormOptions, layerNorm } from './ops/layer-norm';
export { type RowLabels, type RowLossName, type RowLossOptions, rowLoss, rowLosses } from './ops/row-loss';
export { glorotUniform, heNormal, tfSeed } from './seeds';
export type { BackendName, Engine, EngineDescription, EngineOptions, Tf } from './types';
