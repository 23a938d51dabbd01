import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of this clone. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Files that belong to this clone and are not in git: artifacts, caches, logs, the running instance. */
export const stateDirectory = process.env.TASKATLAS_STATE ?? join(root, '.taskatlas');

/** Written by `start` while it runs: URL and process id. */
export const instanceFile = join(stateDirectory, 'instance.json');
export const artifactsDirectory = process.env.TASKATLAS_ARTIFACTS ?? join(stateDirectory, 'artifacts');
export const cacheDirectory = process.env.TASKATLAS_CACHE ?? join(stateDirectory, 'cache');
export const logsDirectory = join(stateDirectory, 'logs');
