export { declareTasks } from '../catalog/tasks';
export { checkFolder } from './check';
export type { Dataset } from './dataset';
export { readExternalModel } from './external-model';
export { printable } from './folders/fault';
export { encodePng } from './folders/png';
export { IDX_VERSION, idxManifest, openIdx } from './idx';
export { resolveImageFolder } from './image-folder';
export { scanImageFolder } from './image-folder/scan';
export { lookAtPicture } from './look';
export { libraryHash, openLibrary } from './meshes/library';
export { openDataset, prepareDataset } from './open';
export {
  openRooms,
  ROOMS_VERSION,
  renderShard,
} from './rooms';
export { creditsOf, dealLibrary, furnitureOf } from './rooms/furniture-set';
export { classesFault } from './same-classes';
export { smallPicture } from './small-picture';
export { resolveTaskonomy } from './taskonomy';
export { exportRooms } from './taskonomy/export';
export { domainPools } from './two-folders';
export { DATASET_VERSIONS } from './versions';
