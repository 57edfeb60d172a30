import type { GreyImage } from './image.js';

/** A picture for people: small enough to send, of whole grey levels. */
export interface Preview {
  readonly width: number;
  readonly height: number;
  /** `width * height` grey levels, row by row; 0 black, 255 white. */
  readonly values: Uint8Array;
  /** Height of a pixel over its width. */
  readonly pixelAspect: number;
}

/** Longest side in pixels. */
const previewSide = 1024;

/**
 * The picture reduced by a whole factor, each pixel the mean of a square of the original; columns and rows that fill no
 * whole square are left out at the right and below. One pass: this is done for every image that is analysed.
 *
 * @param longest side in pixels; a picture that is not longer keeps its size
 */
export function previewOf(image: GreyImage, longest = previewSide): Preview {
  const factor = Math.max(1, Math.ceil(Math.max(image.width, image.height) / longest));
  const width = Math.max(1, Math.floor(image.width / factor));
  const height = Math.max(1, Math.floor(image.height / factor));
  const values = new Uint8Array(width * height);
  const across = Math.min(factor, image.width);
  const down = Math.min(factor, image.height);
  const sums = new Float64Array(width);
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    for (let line = 0; line < down; line++) {
      let from = (y * factor + line) * image.width;
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let column = 0; column < across; column++) sum += image.values[from + column]!;
        sums[x]! += sum;
        from += factor;
      }
    }
    for (let x = 0; x < width; x++) values[y * width + x] = Math.round((sums[x]! / (across * down)) * 255);
  }
  return { width, height, values, pixelAspect: image.pixelAspect };
}
