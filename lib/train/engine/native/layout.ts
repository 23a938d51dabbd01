import { homedir } from 'node:os';
import { join } from 'node:path';

/** What the libtensorflow inside was built for. A `gpu` engine also runs on the processor when no GPU is there. */
export type EngineVariant = 'cpu' | 'gpu';

/** Name and version that identify an engine; also the name of its folder. */
export interface EngineName {
  readonly tfjs: string;
  readonly tensorflow: string;
  readonly variant: EngineVariant;
}

/** What verification saw when it trained on the engine, before the engine was moved into place. */
export interface VerifiedRecord {
  readonly at: string;
  readonly node: string;
  readonly device: EngineVariant;
  readonly steps: number;
  readonly tensorsLeaked: number;
  readonly startMilliseconds: number;
}

/** Contents of `engine.json`: how the engine came to be, for a person who asks later. */
export interface EngineRecord extends EngineName {
  readonly format: 1;
  readonly origin: 'vendor' | 'wheel';
  /** Wheel or download that the libraries came from. */
  readonly source: string;
  readonly builtWith: string;
  readonly createdAt: string;
  readonly verified: VerifiedRecord;
}

export interface InstalledEngine {
  readonly directory: string;
  readonly record: EngineRecord;
}

/** libtensorflow that the binding was built and tested against here; another can be asked for. */
export const TESTED_TENSORFLOW = '2.21.0';

export const RECORD_FILE = 'engine.json';

/** npm package that holds the JavaScript side and the sources of the binding. */
export const packageName = (variant: EngineVariant): string =>
  variant === 'gpu' ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node';

/** Folder of that package inside an engine folder (or a staging folder). */
export const packageDirectory = (engineDirectory: string, variant: EngineVariant): string =>
  join(engineDirectory, 'node_modules', ...packageName(variant).split('/'));

/** N-API level that the binding is built for; the vendor's newest. */
export const NAPI_LEVEL = 8;

/** Addon with the operations of `operations.cc`, beside the binding. */
export const OPERATIONS_FILE = 'taskatlas_operations.node';

export const bindingFile = (engineDirectory: string, variant: EngineVariant): string =>
  join(packageDirectory(engineDirectory, variant), 'lib', `napi-v${NAPI_LEVEL}`, 'tfjs_binding.node');

type Environment = Readonly<Record<string, string | undefined>>;

/** Everything Taskatlas keeps for a user, outside of any clone: `$TASKATLAS_HOME`, else `~/.taskatlas`. */
export const taskatlasHome = (env: Environment = process.env): string =>
  env.TASKATLAS_HOME !== undefined && env.TASKATLAS_HOME !== ''
    ? env.TASKATLAS_HOME
    : join(homedir(), '.taskatlas');

export const enginesHome = (env: Environment = process.env): string => join(taskatlasHome(env), 'engines');

export const directoryName = (name: EngineName): string => `${name.tfjs}-${name.tensorflow}-${name.variant}`;

const DIRECTORY = /^(\d+\.\d+\.\d+[^-]*)-(\d+\.\d+\.\d+[^-]*)-(cpu|gpu)$/;

/** Inverse of `directoryName`; null for anything else (temporary folders start with a dot). */
export function parseDirectoryName(text: string): EngineName | null {
  const match = DIRECTORY.exec(text);
  const [, tfjs, tensorflow, variant] = match ?? [];
  if (tfjs === undefined || tensorflow === undefined || (variant !== 'cpu' && variant !== 'gpu')) return null;
  return { tfjs, tensorflow, variant };
}

/** Numeric comparison of dotted versions: 2.9.1 < 2.21.0. Non-numeric tails count as 0. */
export function compareVersions(a: string, b: string): number {
  const parts = (version: string): number[] =>
    version.split('.').map((part) => Number.parseInt(part, 10) || 0);
  const left = parts(a);
  const right = parts(b);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}

/**
 * Engines that can serve this project, best first: same tfjs version (the kernels call into its core), the
 * wanted variant before the other one, newer libtensorflow before older.
 */
export function rankEngines(
  installed: readonly InstalledEngine[],
  tfjs: string,
  preferred: EngineVariant,
): InstalledEngine[] {
  return installed
    .filter((engine) => engine.record.tfjs === tfjs)
    .sort((a, b) => {
      if (a.record.variant !== b.record.variant) return a.record.variant === preferred ? -1 : 1;
      return compareVersions(b.record.tensorflow, a.record.tensorflow);
    });
}
