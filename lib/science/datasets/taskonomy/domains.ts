/** How the values of a domain's files are kept in the cache. */
export type DomainForm =
  /** Picture of bytes, averaged when it is made smaller. */
  | { kind: 'bytes'; channels: number }
  /** Picture of classes or marks: nearest pixel. */
  | { kind: 'labels' }
  /** 16-bit distances in 1/512 m: nearest pixel. */
  | { kind: 'distance' }
  /** 16-bit response, averaged. */
  | { kind: 'response' }
  /** Vector of a .npy file. */
  | { kind: 'vector'; length: number }
  /** Vanishing points of a point_info.json: three unit vectors. */
  | { kind: 'vanishing-points' };

export interface Domain {
  id: string;
  /** Folder names in use: the release, Omnidata, the first sample model. */
  folders: readonly string[];
  /** What stands after `_domain_` in file names. */
  suffixes: readonly string[];
  extension: 'png' | 'npy' | 'json';
  form: DomainForm;
}

const picture = (
  id: string,
  form: DomainForm,
  folders: readonly string[] = [],
  suffixes: readonly string[] = [],
): Domain => ({ id, folders: [id, ...folders], suffixes: [id, ...suffixes], extension: 'png', form });

/** The domains that are read. Others (skyboxes, large pictures, meshes, matches of several views) are counted and left. */
export const DOMAINS: readonly Domain[] = [
  picture('rgb', { kind: 'bytes', channels: 3 }),
  // same suffix as the depth that it belongs to: the folder tells them apart
  picture('mask_valid', { kind: 'labels' }, [], ['depth_zbuffer']),
  picture('depth_zbuffer', { kind: 'distance' }, ['depth'], ['depth']),
  picture('depth_euclidean', { kind: 'distance' }, ['mist'], ['mist']),
  picture('normal', { kind: 'bytes', channels: 3 }, ['normals'], ['normals']),
  picture('reshading', { kind: 'bytes', channels: 1 }, ['reshade'], ['reshade']),
  picture('principal_curvature', { kind: 'bytes', channels: 2 }, ['curvature'], ['curvature']),
  picture('edge_occlusion', { kind: 'response' }, ['edge'], ['edge']),
  picture('edge_texture', { kind: 'response' }, ['edge2d'], ['edge2d']),
  picture('keypoints2d', { kind: 'response' }, ['keypoint2d'], ['keypoint2d']),
  picture('keypoints3d', { kind: 'response' }, ['keypoint', 'keypoint3d'], ['keypoint', 'keypoint3d']),
  picture('segment_semantic', { kind: 'labels' }, ['segmentsemantic'], ['segmentsemantic']),
  {
    id: 'class_object',
    folders: ['class_object', 'softmax1000'],
    suffixes: ['class_object', 'softmax1000'],
    extension: 'npy',
    form: { kind: 'vector', length: 1000 },
  },
  {
    id: 'class_scene',
    folders: ['class_scene', 'places', 'class_places'],
    suffixes: ['class_scene', 'class_places', 'places'],
    extension: 'npy',
    form: { kind: 'vector', length: 365 },
  },
  {
    id: 'point_info',
    folders: ['point_info', 'points'],
    suffixes: ['point_info', 'fixatedpose'],
    extension: 'json',
    form: { kind: 'vanishing-points' },
  },
];

export const domainOf = (id: string): Domain | undefined => DOMAINS.find((domain) => domain.id === id);

/** Distances are stored in 1/512 m; the largest value stands for "nothing there". */
export const DISTANCE_UNITS = 512;
export const NO_DISTANCE = 65535;

/**
 * Classes of `segment_semantic`: value 0 is uncertain (masked), 1–17 are background, bottle, chair, couch, potted plant,
 * bed, dining table, toilet, tv, microwave, oven, toaster, sink, refrigerator, book, clock, vase.
 */
export const SEMANTIC_CLASSES = 17;
