import type { TaskId } from '@/lib/science/core';

/**
 * Our tasks in the names of the published Taskonomy results (as imported: lower case, hyphens). The published
 * `rgb2depth` is z-depth and `rgb2mist` distance, by the repository's own list of names.
 */
export const PUBLISHED_IDS: Readonly<Record<TaskId, readonly TaskId[]>> = {
  autoencoding: ['autoencoder'],
  denoising: ['denoise'],
  inpainting: ['impainting-whole'],
  colorization: ['colorization'],
  jigsaw: ['jigsaw'],
  'edges-2d': ['edge2d'],
  'keypoints-2d': ['keypoint2d'],
  'segmentation-2d': ['segment2d'],
  'edges-occlusion': ['edge3d'],
  'z-depth': ['rgb2depth'],
  distance: ['rgb2mist'],
  'surface-normals': ['rgb2sfnorm'],
  reshading: ['reshade'],
  curvature: ['curvature'],
  'keypoints-3d': ['keypoint3d'],
  'segmentation-25d': ['segment25d'],
  'semantic-segmentation': ['segmentsemantic-rb'],
  'object-class': ['class-1000'],
  'scene-class': ['class-places'],
  'room-layout': ['room-layout'],
  'vanishing-points': ['vanishing-point-well-defined'],
  'pose-fixated': ['fix-pose'],
  'pose-nonfixated': ['non-fixated-pose'],
  egomotion: ['ego-motion'],
  'point-matching': ['point-match'],
  'random-projection': ['random'],
};
