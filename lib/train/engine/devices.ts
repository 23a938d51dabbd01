import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { TaskatlasError } from '@/lib/science/core/errors';
import { findProgram } from './native/command';
import { rankEngines } from './native/layout';
import { findProjectPackage, listEngines, projectTfjsVersion } from './native/locate';
import type { BackendName } from './types';

/** One NVIDIA GPU that a process may use. */
export interface Gpu {
  /** As CUDA_VISIBLE_DEVICES takes it: the driver's index, or the UUID that the user named it by. */
  readonly id: string;
  readonly name: string;
  readonly memoryMegabytes: number | null;
}

/** What to compute on; `gpu` with ids means those GPUs only. */
export type DeviceChoice =
  | { kind: 'auto' }
  | { kind: 'cpu' }
  | { kind: 'gpu'; ids: readonly string[] | null };

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads `auto`, `cpu`, `gpu`, or `gpu:0,2` (`--device`, TASKATLAS_DEVICE).
 * @throws TaskatlasError `invalid-input` naming the field
 */
export function parseDevice(text: string | undefined, field: string): DeviceChoice {
  if (text === undefined || text === '' || text === 'auto') return { kind: 'auto' };
  if (text === 'cpu') return { kind: 'cpu' };
  if (text === 'gpu') return { kind: 'gpu', ids: null };
  const ids = text.startsWith('gpu:') ? text.slice(4).split(',') : [];
  const named =
    ids.every((id) => /^(?:\d+|(?:GPU|MIG)-[\w/-]+)$/.test(id)) && new Set(ids).size === ids.length;
  if (ids.length > 0 && named) return { kind: 'gpu', ids };
  const message = `"${text}" is no device: use auto, cpu, gpu, or gpu:0,1 with each GPU's number once.`;
  throw new TaskatlasError('invalid-input', `${field}: ${message}`, { issues: [{ path: field, message }] });
}

/** Rows of `nvidia-smi --query-gpu=index,uuid,name,memory.total --format=csv,noheader,nounits`. */
export function parseGpuTable(text: string): (Gpu & { readonly uuid: string })[] {
  return text.split('\n').flatMap((line) => {
    const [id = '', uuid = '', name = '', memory = ''] = line.split(',').map((cell) => cell.trim());
    if (!/^\d+$/.test(id)) return [];
    return [{ id, uuid, name, memoryMegabytes: /^\d+$/.test(memory) ? Number(memory) : null }];
  });
}

/** GPUs of the machine by the driver's tool, else by the driver's folder, without their names. */
function machineGpus(): (Gpu & { readonly uuid: string })[] {
  const columns = '--query-gpu=index,uuid,name,memory.total';
  const tool = findProgram('nvidia-smi');
  if (tool !== null) {
    const options = { encoding: 'utf8', timeout: 20_000 } as const;
    const { status, stdout } = spawnSync(tool, [columns, '--format=csv,noheader,nounits'], options);
    if (status === 0) return parseGpuTable(stdout);
  }
  const folder = '/proc/driver/nvidia/gpus';
  const found = existsSync(folder) ? readdirSync(folder) : [];
  return found.map((_, i) => ({ id: String(i), uuid: '', name: 'NVIDIA GPU', memoryMegabytes: null }));
}

/** GPUs that CUDA_VISIBLE_DEVICES leaves over, in its order; as CUDA does, all after an unknown one are left out. */
export function visibleGpus(
  machine: readonly (Gpu & { readonly uuid: string })[],
  env: Environment,
): readonly Gpu[] {
  const visible = env.CUDA_VISIBLE_DEVICES;
  if (visible === undefined) return machine;
  const chosen: Gpu[] = [];
  for (const id of visible.split(',').map((part) => part.trim())) {
    const slice = id.startsWith('MIG-') ? { name: 'NVIDIA MIG slice', memoryMegabytes: null } : undefined;
    const gpu = machine.find((g) => g.id === id || (id.startsWith('GPU-') && g.uuid.startsWith(id))) ?? slice;
    if (!gpu) break;
    chosen.push({ ...gpu, id });
  }
  return chosen;
}

/** GPUs that this process may use. */
export const listGpus = (env: Environment = process.env): readonly Gpu[] => visibleGpus(machineGpus(), env);

/** Whether an engine that can compute on GPUs is installed (`taskatlas engine install --gpu`). */
export function gpuEngineInstalled(): boolean {
  const best = rankEngines(listEngines(), projectTfjsVersion(), 'gpu')[0];
  return best?.record.variant === 'gpu' || findProjectPackage('gpu')?.variant === 'gpu';
}

/** Whether CUDA_VISIBLE_DEVICES hides every GPU from this process. */
export const gpusHidden = (env: Environment = process.env): boolean =>
  env.CUDA_VISIBLE_DEVICES !== undefined && !/^\s*(?:\d|GPU-|MIG-)/.test(env.CUDA_VISIBLE_DEVICES);

export interface WorkerRequest {
  device: DeviceChoice;
  gpus: readonly Gpu[];
  /** Whether an engine that computes on GPUs is installed. */
  gpuEngine: boolean;
  cores: number;
  engine?: 'auto' | BackendName | undefined;
  /** Worker processes in all; one per core, or one per GPU times `workersPerGpu`, when absent. */
  workers?: number | undefined;
  workersPerGpu?: number | undefined;
}

/** What one worker process is started with. */
export interface WorkerPlace {
  readonly environment: Readonly<Record<string, string>>;
  readonly threads: number;
  /** In words, for the log. */
  readonly device: string;
}

/** Threads for each of `workers` engines on `cores` cores: together they never ask for more than there are. */
export const threadsPerWorker = (workers: number, cores: number): number =>
  Math.max(1, Math.floor(cores / Math.max(1, workers)));

/** The GPUs to use; none = the processor. @throws TaskatlasError when those asked for are not to be had */
function chosenGpus({ device, gpus, gpuEngine, engine = 'auto' }: WorkerRequest): readonly Gpu[] {
  const byName = engine !== 'auto' && engine !== 'tensorflow';
  if (device.kind === 'cpu') return [];
  if (device.kind === 'auto') return byName || !gpuEngine ? [] : gpus;
  if (byName) {
    throw new TaskatlasError(
      'invalid-input',
      `The engine ${engine} does not compute on GPUs: leave --engine out, or use --device cpu.`,
    );
  }
  if (gpus.length === 0) {
    throw new TaskatlasError(
      'unavailable',
      'No NVIDIA GPU is visible here: `nvidia-smi` must list it, and CUDA_VISIBLE_DEVICES must not hide it.',
    );
  }
  if (!gpuEngine) {
    throw new TaskatlasError(
      'unavailable',
      'No engine for GPUs is installed: run `taskatlas engine install --gpu`, or use --device cpu.',
    );
  }
  const ids = device.ids ?? gpus.map((gpu) => gpu.id);
  return ids.map((id) => {
    const gpu = gpus.find((g) => g.id === id);
    if (gpu) return gpu;
    const there = gpus.map((g) => g.id).join(', ');
    throw new TaskatlasError('invalid-input', `There is no GPU ${id} here; visible: ${there}.`);
  });
}

/**
 * Places the worker processes: on GPUs each sees one only (CUDA_VISIBLE_DEVICES), dealt out in turn, and takes memory as
 * it needs it, so that several fit; on the processor they share the cores.
 * @throws TaskatlasError `invalid-input` or `unavailable` when the devices asked for are not to be had
 */
export function placeWorkers(request: WorkerRequest): readonly WorkerPlace[] {
  const gpus = chosenGpus(request);
  const { cores, device, workersPerGpu = 1 } = request;
  const count = request.workers ?? (gpus.length > 0 ? gpus.length * workersPerGpu : cores);
  const threads = threadsPerWorker(count, cores);
  return Array.from({ length: count }, (_, i) => {
    const gpu = gpus[i % Math.max(1, gpus.length)];
    if (gpu) {
      const environment = { CUDA_VISIBLE_DEVICES: gpu.id, TF_FORCE_GPU_ALLOW_GROWTH: 'true' };
      return { environment, threads, device: `GPU ${gpu.id} (${gpu.name})` };
    }
    const hidden: Record<string, string> = device.kind === 'cpu' ? { CUDA_VISIBLE_DEVICES: '-1' } : {};
    return { environment: hidden, threads, device: 'processor' };
  });
}
