import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runCommand } from './command';
import type { MachineFacts } from './facts';
import { type EngineVariant, packageDirectory } from './layout';

export type VendorOutcome =
  | { readonly ok: true; readonly tensorflow: string }
  | { readonly ok: false; readonly reason: string };

/** Bytes below a folder; how the download is seen to move. */
function bytesIn(folder: string): number {
  if (!existsSync(folder)) return 0;
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    return sum + (entry.isDirectory() ? bytesIn(path) : entry.isFile() ? statSync(path).size : 0);
  }, 0);
}

/** Stops a download that has stood still for `patience` seconds. */
export function stallWatch(measure: () => number, patience: number): (elapsed: number) => string | null {
  let seen = -1;
  let since = 0;
  return (elapsed) => {
    const now = measure();
    if (now !== seen) {
      seen = now;
      since = elapsed;
    }
    return elapsed - since >= patience ? `nothing arrived for ${patience} seconds` : null;
  };
}

/** The line that says why, out of a Node stack trace or node-pre-gyp's log. */
export function reasonIn(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  return (
    lines.find((line) =>
      /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|CERT_|SELF_SIGNED)/.test(line),
    ) ??
    lines.findLast((line) => /error/i.test(line)) ??
    lines.findLast((line) => line !== '') ??
    'no message'
  ).slice(0, 160);
}

const libtensorflowVersion = (directory: string): string => {
  const text = readFileSync(join(directory, 'scripts/deps-constants.js'), 'utf8');
  return /LIBTENSORFLOW_VERSION\s*=\s*'([^']+)'/.exec(text)?.[1] ?? '0.0.0';
};

/**
 * Runs the package's own install script: it fetches libtensorflow and a prebuilt binding from the vendor's storage
 * (mirrors: TFJS_NODE_CDN_STORAGE, TFJS_NODE_BASE_URI). On failure the package folder is as before.
 */
export async function tryVendor(
  facts: MachineFacts,
  variant: EngineVariant,
  staging: string,
  patience: number,
): Promise<VendorOutcome> {
  const directory = packageDirectory(staging, variant);
  const deps = join(directory, 'deps');
  const result = await runCommand(process.execPath, ['scripts/install.js', variant, 'download'], {
    cwd: directory,
    env: {
      ...process.env,
      PATH: `${join(staging, 'node_modules/.bin')}:${dirname(process.execPath)}:${process.env.PATH ?? ''}`,
      ...(facts.nodeHeaders === null ? {} : { npm_config_nodedir: facts.nodeHeaders }),
    },
    watch: stallWatch(
      () => bytesIn(deps) + bytesIn(join(directory, 'lib')) + bytesIn(join(directory, 'build')),
      patience,
    ),
  });
  const built =
    existsSync(join(directory, 'lib')) &&
    readdirSync(join(directory, 'lib')).some((level) =>
      existsSync(join(directory, 'lib', level, 'tfjs_binding.node')),
    );
  if (result.code === 0 && built) return { ok: true, tensorflow: libtensorflowVersion(directory) };
  clearVendor(staging, variant);
  return { ok: false, reason: result.stoppedBecause ?? reasonIn(result.output) };
}

/** Takes away what the vendor's script put there. */
export function clearVendor(staging: string, variant: EngineVariant): void {
  for (const made of ['deps', 'lib', 'build'])
    rmSync(join(packageDirectory(staging, variant), made), { recursive: true, force: true });
}
