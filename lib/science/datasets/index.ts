export { declareTasks } from '../catalog/tasks';
export type { Dataset, LabelBatch } from './dataset';
export { openDataset } from './open';
export {
  type CacheOptions,
  openRooms,
  ROOMS_VERSION,
  type RoomsSpec,
  renderShard,
  type ShardOptions,
} from './rooms';
