// Plain JavaScript that Node reads without anything installed: bin/bootstrap.mjs takes a lock before there are packages.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Between two looks at a lock that another process holds. */
const LOOK_MS = 50;
/** A lock that was just taken is looked at once more after this long: two that took a dead one's at once see each other. */
const SETTLE_MS = 10;

/**
 * State and start of a process of this machine from `/proc`, or null where there is none.
 * @param {number} pid
 * @returns {{ state: string, started: string } | null}
 */
function readStat(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // "pid (name) state …": the name may itself hold brackets and blanks. The 22nd field is the start.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return { state: fields[0] ?? '', started: `${boot} ${fields[19]}` };
  } catch {
    return null;
  }
}

/**
 * Whether a process of this machine runs. One of another user counts as alive. One that has ended does not, even while
 * it waits for its parent to ask how: an orphan's parent is process 1, which asks late on some machines and never in a
 * container whose process 1 is a plain program.
 * @param {number} pid
 * @returns {boolean}
 */
export function isAlive(pid) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
  return !/^[ZX]/.test(readStat(pid)?.state ?? '');
}

/**
 * When a process began, in words of its system; null when that cannot be told. With its id it names one process: ids
 * are used again.
 * @param {number} pid
 * @returns {string | null}
 */
export function startOf(pid) {
  const stat = readStat(pid);
  if (stat) return stat.started;
  const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout?.trim() || null;
}

/**
 * Whether that very process runs, and not another that got its id later.
 * @param {{ pid: number, started?: string | null | undefined }} known
 * @returns {boolean}
 */
export const stillRuns = ({ pid, started }) => isAlive(pid) && (!started || startOf(pid) === started);

/**
 * The process that a lock names; null for a file that is no lock or is not there.
 * @param {string} text
 * @returns {{ pid: number, started: string | null } | null}
 */
function holderIn(text) {
  try {
    const { pid, started } = JSON.parse(text);
    return Number.isInteger(pid) && pid > 0
      ? { pid, started: typeof started === 'string' ? started : null }
      : null;
  } catch {
    return null;
  }
}

/**
 * @param {string} file
 * @returns {string | null}
 */
function textOf(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Puts a file with this text where there is none, in one step. Answers whether there was none.
 * @param {string} file
 * @param {string} text
 * @returns {boolean}
 */
function create(file, text) {
  const fresh = `${file}.${process.pid}-${randomBytes(4).toString('hex')}`;
  writeFileSync(fresh, text, { mode: 0o600 });
  try {
    linkSync(fresh, file);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(fresh, { force: true });
  }
}

/**
 * Takes the lock of a dead process away. Of several that try at once one moves the file; if it was no longer the dead
 * one's, it goes back.
 * @param {string} file
 * @param {string} dead the text that was read in it
 */
function clear(file, dead) {
  const grabbed = `${file}.${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    renameSync(file, grabbed);
    if (readFileSync(grabbed, 'utf8') !== dead) linkSync(grabbed, file);
  } catch {
    // Another was faster.
  } finally {
    rmSync(grabbed, { force: true });
  }
}

/**
 * Takes a lock: a file that names its holder, by process id and start. The lock of a process that is gone, whose id
 * another process has by now, or of which the file is unreadable is taken over.
 * @param {string} file
 * @param {{ patienceMs: number, onWait?: (pid: number) => void }} options
 * @returns {Promise<{ taken: true, release: () => void } | { taken: false, pid: number }>}
 */
export async function takeLock(file, { patienceMs, onWait }) {
  const deadline = Date.now() + patienceMs;
  const mine = JSON.stringify({
    pid: process.pid,
    started: startOf(process.pid),
    token: randomBytes(8).toString('hex'),
  });
  mkdirSync(dirname(file), { recursive: true });
  let told = false;
  for (;;) {
    if (create(file, mine)) {
      await sleep(SETTLE_MS);
      if (textOf(file) === mine) break;
    }
    const text = textOf(file);
    if (text === null) continue;
    const holder = holderIn(text);
    if (holder === null || !stillRuns(holder)) {
      clear(file, text);
      continue;
    }
    if (Date.now() >= deadline) return { taken: false, pid: holder.pid };
    if (!told) onWait?.(holder.pid);
    told = true;
    await sleep(LOOK_MS);
  }
  const release = () => {
    if (textOf(file) === mine) rmSync(file, { force: true });
  };
  return { taken: true, release };
}
