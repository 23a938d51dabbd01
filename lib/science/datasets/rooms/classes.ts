/** Pixel classes of the semantic segmentation, in label order. */
export const PIXEL_CLASSES = [
  'wall',
  'floor',
  'ceiling',
  'opening',
  'picture',
  'rug',
  'table',
  'chair',
  'sofa',
  'bed',
  'storage',
  'lamp',
  'plant',
] as const;
export type PixelClass = (typeof PIXEL_CLASSES)[number];

/** Clutter (vases, bowls …) and pixels that straddle classes: not labelled, masked. */
export const UNCERTAIN = 255;

export const classIndex = (name: PixelClass | 'clutter'): number =>
  name === 'clutter' ? UNCERTAIN : PIXEL_CLASSES.indexOf(name);

/** Classes that count for the image-level object class. */
export const OBJECT_CLASSES = ['opening', 'table', 'chair', 'sofa', 'bed', 'storage', 'plant'] as const;

/** Kinds of room: the scene classes. */
export const ROOM_KINDS = ['living', 'bedroom', 'dining', 'study', 'kitchen'] as const;
export type RoomKind = (typeof ROOM_KINDS)[number];
