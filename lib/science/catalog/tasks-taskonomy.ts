import type { TaskDeclaration, TaskHead } from '../core';
import { ROOMS_TASKS } from './tasks-rooms';

/** The domain that a task's labels come from; tasks that are not here come from the picture itself. */
const DOMAIN_OF: Readonly<Record<string, string>> = {
  'edges-occlusion': 'edge_occlusion',
  'z-depth': 'depth_zbuffer',
  distance: 'depth_euclidean',
  'surface-normals': 'normal',
  reshading: 'reshading',
  curvature: 'principal_curvature',
  'keypoints-3d': 'keypoints3d',
  'semantic-segmentation': 'segment_semantic',
  'object-class': 'class_object',
  'scene-class': 'class_scene',
  'vanishing-points': 'point_info',
};

const FROM_PICTURE = [
  'autoencoding',
  'denoising',
  'inpainting',
  'colorization',
  'jigsaw',
  'rotation',
  'edges-2d',
  'keypoints-2d',
  'random-projection',
];

interface Change {
  summary: string;
  head?: TaskHead;
  loss?: TaskDeclaration['loss'];
  version?: number;
}

const CHANGES: Readonly<Record<string, Change>> = {
  'edges-2d': {
    summary: 'Texture edges: the files’ response, √, in [−1, 1]; from the picture where there is none.',
  },
  'keypoints-2d': {
    summary: '2D keypoints: the files’ response, √, in [−1, 1]; from the picture where there is none.',
  },
  'edges-occlusion': { summary: 'Occlusion edges: the files’ response, √, in [−1, 1].' },
  'keypoints-3d': { summary: '3D keypoints: the files’ response, √, in [−1, 1].' },
  'surface-normals': { summary: 'Normals of the scan by the files’ axes, components in [−1, 1].' },
  curvature: { summary: 'Principal curvatures as stored, (value − 127) / 32.' },
  reshading: { summary: 'The mesh under new light as stored, standardised.' },
  'semantic-segmentation': {
    summary: 'Class of each pixel among 17 (a network’s annotation); uncertain pixels are masked.',
    head: { kind: 'pixel-classes', classes: 17 },
  },
  'object-class': {
    summary: 'Shares of 1,000 object classes by a teacher network (soft labels).',
    head: { kind: 'classes', classes: 1000 },
    loss: 'soft-cross-entropy',
  },
  'scene-class': {
    summary: 'Shares of 365 kinds of place by a teacher network (soft labels).',
    head: { kind: 'classes', classes: 365 },
    loss: 'soft-cross-entropy',
    version: 2,
  },
  'vanishing-points': {
    summary: 'Three vanishing points on the Gaussian sphere, camera frame (nine coordinates).',
  },
};

/** Every task that a folder in the Taskonomy layout can have, in display order. */
export const TASKONOMY_TASKS: readonly TaskDeclaration[] = ROOMS_TASKS.filter(
  (task) => FROM_PICTURE.includes(task.id) || task.id in DOMAIN_OF,
).map((task) => ({ ...task, ...CHANGES[task.id], version: 1 }));

/** The tasks of a folder that holds these domains. */
export const taskonomyTasks = (domains: readonly string[]): readonly TaskDeclaration[] =>
  TASKONOMY_TASKS.filter(({ id }) => {
    const domain = DOMAIN_OF[id];
    return domain === undefined || domains.includes(domain);
  });
