/**
 * One grey picture as a radiologist would see it.
 *
 * `values` are row-major, `width * height` float32 in [0, 1]; 0 is black. MONOCHROME2 sense: air and lung are
 * dark, bone is bright, whatever the photometric interpretation of the source was.
 */
export interface GreyImage {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
  /**
   * Physical size of a pixel relative to its neighbour direction: row spacing / column spacing, 1 if unknown.
   * (Pixel Aspect Ratio 0028,0034, Pixel Spacing or Imager Pixel Spacing.)
   */
  readonly pixelAspect: number;
}

/** A region in pixels of the picture: column and row of its edges, right and bottom exclusive. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** The part of a picture inside a box; the picture itself if the box is all of it. */
export function cropped(image: GreyImage, { left, top, right, bottom }: Box): GreyImage {
  const width = right - left;
  const height = bottom - top;
  if (width === image.width && height === image.height) return image;
  const values = new Float32Array(width * height);
  for (let y = 0; y < height; y++)
    values.set(image.values.subarray((top + y) * image.width + left, (top + y) * image.width + right), y * width);
  return { ...image, width, height, values };
}
