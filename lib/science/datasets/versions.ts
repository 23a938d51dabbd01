import type { DatasetSpec } from '../core';
import { IDX_VERSION } from './idx';
import { IMAGE_FOLDER_VERSION } from './image-folder';
import { ROOMS_VERSION } from './rooms';
import { TASKONOMY_VERSION } from './taskonomy';

/** The version of each kind of data set that this build makes or reads. */
export const DATASET_VERSIONS: Readonly<Record<DatasetSpec['kind'], number>> = {
  rooms: ROOMS_VERSION,
  idx: IDX_VERSION,
  'image-folder': IMAGE_FOLDER_VERSION,
  taskonomy: TASKONOMY_VERSION,
};
