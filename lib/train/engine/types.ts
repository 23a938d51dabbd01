/** The module object of TensorFlow.js, whichever backend computes below it. */
export type Tf = typeof import('@tensorflow/tfjs');

export type BackendName = 'tensorflow' | 'wasm' | 'cpu';

/** What computed a run: written on its record, never hashed into its identity. */
export interface EngineDescription {
  readonly backend: BackendName;
  /** Version of TensorFlow.js, and of the native library where there is one. */
  readonly version: string;
  readonly simd: boolean;
  readonly threads: number;
  readonly device: string;
  /** Which training kernels serve the convolutions: own SIMD module, compositions of stock kernels, or the backend's. */
  readonly kernels: 'simd' | 'composed' | 'native';
  /** All of it in one line, for logs and run records. */
  readonly summary: string;
}

/** One open engine. Everything in `lib/train` computes through `tf`. */
export interface Engine {
  readonly tf: Tf;
  readonly backend: BackendName;
  readonly device: string;
  readonly description: EngineDescription;
  /** Frees what the engine holds beside tensors. The process-wide backend itself stays usable. */
  dispose(): void;
}

export interface EngineOptions {
  /** `auto` (default): native TensorFlow where it is installed, else WebAssembly. `cpu` is never chosen silently. */
  backend?: 'auto' | BackendName;
  /** Threads inside one process. WebAssembly always uses one: a process per core is faster there. */
  threads?: number;
  /** WebAssembly only: bytes that its memory may take, at most 3.75 GB. */
  heapBytes?: number;
  /** WebAssembly only: false leaves the own SIMD module out (comparison and fault finding). */
  simd?: boolean;
  /** Native only: false takes every training step operation by operation (comparison and fault finding). */
  compile?: boolean;
}
