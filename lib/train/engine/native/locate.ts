import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { TaskatlasError } from '@/lib/science/core/errors';
import {
  type EngineRecord,
  type EngineVariant,
  enginesHome,
  type InstalledEngine,
  packageName,
  parseDirectoryName,
  RECORD_FILE,
} from './layout';

const requireFromProject = createRequire(import.meta.url);

function versionOf(packageJson: string): string {
  const parsed: unknown = JSON.parse(readFileSync(packageJson, 'utf8'));
  if (parsed !== null && typeof parsed === 'object' && 'version' in parsed) return String(parsed.version);
  throw new Error(`no version in ${packageJson}`);
}

/** Version of the `@tensorflow/tfjs` that this project runs; an engine must have the same. */
export const projectTfjsVersion = (): string =>
  versionOf(requireFromProject.resolve('@tensorflow/tfjs/package.json'));

function readRecord(directory: string): EngineRecord | null {
  try {
    const parsed = JSON.parse(readFileSync(join(directory, RECORD_FILE), 'utf8')) as EngineRecord;
    return parsed.format === 1 ? parsed : null;
  } catch {
    return null;
  }
}

export function writeRecord(directory: string, record: EngineRecord): void {
  writeFileSync(join(directory, RECORD_FILE), `${JSON.stringify(record, null, 2)}\n`);
}

/** Engines under the engines folder; half-built and foreign folders are not engines. */
export function listEngines(home: string = enginesHome()): InstalledEngine[] {
  if (!existsSync(home)) return [];
  return readdirSync(home)
    .sort()
    .flatMap((entry) => {
      if (parseDirectoryName(entry) === null) return [];
      const directory = join(home, entry);
      const record = readRecord(directory);
      return record === null ? [] : [{ directory, record }];
    });
}

/** Removes an engine in one visible step (a rename), then its files. */
export function removeEngine(engine: InstalledEngine): void {
  const doomed = `${engine.directory}.removing-${process.pid}`;
  renameSync(engine.directory, doomed);
  rmSync(doomed, { recursive: true, force: true });
}

/** Puts a finished folder in place; an engine of the same name is replaced. The swap is two renames. */
export function moveIntoPlace(staged: string, target: string): void {
  const old = `${target}.replaced-${process.pid}`;
  const replaces = existsSync(target);
  if (replaces) renameSync(target, old);
  try {
    renameSync(staged, target);
  } catch (error) {
    if (replaces) renameSync(old, target);
    throw error;
  }
  if (replaces) rmSync(old, { recursive: true, force: true });
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};

/** Folder to build in: beside the final place, so that the last step is a rename on one file system. */
export function createStaging(home: string, label: string): string {
  try {
    mkdirSync(home, { recursive: true });
  } catch (cause) {
    throw new TaskatlasError(
      'unavailable',
      `There can be no folder ${home} (${cause instanceof Error ? cause.message : String(cause)}): set TASKATLAS_HOME to one that can be written.`,
      { cause },
    );
  }
  for (const entry of readdirSync(home)) {
    const pid = /(?:^\.staging-.*|\.(?:removing|replaced))-(\d+)$/.exec(entry)?.[1];
    if (pid !== undefined && !isAlive(Number(pid)))
      rmSync(join(home, entry), { recursive: true, force: true });
  }
  const staging = join(home, `.staging-${label}-${process.pid}`);
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging);
  return staging;
}

/** A tfjs-node that someone installed into the project itself, if its native part is there. */
export function findProjectPackage(
  preferred: EngineVariant,
): { variant: EngineVariant; directory: string } | null {
  const order: EngineVariant[] = preferred === 'gpu' ? ['gpu', 'cpu'] : ['cpu', 'gpu'];
  for (const variant of order) {
    try {
      const directory = join(requireFromProject.resolve(`${packageName(variant)}/package.json`), '..');
      const built = existsSync(join(directory, 'lib')) && readdirSync(join(directory, 'lib')).length > 0;
      if (built) return { variant, directory };
    } catch {
      // Not installed: the usual case.
    }
  }
  return null;
}

/** Whether an NVIDIA driver is loaded on this machine (Linux device nodes, or the WSL bridge). */
export const hasNvidiaDevice = (exists: (path: string) => boolean = existsSync): boolean =>
  ['/dev/nvidia0', '/dev/nvidiactl', '/proc/driver/nvidia/version', '/dev/dxg'].some(exists);
