import type { DatasetSpec } from '../core';
import type { Dataset } from './dataset';
import { decodeShard } from './folders/store';
import { openIdx } from './idx';
import { imageFolderSource, openImageFolder } from './image-folder';
import { type CacheOptions, loadMissingFurniture, openRooms, renderShard, type ShardOptions } from './rooms';
import { openTaskonomy, taskonomySource } from './taskonomy';
import { domainSpecs, joinDomains } from './two-folders';

/** Open any data set by its spec. Pictures of folders that the cache lacks are decoded first; rooms when they are read. */
export async function openDataset(spec: DatasetSpec, options: CacheOptions): Promise<Dataset> {
  const domains = domainSpecs(spec);
  if (domains) {
    const source = await openDataset(domains.source, options);
    return joinDomains(spec, source, await openDataset(domains.target, options));
  }
  switch (spec.kind) {
    case 'rooms':
      await loadMissingFurniture(spec, options.cacheDirectory);
      return openRooms(spec, options);
    case 'taskonomy':
      return await openTaskonomy(spec, options);
    case 'image-folder':
      return await openImageFolder(spec, options);
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
      return await decodeShard(
        await taskonomySource(spec, cacheDirectory),
        shard,
        shards,
        cacheDirectory,
        options,
      );
    case 'image-folder':
      return await decodeShard(
        await imageFolderSource(spec, cacheDirectory),
        shard,
        shards,
        cacheDirectory,
        options,
      );
    default:
      return { images: 0, seconds: 0 };
  }
}
