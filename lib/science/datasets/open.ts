import type { DatasetSpec } from '../core';
import type { Dataset } from './dataset';
import { openIdx } from './idx';
import { type CacheOptions, openRooms } from './rooms';

/** Open any data set by its spec. */
export function openDataset(spec: DatasetSpec, options: CacheOptions): Dataset {
  return spec.kind === 'rooms' ? openRooms(spec, options) : openIdx(spec);
}
