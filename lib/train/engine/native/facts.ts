import { existsSync, realpathSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findProgram } from './command';
import { hasNvidiaDevice } from './locate';

/** What this machine offers for building an engine; gathered once, so that planning is a pure function of it. */
export interface MachineFacts {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  readonly python: string | null;
  readonly npm: string | null;
  readonly compiler: string | null;
  readonly make: string | null;
  readonly tar: string | null;
  /** node-gyp that comes with npm. */
  readonly nodeGyp: string | null;
  /** Folder with `include/node/node_api.h`. */
  readonly nodeHeaders: string | null;
  readonly nvidia: boolean;
  readonly freeBytes: number;
}

function findHeaders(env: NodeJS.ProcessEnv): string | null {
  const candidates = [env.npm_config_nodedir, dirname(dirname(process.execPath)), '/usr', '/usr/local'];
  return (
    candidates.find(
      (folder) =>
        folder !== undefined &&
        existsSync(join(folder, 'include/node/node_api.h')) &&
        existsSync(join(folder, 'include/node/common.gypi')),
    ) ?? null
  );
}

function freeBytesAt(folder: string): number {
  let existing = folder;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  const { bavail, bsize } = statfsSync(existing);
  return bavail * bsize;
}

export function gatherFacts(home: string, env: NodeJS.ProcessEnv = process.env): MachineFacts {
  const npmLink = findProgram('npm', env);
  // The real file: node-gyp lies beside it, and it is run by the Node that runs us.
  const npm = npmLink === null ? null : realpathSync(npmLink);
  const nodeGyp = npm === null ? null : join(npm, '..', '..', 'node_modules/node-gyp/bin/node-gyp.js');
  return {
    platform: process.platform,
    arch: process.arch,
    python: findProgram('python3', env),
    npm,
    compiler: findProgram('g++', env) ?? findProgram('clang++', env),
    make: findProgram('make', env),
    tar: findProgram('tar', env),
    nodeGyp: nodeGyp !== null && existsSync(nodeGyp) ? nodeGyp : null,
    nodeHeaders: findHeaders(env),
    nvidia: hasNvidiaDevice(),
    freeBytes: freeBytesAt(home),
  };
}
