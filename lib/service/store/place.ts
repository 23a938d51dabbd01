/** Errors of the operating system that say something of the disk and its rights, and nothing of what was to be written. */
const FAULTS = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM']);

/** Whether a file could not be written since the disk is full, read-only or closed to this process. */
export function isPlaceFault(error: unknown): boolean {
  for (let current = error, depth = 0; current instanceof Error && depth < 6; depth++) {
    if (FAULTS.has((current as NodeJS.ErrnoException).code ?? '')) return true;
    current = current.cause;
  }
  return false;
}
