import type { GreyImage, Frame } from './image.js';
import { resizeWith, resizeBilinear } from './resize.js';
import type { ResizeFilter } from './resize-taps.js';

/** How the whole of a picture becomes the frame that a network sees; see registry/input-file.ts. */
export interface FrameSpecification {
  readonly width: number;
  readonly height: number;
  /** Absent: squash. */
  readonly fit?: 'squash' | 'pad' | 'centre-crop' | undefined;
  readonly shorterSide?: number | undefined;
  /** Grey around a padded picture; absent: 0. */
  readonly padding?: number | undefined;
  /** Absent: bilinear-antialias. */
  readonly resize?: ResizeFilter | undefined;
  readonly eightBit?: boolean | undefined;
  /** Of `gaussian-bilinear`: the grey beyond the edge; absent: the picture goes on mirrored. */
  readonly outside?: number | undefined;
}

/** What of the picture is resized to which size, and where in the frame the result begins (negative: cut off). */
interface Placement {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly newWidth: number;
  readonly newHeight: number;
  readonly atX: number;
  readonly atY: number;
}

/** The side of the small whole picture that goes with a frame. */
const wholeSide = 96;

/**
 * The frame of a picture that a network sees: squashed, padded or cut, and resized.
 *
 * @param image a picture, or a frame made before, which is only resized
 */
export function framed(image: GreyImage, specification: FrameSpecification): GreyImage {
  const { width, height, fit = 'squash', padding = 0, resize: filter = 'bilinear-antialias', eightBit, outside } = specification;
  const options = { filter, eightBit, outside };
  if (fit === 'squash' || image.frame) {
    if (image.width === width && image.height === height && !eightBit) return image;
    return {
      ...eachPlane(image, (plane) => resizeWith(plane, width, height, options)),
      ...(image.frame ? { frame: image.frame } : {}),
      ...(image.whole ? { whole: image.whole } : {}),
    };
  }
  const placement = placementOf(image, specification);
  const { left, top, newWidth, newHeight, atX, atY } = placement;
  const place = (plane: GreyImage): GreyImage => {
    const small = resizeWith(part(plane, left, top, placement.width, placement.height), newWidth, newHeight, options);
    return pasted(small, atX, atY, width, height, padding);
  };
  const [acrossX, acrossY] = [placement.width / newWidth, placement.height / newHeight];
  return {
    ...eachPlane(image, place),
    frame: {
      left: (left - atX * acrossX) / image.width,
      top: (top - atY * acrossY) / image.height,
      width: (width * acrossX) / image.width,
      height: (height * acrossY) / image.height,
    },
    whole: resizeBilinear({ ...image, planes: undefined }, wholeSide, wholeSide),
  };
}

function placementOf({ width: w, height: h }: GreyImage, { width, height, fit, shorterSide }: FrameSpecification): Placement {
  const whole = { left: 0, top: 0, width: w, height: h };
  if (fit === 'pad') {
    // PIL.ImageOps.pad
    const wider = w * height > h * width;
    const newWidth = wider ? width : Math.max(1, roundHalfEven((w / h) * height));
    const newHeight = wider ? Math.max(1, roundHalfEven((h / w) * width)) : height;
    return { ...whole, newWidth, newHeight, atX: roundHalfEven((width - newWidth) * 0.5), atY: roundHalfEven((height - newHeight) * 0.5) };
  }
  if (shorterSide !== undefined) {
    // torchvision's Resize of one number and CenterCrop
    const newWidth = w <= h ? shorterSide : Math.trunc((shorterSide * w) / h);
    const newHeight = w <= h ? Math.trunc((shorterSide * h) / w) : shorterSide;
    return { ...whole, newWidth, newHeight, atX: -roundHalfEven((newWidth - width) / 2), atY: -roundHalfEven((newHeight - height) / 2) };
  }
  // torchxrayvision's XRayCenterCrop
  const wider = w * height > h * width;
  const cutWidth = wider ? Math.max(1, Math.floor((h * width) / height)) : w;
  const cutHeight = wider ? h : Math.max(1, Math.floor((w * height) / width));
  return {
    left: Math.floor(w / 2) - Math.floor(cutWidth / 2),
    top: Math.floor(h / 2) - Math.floor(cutHeight / 2),
    width: cutWidth,
    height: cutHeight,
    newWidth: width,
    newHeight: height,
    atX: 0,
    atY: 0,
  };
}

/** As Python rounds: a half to the even neighbour. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

function eachPlane(image: GreyImage, change: (plane: GreyImage) => GreyImage): GreyImage {
  const { planes, frame: _frame, whole: _whole, ...bare } = image;
  const changed = change(bare);
  return planes ? { ...changed, planes: planes.map((values) => change({ ...bare, values }).values) } : changed;
}

function part(image: GreyImage, left: number, top: number, width: number, height: number): GreyImage {
  if (width === image.width && height === image.height) return image;
  const values = new Float32Array(width * height);
  for (let y = 0; y < height; y++)
    values.set(image.values.subarray((top + y) * image.width + left, (top + y) * image.width + left + width), y * width);
  return { ...image, width, height, values };
}

function pasted(image: GreyImage, atX: number, atY: number, width: number, height: number, grey: number): GreyImage {
  if (atX === 0 && atY === 0 && image.width === width && image.height === height) return image;
  const values = new Float32Array(width * height).fill(grey);
  const [fromX, toX] = [Math.max(0, atX), Math.min(width, atX + image.width)];
  for (let y = Math.max(0, atY); y < Math.min(height, atY + image.height); y++) {
    const row = (y - atY) * image.width;
    values.set(image.values.subarray(row + fromX - atX, row + toX - atX), y * width + fromX);
  }
  return { ...image, width, height, values };
}

/** From a place in a frame, in fractions of it, to fractions of the whole picture; cut at its edges. */
export function boxInWhole<Place extends { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number }>(
  { left, top, right, bottom }: Place,
  frame: Frame | undefined,
): { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number } {
  if (!frame) return { left, top, right, bottom };
  const x = (place: number): number => Math.min(1, Math.max(0, frame.left + place * frame.width));
  const y = (place: number): number => Math.min(1, Math.max(0, frame.top + place * frame.height));
  return { left: x(left), top: y(top), right: x(right), bottom: y(bottom) };
}

/** A map over a frame as one over the whole picture, with cells of about the same size; what the network did not see is 0. */
export function mapInWhole(
  map: { readonly values: Float32Array; readonly width: number; readonly height: number },
  frame: Frame | undefined,
): { readonly values: Float32Array; readonly width: number; readonly height: number } {
  if (!frame || map.width === 0 || map.height === 0) return map;
  const width = Math.max(1, Math.round(map.width / frame.width));
  const height = Math.max(1, Math.round(map.height / frame.height));
  const values = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = Math.floor((((y + 0.5) / height - frame.top) / frame.height) * map.height);
    if (row < 0 || row >= map.height) continue;
    for (let x = 0; x < width; x++) {
      const column = Math.floor((((x + 0.5) / width - frame.left) / frame.width) * map.width);
      if (column >= 0 && column < map.width) values[y * width + x] = map.values[row * map.width + column]!;
    }
  }
  return { values, width, height };
}
