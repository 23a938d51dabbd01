import type { DatasetSpec } from '../core';
import type { Dataset } from './dataset';
import { decodeShard } from './folders/store';
import { openIdx } from './idx';
import { imageFolderSource, openImageFolder } from './image-folder';
import { type CacheOptions, openRooms, renderShard, type ShardOptions } from './rooms';
import { openTaskonomy, taskonomySource } from './taskonomy';
import { domainSpecs, joinDomains } from './two-folders';

/** Open any data set by its spec. */
export function openDataset(spec: DatasetSpec, options: CacheOptions): Dataset {
  const domains = domainSpecs(spec);
  if (domains)
    return joinDomains(spec, openDataset(domains.source, options), openDataset(domains.target, options));
  switch (spec.kind) {
    case 'rooms':
      return openRooms(spec, options);
    case 'taskonomy':
      return openTaskonomy(spec, options);
    case 'image-folder':
      return openImageFolder(spec, options);
    default:
      return openIdx(spec);
  }
}

/** Brings shard `shard` of `shards` into the cache: rendered or decoded. IDX files are read where they lie. */
export async function prepareDataset(
  spec: DatasetSpec,
  shard: number,
  shards: number,
  cacheDirectory: string,
  options: ShardOptions = {},
): Promise<{ images: number; seconds: number }> {
  const domains = domainSpecs(spec);
  if (domains) {
    const source = await prepareDataset(domains.source, shard, shards, cacheDirectory, options);
    const target = await prepareDataset(domains.target, shard, shards, cacheDirectory, options);
    return { images: source.images + target.images, seconds: source.seconds + target.seconds };
  }
  switch (spec.kind) {
    case 'rooms':
      return renderShard(spec, shard, shards, cacheDirectory, options);
    case 'taskonomy':
      return decodeShard(taskonomySource(spec, cacheDirectory), shard, shards, cacheDirectory, options);
    case 'image-folder':
      return decodeShard(imageFolderSource(spec, cacheDirectory), shard, shards, cacheDirectory, options);
    default:
      return { images: 0, seconds: 0 };
  }
}
