import type { MachineFacts } from './facts';
import { type EngineVariant, TESTED_TENSORFLOW } from './layout';

export interface InstallRequest {
  readonly variant: EngineVariant;
  /** TensorFlow wheel that lies on this machine; nothing is asked of the vendor or the Python registry for it. */
  readonly wheel: string | null;
  /** Version to ask the Python registry for. */
  readonly tensorflow: string;
  /** Whether to try the vendor's own download first. */
  readonly vendor: boolean;
}

/** How the binding is compiled: node-gyp as the vendor does, or the compiler directly with headers from npm. */
export type BuildMethod = 'node-gyp' | 'compiler';

export interface WheelRequirement {
  /** Requirement for `pip download`. */
  readonly requirement: string;
  /** Arguments that choose a wheel by hand where this Python's own tags match none. */
  readonly tags: readonly string[];
}

export interface InstallPlan {
  readonly tryVendor: boolean;
  /** Null when the wheel cannot be used on this machine; `blockers` then says why. */
  readonly build: BuildMethod | null;
  /** Tried in this order until one downloads. */
  readonly wheels: readonly WheelRequirement[];
  /** What is missing for the wheel's way, and how to get it. */
  readonly blockers: readonly string[];
  /** Things a person should know before it starts. */
  readonly notes: readonly string[];
}

const GIB = 1024 ** 3;

/** Room that the download, the unpacked libraries and the build need, measured with TensorFlow 2.21.0. */
const SPACE: Record<EngineVariant, number> = { cpu: 2 * GIB, gpu: 12 * GIB };

const WHEEL_ARCH: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };

/** pip picks wheels for its own Python; only C libraries are wanted, so any Python's wheel serves. */
function foreignTags(arch: string): string[] {
  const platforms = ['manylinux_2_28', 'manylinux_2_27', 'manylinux_2_17', 'manylinux2014'];
  return [
    '--only-binary=:all:',
    '--python-version=3.12',
    '--implementation=cp',
    '--abi=cp312',
    ...platforms.map((platform) => `--platform=${platform}_${WHEEL_ARCH[arch] ?? arch}`),
  ];
}

/** Requirements to try: the wanted version by this Python's tags, by fixed tags; for the tested one then any version. */
export function wheelRequirements(
  variant: EngineVariant,
  tensorflow: string,
  arch: string,
): WheelRequirement[] {
  // `tensorflow-cpu` has no CUDA code in it and is half the size, but is published for x86-64 only.
  const names = variant === 'cpu' && arch === 'x64' ? ['tensorflow-cpu', 'tensorflow'] : ['tensorflow'];
  const tags = foreignTags(arch);
  return names.flatMap((name) => [
    { requirement: `${name}==${tensorflow}`, tags: [] },
    { requirement: `${name}==${tensorflow}`, tags },
    // Who asks for another version means that one.
    ...(tensorflow === TESTED_TENSORFLOW ? [{ requirement: name, tags }] : []),
  ]);
}

function findBlockers(request: InstallRequest, facts: MachineFacts): string[] {
  const blockers: string[] = [];
  const distribution =
    'Debian/Ubuntu: `apt-get install python3 python3-pip g++ make`; Fedora: `dnf install python3-pip gcc-c++ make`';
  if (facts.platform !== 'linux')
    blockers.push(
      `building against a TensorFlow wheel is done for Linux only (this is ${facts.platform}); train on WebAssembly, or use a Linux machine or container`,
    );
  else if (WHEEL_ARCH[facts.arch] === undefined)
    blockers.push(`TensorFlow has no wheel for ${facts.arch} processors; train on WebAssembly`);
  if (request.variant === 'gpu' && facts.arch !== 'x64')
    blockers.push(`TensorFlow's GPU libraries are published for x86-64 only (this is ${facts.arch})`);
  if (facts.python === null)
    blockers.push(`python3 is missing (it fetches and unpacks the wheel): ${distribution}`);
  if (facts.compiler === null) blockers.push(`a C++ compiler is missing: ${distribution}`);
  if (facts.tar === null) blockers.push('tar is missing: install it with the package manager of your system');
  if (facts.freeBytes < SPACE[request.variant])
    blockers.push(
      `${Math.round(SPACE[request.variant] / GIB)} GiB of free disk space are needed, ${(facts.freeBytes / GIB).toFixed(1)} GiB are there: make room, or set TASKATLAS_HOME to a larger disk`,
    );
  return blockers;
}

/** What `engine install` will do on this machine. Pure: all that it knows is in its arguments. */
export function planInstall(request: InstallRequest, facts: MachineFacts): InstallPlan {
  const blockers = findBlockers(request, facts);
  if (facts.npm === null)
    return {
      tryVendor: false,
      build: null,
      wheels: [],
      blockers: ['npm is missing: install Node.js with npm', ...blockers],
      notes: [],
    };
  const notes: string[] = [];
  if (request.variant === 'gpu' && !facts.nvidia)
    notes.push(
      'No NVIDIA driver is loaded on this machine: the engine is built and checked on the processor only; its GPU code does not run before a GPU is there.',
    );
  if (request.variant === 'cpu' && facts.nvidia)
    notes.push(
      'An NVIDIA driver is loaded on this machine: `taskatlas engine install --gpu` builds the engine that uses it.',
    );
  if (request.wheel === null && request.tensorflow !== TESTED_TENSORFLOW)
    notes.push(
      `TensorFlow ${request.tensorflow} was not tested with this binding; ${TESTED_TENSORFLOW} was.`,
    );
  const gyp = facts.nodeGyp !== null && facts.nodeHeaders !== null && facts.make !== null;
  return {
    tryVendor: request.vendor && request.wheel === null,
    build: blockers.length > 0 ? null : gyp ? 'node-gyp' : 'compiler',
    wheels: request.wheel === null ? wheelRequirements(request.variant, request.tensorflow, facts.arch) : [],
    blockers,
    notes,
  };
}
