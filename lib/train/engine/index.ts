export { expectNoLeak, memoryCount, scope, scopeAsync } from './memory';
export { openEngine } from './open';
export { ADAM, FusedAdam } from './ops/adam';
export { convolution } from './ops/convolution';
export { layerNorm } from './ops/layer-norm';
export { type RowLabels, type RowLossName, rowLoss, rowLosses } from './ops/row-loss';
export { rowsTensor } from './ops/rows';
export { glorotUniform, heNormal } from './seeds';
export type { BackendName, Engine, Tf } from './types';
