/** Names of the published tasks by their key in the result files (Zamir et al. 2018, figures 7 and 13). */
export const TASKONOMY_NAMES: Readonly<Record<string, string>> = {
  autoencoder: 'Autoencoding',
  class_1000: 'Object Class. (1000)',
  class_places: 'Scene Class.',
  class_selected: 'Object Class. (100)',
  colorization: 'Colorization',
  curvature: 'Curvature',
  denoise: 'Denoising',
  edge2d: '2D Edges',
  edge3d: 'Occlusion Edges',
  ego_motion: 'Egomotion',
  fix_pose: 'Cam. Pose (fix)',
  impainting_whole: 'In-painting',
  jigsaw: 'Jigsaw',
  keypoint2d: '2D Keypoints',
  keypoint3d: '3D Keypoints',
  non_fixated_pose: 'Cam. Pose (nonfix)',
  point_match: 'Matching',
  random: 'Random Proj.',
  reshade: 'Reshading',
  rgb2depth: 'Z-Depth',
  rgb2mist: 'Distance',
  rgb2sfnorm: 'Normals',
  room_layout: 'Layout',
  segment25d: '2.5D Segm.',
  segment2d: '2D Segm.',
  segmentsemantic_rb: 'Semantic Segm.',
  vanishing_point_well_defined: 'Vanishing Pts.',
};

/** Tasks that the paper uses as sources only. */
export const TASKONOMY_SOURCE_ONLY = ['colorization', 'impainting_whole', 'jigsaw', 'random'] as const;
