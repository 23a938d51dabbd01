import type { DataId, KernelBackend, TensorInfo, TypedArray } from '@tensorflow/tfjs-core';

/** Record that the wasm backend keeps for each buffer. */
interface WasmTensorData {
  readonly id: number;
  readonly memoryOffset: number;
  readonly shape: number[];
  readonly dtype: string;
}

/** The part of the wasm backend that the engine's kernels use (tfjs-backend-wasm 4.22, `backend_wasm.ts`). */
export interface WasmBackend extends KernelBackend {
  readonly wasm: {
    readonly asm: { readonly memory: WebAssembly.Memory; malloc(bytes: number): number };
    readonly HEAPU8: Uint8Array;
    _malloc(bytes: number): number;
    _free(address: number): void;
    readonly tfjs: {
      registerTensor(id: number, size: number, address: number): void;
      disposeData(id: number): void;
    };
  };
  readonly dataIdMap: { get(dataId: DataId): WasmTensorData };
  makeOutput(shape: number[], dtype: string, memoryOffset?: number, values?: TypedArray): TensorInfo;
  typedArrayFromHeap(info: TensorInfo): TypedArray;
}

/** Byte address of a tensor's values in the backend's memory. */
export const addressOf = (backend: WasmBackend, info: TensorInfo): number =>
  backend.dataIdMap.get(info.dataId).memoryOffset;

/** The tensor's values as a view on the heap. Valid until the next allocation (memory may grow). */
export const heapView = (backend: WasmBackend, info: TensorInfo): Float32Array =>
  backend.typedArrayFromHeap(info) as Float32Array;

/**
 * Makes the stock kernels forget what they derived from a buffer. XNNPACK operators keep *packed copies*
 * of filters and right-hand matrices, keyed by the buffer's id: after a change in place, or a use under
 * another shape, the packed copy is wrong. Unregistering the id drops its operators.
 */
export function forgetPackedCopies(backend: WasmBackend, dataId: DataId): void {
  const { id, memoryOffset, shape } = backend.dataIdMap.get(dataId);
  const size = shape.reduce((product, side) => product * side, 1);
  backend.wasm.tfjs.disposeData(id);
  backend.wasm.tfjs.registerTensor(id, size, memoryOffset);
}
