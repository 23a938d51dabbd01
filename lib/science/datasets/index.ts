export { declareTasks } from '../catalog/tasks';
export type { Dataset } from './dataset';
export { IDX_VERSION, idxManifest, openIdx } from './idx';
export { openDataset } from './open';
export {
  openRooms,
  ROOMS_VERSION,
  renderShard,
} from './rooms';
