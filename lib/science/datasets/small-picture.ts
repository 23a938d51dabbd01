import sharp from 'sharp';

/** Height of a small picture; several pictures side by side keep their widths' ratio. */
const HEIGHT = 32;

/** A picture as small as a strip shows it, in 16 colours: a kilobyte or less, in place of three to twelve. */
export const smallPicture = async (png: Uint8Array): Promise<Uint8Array> =>
  new Uint8Array(
    await sharp(png)
      .resize({ height: HEIGHT, withoutEnlargement: true })
      .png({ palette: true, colours: 16, effort: 10, compressionLevel: 9 })
      .toBuffer(),
  );
