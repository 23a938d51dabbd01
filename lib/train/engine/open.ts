import { cpus } from 'node:os';
import { z } from 'zod';
import { TaskatlasError } from '@/lib/science/core/errors';
import { gpusHidden, listGpus } from './devices';
import { guardPadding } from './kernels/padding';
import { guardCpuResize } from './kernels/register-cpu';
import { guardMatMul, guardMaxPool, registerComposedKernels, shareClones } from './kernels/register-wasm';
import { guardRelu } from './kernels/relu';
import { registerDepthToSpaceGradient } from './kernels/space-to-depth';
import { switchCompiling } from './native/graph/training';
import { hasNvidiaDevice } from './native/locate';
import { registerConvolution, registerConvolutionGradient } from './ops/convolution';
import { registerHostLoss } from './ops/host-loss';
import { registerLayerNorm, registerLayerNormGradient } from './ops/layer-norm';
import { registerRowLoss } from './ops/row-loss';
import { registerRows } from './ops/rows';
import { guardAllocation } from './out-of-memory';
import { releaseScratch, switchSimd } from './simd/register';
import { loadTfjs, loadWasmBackend } from './tfjs';
import type { BackendName, Engine, EngineDescription, EngineOptions, Tf } from './types';

const environment = z.object({ TASKATLAS_ENGINE: z.enum(['auto', 'tensorflow', 'wasm', 'cpu']).optional() });

/** What the environment asks for, over what the caller asks for. */
function wanted(options: EngineOptions): 'auto' | BackendName {
  const parsed = environment.safeParse({ TASKATLAS_ENGINE: process.env.TASKATLAS_ENGINE || undefined });
  if (!parsed.success) {
    throw new TaskatlasError(
      'invalid-input',
      `TASKATLAS_ENGINE is "${process.env.TASKATLAS_ENGINE}": use auto, tensorflow, wasm or cpu.`,
    );
  }
  return parsed.data.TASKATLAS_ENGINE ?? options.backend ?? 'auto';
}

const heapShape = z.coerce.number().int().min(32).max(3840).optional();

/** Bytes that WebAssembly's heap may take in this process, by TASKATLAS_HEAP_MB; undefined = as far as addresses reach. */
function heapAllowed(): number | undefined {
  const parsed = heapShape.safeParse(process.env.TASKATLAS_HEAP_MB || undefined);
  if (!parsed.success) {
    throw new TaskatlasError(
      'invalid-input',
      `TASKATLAS_HEAP_MB is "${process.env.TASKATLAS_HEAP_MB}": give megabytes from 32 to 3840.`,
    );
  }
  return parsed.data === undefined ? undefined : parsed.data * 2 ** 20;
}

/** Kernels and gradients are process-wide: each is registered once. */
const prepared = new WeakMap<Tf, Set<string>>();
function once(tf: Tf, what: string, register: () => void): void {
  const done = prepared.get(tf) ?? new Set();
  prepared.set(tf, done);
  if (done.has(what)) return;
  register();
  done.add(what);
}

/** Gradients for every backend, and the engine's own operations on this one. */
function registerShared(tf: Tf, backendName: BackendName): void {
  once(tf, 'gradients', () => {
    registerDepthToSpaceGradient(tf);
    registerConvolutionGradient(tf);
    registerLayerNormGradient(tf);
  });
  once(tf, `operations ${backendName}`, () => {
    registerConvolution(tf, backendName);
    registerLayerNorm(tf, backendName);
  });
}

function summarise(parts: Omit<EngineDescription, 'summary'>): EngineDescription {
  const { backend, version, simd, threads, device, kernels } = parts;
  const summary = `${backend} ${version}, ${simd ? 'SIMD' : 'no SIMD'}, ${kernels} kernels, ${threads} thread${threads === 1 ? '' : 's'}, ${device}`;
  return { ...parts, summary };
}

const processor = (): string => cpus()[0]?.model.trim() || 'unknown processor';

async function openWasm(options: EngineOptions): Promise<Engine> {
  const tf = loadTfjs();
  loadWasmBackend();
  if (!(await tf.setBackend('wasm'))) {
    throw new TaskatlasError('unavailable', 'WebAssembly could not be started: use Node 20 or newer.');
  }
  await tf.ready();
  guardAllocation(tf, options.heapBytes ?? heapAllowed());
  registerShared(tf, 'wasm');
  once(tf, 'wasm', () => {
    registerComposedKernels(tf);
    guardMatMul(tf);
    guardPadding(tf);
    guardMaxPool(tf);
    guardRelu(tf);
    shareClones(tf);
    registerRowLoss(tf);
    registerHostLoss(tf);
    registerRows(tf);
  });
  const hasSimd = Boolean(await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT'));
  const own = hasSimd && options.simd !== false;
  if (hasSimd) switchSimd(tf, own);
  const description = summarise({
    backend: 'wasm',
    version: tf.version_core,
    simd: hasSimd,
    threads: 1,
    device: processor(),
    kernels: own ? 'simd' : 'composed',
  });
  return { tf, backend: 'wasm', device: description.device, description, dispose: () => releaseScratch(tf) };
}

async function openCpu(): Promise<Engine> {
  const tf = loadTfjs();
  await tf.setBackend('cpu');
  await tf.ready();
  registerShared(tf, 'cpu');
  once(tf, 'cpu', () => guardCpuResize(tf));
  const description = summarise({
    backend: 'cpu',
    version: tf.version_core,
    simd: false,
    threads: 1,
    device: processor(),
    kernels: 'native',
  });
  return { tf, backend: 'cpu', device: description.device, description, dispose: () => {} };
}

/** Native TensorFlow where `taskatlas engine install` put it, else null. */
async function tryNative(options: EngineOptions): Promise<Engine | null> {
  const { loadNative } = await import('./native/load');
  const { registerNativeOperations } = await import('./native/kernels');
  const native = await loadNative(options.threads === undefined ? {} : { threads: options.threads });
  if (native === null) return null;
  const { tf } = native;
  await tf.setBackend('tensorflow');
  switchCompiling(options.compile !== false);
  registerShared(tf, 'tensorflow');
  once(tf, 'native operations', () => registerNativeOperations(tf, native.ownOperations));
  const description = summarise({
    backend: 'tensorflow',
    version: native.version,
    simd: true,
    threads: native.threads,
    device: native.device === 'gpu' ? `gpu: ${listGpus()[0]?.name ?? 'NVIDIA'}` : processor(),
    kernels: 'native',
  });
  return { tf, backend: 'tensorflow', device: description.device, description, dispose: () => {} };
}

/**
 * Whether `auto` tries native TensorFlow: only for a GPU. On CPUs our WebAssembly kernels finish the first look as fast
 * (bench/README.md), in less memory and with nothing to install; native pays with larger networks, when asked for by name.
 */
const prefersNative = (): boolean => hasNvidiaDevice() && !gpusHidden();

/**
 * Opens the engine that this process trains with: the one place where a backend is chosen.
 * `auto` takes native TensorFlow where there is a GPU and it is installed, else WebAssembly; TensorFlow on CPUs and the
 * pure JavaScript backend only when they are asked for by name. `TASKATLAS_ENGINE` overrides the caller.
 * @throws TaskatlasError `unavailable` if the named backend cannot be started, `invalid-input` for a bad name.
 */
export async function openEngine(options: EngineOptions = {}): Promise<Engine> {
  const backend = wanted(options);
  if (backend === 'cpu') return openCpu();
  if (backend === 'wasm' || (backend === 'auto' && !prefersNative())) return openWasm(options);
  const native = await tryNative(options).catch((error: unknown) => {
    if (backend === 'tensorflow') throw error;
    console.warn(
      `${error instanceof Error ? error.message : String(error)} Training on WebAssembly meanwhile.`,
    );
    return null;
  });
  if (native !== null) return native;
  if (backend === 'tensorflow') {
    throw new TaskatlasError(
      'unavailable',
      'Native TensorFlow is not installed here: run `taskatlas engine install`, or leave the choice on auto.',
    );
  }
  return openWasm(options);
}
