import { createRequire } from 'node:module';
import type { Tf } from './types';

const require = createRequire(import.meta.url);

/**
 * The one TensorFlow.js of this process. `require`, not `import`: the wasm backend and tfjs-node
 * are CommonJS and register their kernels in the CommonJS copy of tfjs-core.
 */
export const loadTfjs = (): Tf => require('@tensorflow/tfjs') as Tf;

/** Registers the `wasm` backend (not yet chosen). */
export const loadWasmBackend = (): void => {
  require('@tensorflow/tfjs-backend-wasm');
};
