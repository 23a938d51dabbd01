/** What is wrong with a picture, as the end of a sentence that starts with the file's name. */
export class PictureFault extends Error {
  override name = 'PictureFault';
}

/** A file that cannot be used, and why. */
export interface Fault {
  path: string;
  why: string;
}
