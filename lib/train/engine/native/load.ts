import { existsSync, readdirSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import util from 'node:util';
import { TaskatlasError } from '@/lib/science/core/errors';
import { gpusHidden } from '../devices';
import type { Tf as Tfjs } from '../types';
import { replaceSlowKernels } from './kernels';
import {
  type EngineVariant,
  enginesHome,
  NAPI_LEVEL,
  OPERATIONS_FILE,
  packageDirectory,
  rankEngines,
} from './layout';
import { findProjectPackage, hasNvidiaDevice, listEngines, projectTfjsVersion } from './locate';

export interface NativeEngine {
  /** The project's own `@tensorflow/tfjs`, now with the native backend registered and chosen. */
  readonly tf: Tfjs;
  /** Name of the backend in tfjs. */
  readonly name: 'tensorflow';
  /** Where operations run, as the backend itself reports it. */
  readonly device: EngineVariant;
  /** Version of libtensorflow ('unknown' for a package that the project itself holds). */
  readonly version: string;
  readonly directory: string;
  /** Threads per operation. */
  readonly threads: number;
  /** Whether the operations of `operations.cc` are there and serve this device. */
  readonly ownOperations: boolean;
}

export interface NativeOptions {
  /** Prefer this kind of engine; by default `gpu` when an NVIDIA driver is loaded, else `cpu`. */
  readonly prefer?: EngineVariant;
  /** Threads per operation (TF_NUM_INTRAOP_THREADS). Only the first load of a process can set it. */
  readonly threads?: number;
  /** Folder to look for engines in. */
  readonly home?: string;
  /** Load exactly this engine folder (used to verify one before it is in place). */
  readonly directory?: string;
}

interface Candidate {
  readonly packageDirectory: string;
  readonly directory: string;
  readonly version: string;
}

interface NativePackage {
  readonly engine: () => unknown;
}

const requireFromProject = createRequire(import.meta.url);

// The loader is not in Node's types; `_load` has kept this form since Node 0.x and tools such as APM agents rest on it.
type Loader = (request: string, parent: { filename?: string | null } | undefined, isMain: boolean) => unknown;
const moduleInternals = Module as unknown as { _load: Loader };

/**
 * Runs `load` while `require` inside `directory` is answered by this project for `@tensorflow/tfjs*`.
 * The engine folder holds no tfjs of its own: a second core would register its backend where nobody looks.
 * node-pre-gyp is answered as well: all that the package asks of it is where the binding lies, and requiring
 * it brings in a dozen old packages.
 */
function withProjectTfjs<T>(directory: string, load: () => T): T {
  const original = moduleInternals._load;
  const findBinding = (packageJson: string): string => {
    const lib = join(packageJson, '..', 'lib');
    const level = existsSync(lib)
      ? readdirSync(lib)
          .filter((entry) => entry.startsWith('napi-v'))
          .sort()
          .at(-1)
      : undefined;
    return join(lib, level ?? 'napi-v8', 'tfjs_binding.node');
  };
  moduleInternals._load = (request, parent, isMain) => {
    if (parent?.filename?.startsWith(directory) === true) {
      if (/^@tensorflow\/tfjs(?:-(?:core|layers|converter|data|backend-\w+))?(?:\/|$)/.test(request))
        return requireFromProject(request);
      if (request === '@mapbox/node-pre-gyp') return { find: findBinding };
    }
    return original(request, parent, isMain);
  };
  try {
    return load();
  } finally {
    moduleInternals._load = original;
  }
}

/** Set before libtensorflow is loaded; what the user has set stays. */
function prepareEnvironment(candidate: Candidate, options: NativeOptions): void {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  // Without it one process takes all memory of the GPU, and no second worker fits beside it.
  process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
  // TensorFlow calls CUDA's assembler for kernels that it compiles for the GPU at hand.
  const cuda = join(candidate.packageDirectory, 'deps/nvidia/cuda_nvcc');
  if (existsSync(cuda)) {
    process.env.PATH = `${join(cuda, 'bin')}:${process.env.PATH ?? ''}`;
    process.env.XLA_FLAGS ??= `--xla_gpu_cuda_data_dir=${cuda}`;
  }
  if (options.threads !== undefined) {
    process.env.TF_NUM_INTRAOP_THREADS = String(options.threads);
    // Compiled steps run several operations at once where they may. Below zero they run in the thread that calls,
    // which spares a change of threads for each step: 12 % of a small one.
    process.env.TF_NUM_INTEROP_THREADS ??= String(options.threads === 1 ? -1 : options.threads);
  }
  // tfjs-node 4.22 calls these two; newer versions of Node dropped them, Node 22 warns about them.
  Object.assign(util, { isNullOrUndefined: (value: unknown) => value == null, isArray: Array.isArray });
}

function findCandidate(options: NativeOptions): Candidate | null {
  const fromEngine = (directory: string, variant: EngineVariant, version: string): Candidate => ({
    packageDirectory: packageDirectory(directory, variant),
    directory,
    version,
  });
  if (options.directory !== undefined) {
    const { directory } = options;
    const variant = existsSync(packageDirectory(directory, 'gpu')) ? 'gpu' : 'cpu';
    const version = listEngines(join(directory, '..')).find((engine) => engine.directory === directory)
      ?.record.tensorflow;
    return fromEngine(directory, variant, version ?? 'unknown');
  }
  const preferred = options.prefer ?? (hasNvidiaDevice() && !gpusHidden() ? 'gpu' : 'cpu');
  const best = rankEngines(listEngines(options.home ?? enginesHome()), projectTfjsVersion(), preferred)[0];
  if (best !== undefined) return fromEngine(best.directory, best.record.variant, best.record.tensorflow);
  const own = findProjectPackage(preferred);
  return own === null
    ? null
    : { packageDirectory: own.directory, directory: own.directory, version: 'unknown' };
}

function usesGpu(backend: unknown): boolean {
  return (
    backend !== null &&
    typeof backend === 'object' &&
    'isUsingGpuDevice' in backend &&
    backend.isUsingGpuDevice === true
  );
}

/** Loads the engine's addon with operations of our own; an engine of the vendor's, or an older one, has none. */
function loadOwnOperations(directory: string): boolean {
  const file = join(directory, 'lib', `napi-v${NAPI_LEVEL}`, OPERATIONS_FILE);
  if (!existsSync(file)) return false;
  try {
    requireFromProject(file);
    return true;
  } catch (error) {
    console.warn(
      `${file} does not load (${error instanceof Error ? error.message : String(error)}): training goes on without it, slower.`,
    );
    return false;
  }
}

async function load(candidate: Candidate, options: NativeOptions): Promise<NativeEngine> {
  prepareEnvironment(candidate, options);
  const tf = requireFromProject('@tensorflow/tfjs') as Tfjs;
  try {
    const loaded = withProjectTfjs(candidate.packageDirectory, () =>
      requireFromProject(candidate.packageDirectory),
    ) as NativePackage;
    if (loaded.engine() !== tf.engine())
      throw new Error('it brought its own copy of tfjs-core, so its backend is not visible here');
    await tf.setBackend('tensorflow');
    await tf.ready();
    replaceSlowKernels(tf);
  } catch (error) {
    throw new TaskatlasError(
      'unavailable',
      `The native engine in ${candidate.directory} does not load (${error instanceof Error ? error.message : String(error)}). ` +
        'Build it again with `taskatlas engine install --force`, or remove it with `taskatlas engine remove` to train on WebAssembly.',
      { cause: error },
    );
  }
  const device = usesGpu(tf.backend()) ? 'gpu' : 'cpu';
  // Written for the processor: on a GPU every use would copy there and back.
  const ownOperations = device === 'cpu' && loadOwnOperations(candidate.packageDirectory);
  return {
    tf,
    name: 'tensorflow',
    device,
    version: candidate.version,
    directory: candidate.directory,
    threads: threadsPerOperation(),
    ownOperations,
  };
}

/** As libtensorflow reads it: 0 or nothing means one per core that this process may use. */
const threadsPerOperation = (): number => {
  const asked = Number.parseInt(process.env.TF_NUM_INTRAOP_THREADS ?? '', 10);
  return asked > 0 ? asked : availableParallelism();
};

let loading: Promise<NativeEngine> | null = null;

/**
 * Loads native TensorFlow into this process and makes it the backend of the project's own tfjs.
 * Looks at `$TASKATLAS_HOME/engines` (default `~/.taskatlas/engines`), then for a tfjs-node that the project holds.
 * One engine per process: later calls get the first answer.
 *
 * @returns null when nothing is installed.
 * @throws TaskatlasError `unavailable` when an engine is there but does not load; the message says what to do.
 */
export async function loadNative(options: NativeOptions = {}): Promise<NativeEngine | null> {
  if (loading !== null) return loading;
  const candidate = findCandidate(options);
  if (candidate === null) return null;
  loading = load(candidate, options);
  return loading;
}

/** What `loadNative` would take, without loading anything: for `doctor`, `start` and device choice. */
export function nativeAvailable(options: NativeOptions = {}): { directory: string; version: string } | null {
  const candidate = findCandidate(options);
  return candidate === null ? null : { directory: candidate.directory, version: candidate.version };
}
