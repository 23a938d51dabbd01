import { readFileSync } from 'node:fs';
import type { WasmBackend } from '../backend-wasm';

/** The exports of `kernels.wasm`: addresses, sizes and byte pitches as in `kernels.as`. */
type Kernel = (...values: number[]) => number;
const NAMES = [
  'conv',
  'convNarrow',
  'filterGrad',
  'unpackFilterGrad',
  'packFilter',
  'packPhase',
  'padImage',
  'copyRows',
  'relu',
  'reluGrad',
  'columnSums',
  'adam',
  'layerNorm',
  'layerNormGrad',
  'enlargeGrad',
  'rowWeights',
  'regressionLoss',
  'classLoss',
  'winogradInput',
  'winogradOutput',
  'winogradSlopes',
  'winogradFilter',
  'winogradFilterGrad',
] as const;
export type SimdKernels = Record<(typeof NAMES)[number], Kernel>;

/** The own kernels on one backend's memory, with the scratch space that they work in. */
export interface Simd {
  readonly run: SimdKernels;
  /** Addresses of one region per size (bytes), valid until the next call. Contents are arbitrary. */
  scratch(...bytes: number[]): number[];
  /** Gives the scratch space back to the backend. */
  dispose(): void;
}

const round16 = (bytes: number): number => (bytes + 15) & ~15;

function scratchSpace(backend: WasmBackend): Pick<Simd, 'scratch' | 'dispose'> {
  let address = 0;
  let size = 0;
  const dispose = (): void => {
    if (address !== 0) backend.wasm._free(address);
    address = 0;
    size = 0;
  };
  const scratch = (...bytes: number[]): number[] => {
    const needed = bytes.reduce((sum, b) => sum + round16(b), 0);
    if (needed > size) {
      dispose();
      // Throws where there is none: the allocator is guarded (out-of-memory.ts).
      address = backend.wasm._malloc(needed);
      size = needed;
    }
    let next = address;
    return bytes.map((b) => {
      const at = next;
      next += round16(b);
      return at;
    });
  };
  return { scratch, dispose };
}

/** Instantiates the committed module on the backend's memory. */
export function openSimd(backend: WasmBackend): Simd {
  const bytes = readFileSync(new URL('./kernels.wasm', import.meta.url));
  const { memory } = backend.wasm.asm;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  const run = Object.fromEntries(NAMES.map((name) => [name, exports[name] as Kernel])) as SimdKernels;
  return { run, ...scratchSpace(backend) };
}
