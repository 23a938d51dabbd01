import { type ExecFileSyncOptions, execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { taskatlasHome } from '@/lib/train/engine/native/layout';

const quiet: ExecFileSyncOptions = { stdio: ['ignore', 'ignore', 'pipe'] };

/**
 * A Python of the benchmarks' own, outside of any clone (`$TASKATLAS_HOME/bench-python`), with these packages; null, and
 * a line on stderr that says why, where they cannot be had. Peers are never needed to use Taskatlas.
 */
export function benchPython(packages: Readonly<Record<string, string>>): string | null {
  const directory = path.join(taskatlasHome(), 'bench-python');
  const python = path.join(directory, 'bin', 'python');
  const missing = (): string[] =>
    Object.entries(packages).flatMap(([module, requirement]) =>
      spawnSync(python, [
        '-c',
        `import importlib.util as u; raise SystemExit(u.find_spec(${JSON.stringify(module)}) is None)`,
      ]).status === 0
        ? []
        : [requirement],
    );
  try {
    mkdirSync(path.dirname(directory), { recursive: true });
    if (!existsSync(python)) execFileSync('python3', ['-m', 'venv', directory], quiet);
    const wanted = missing();
    if (wanted.length === 0) return python;
    console.error(`installing ${wanted.join(', ')} for the benchmark's peers into ${directory} …`);
    execFileSync(python, ['-m', 'pip', 'install', '--quiet', ...wanted], quiet);
    return missing().length === 0 ? python : null;
  } catch (error) {
    const lines = (error instanceof Error ? error.message : String(error)).split('\n');
    const said = lines.findLast((line) => line.trim() !== '') ?? 'no reason was given';
    console.error(`Python peers are left out: ${said}`);
    return null;
  }
}
