export { declareTasks } from '../catalog/tasks';
export { checkFolder } from './check';
export type { Dataset } from './dataset';
export { readExternalModel } from './external-model';
export { IDX_VERSION, idxManifest, openIdx } from './idx';
export { resolveImageFolder } from './image-folder';
export { openDataset, prepareDataset } from './open';
export {
  openRooms,
  ROOMS_VERSION,
  renderShard,
} from './rooms';
export { resolveTaskonomy } from './taskonomy';
export { exportRooms } from './taskonomy/export';
