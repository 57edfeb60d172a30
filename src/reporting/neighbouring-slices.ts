import type { AxialSlice } from '../pixels/ct/slice-order.js';
import type { GreyImage } from '../pixels/image.js';

/**
 * The slices that a network of neighbouring slices (2.5-D) sees of one slice, from the feet to the head; at the ends of the stack the
 * last one takes the place of what is not there.
 *
 * @param count odd; the slice itself is in the middle
 */
export function neighboursOf(slice: AxialSlice, stack: readonly AxialSlice[], count: number): readonly AxialSlice[] {
  const place = stack.indexOf(slice);
  const around = (count - 1) / 2;
  return Array.from({ length: count }, (_, index) => stack[Math.min(stack.length - 1, Math.max(0, place + index - around))]!);
}

/**
 * The picture of a slice with its neighbours as channels.
 *
 * @param images of the neighbours, the slice itself in the middle; it takes the place of one that could not be read
 */
export function stackedSlices(images: readonly (GreyImage | undefined)[], own: GreyImage): GreyImage {
  const planes = images.flatMap((image) => {
    const shown = image?.width === own.width && image.height === own.height ? image : own;
    return shown.planes ?? [shown.values];
  });
  return { ...own, values: planes[0]!, planes };
}
