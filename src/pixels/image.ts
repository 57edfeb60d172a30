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
  /** The same picture in several channels, as other windows or neighbouring slices show it; `values` is the first. Absent: one channel. */
  readonly planes?: readonly Float32Array[] | undefined;
  /** Where the picture lies in the presented one, if it was cut or padded for a network; absent: it is all of it. */
  readonly frame?: Frame | undefined;
  /** Beside a frame: all of the presented picture, small, for the checks that need to see it. */
  readonly whole?: GreyImage | undefined;
}

/** A rectangle in fractions of a picture, which may reach beyond it. */
export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Of a picture that was cut for the network before, or that is all of what it sees: it is only resized. */
export const wholeFrame: Frame = { left: 0, top: 0, width: 1, height: 1 };

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
  const cut = (from: Float32Array): Float32Array => {
    const values = new Float32Array(width * height);
    for (let y = 0; y < height; y++) values.set(from.subarray((top + y) * image.width + left, (top + y) * image.width + right), y * width);
    return values;
  };
  const planes = image.planes?.map(cut);
  return { ...image, width, height, values: planes?.[0] ?? cut(image.values), ...(planes ? { planes } : {}) };
}
