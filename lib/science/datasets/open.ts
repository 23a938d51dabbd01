import { type DatasetSpec, TaskatlasError } from '../core';
import type { Dataset } from './dataset';
import { type CacheOptions, openRooms } from './rooms';

/** Open any data set by its spec. */
export function openDataset(spec: DatasetSpec, options: CacheOptions): Dataset {
  if (spec.kind === 'rooms') return openRooms(spec, options);
  throw new TaskatlasError('unavailable', 'IDX data sets are not built yet.');
}
