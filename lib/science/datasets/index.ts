export { declareTasks } from '../catalog/tasks';
export type { Dataset, LabelBatch } from './dataset';
export { IDX_VERSION, type IdxSpec, idxManifest, openIdx } from './idx';
export { openDataset } from './open';
export {
  type CacheOptions,
  openRooms,
  ROOMS_VERSION,
  type RoomsSpec,
  renderShard,
  type ShardOptions,
} from './rooms';
