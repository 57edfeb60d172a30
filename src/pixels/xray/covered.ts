import type { GreyImage } from '../image.js';
import { lungsOfPicture } from '../ct/picture-lungs.js';
import { lungFields } from './lung-fields.js';

/** Whose lungs: the fields of a frontal radiograph, or the lungs of an axial slice. */
export type LungsOf = 'xray' | 'ct';

/** Frame of this share of each side, where borders, collimators and most markers are. */
const frameShare = 0.1;
/** Corners of this share, where the letter of the side and what is written stands. */
const cornerShare = 0.2;
/** The same of a slice that is cut to the lungs: they begin soon after. */
const sliceFrame = { frame: 0.03, corner: 0.1 };

/** The lungs blacked out: what is left is shoulders, belly, borders and writing. */
export function lungsCovered(image: GreyImage, of: LungsOf = 'xray'): GreyImage {
  const lungs = lungMask(image, of);
  return covered(image, (index) => lungs[index] === 1);
}

/** Only the lungs. */
export function onlyLungs(image: GreyImage, of: LungsOf = 'xray'): GreyImage {
  const lungs = lungMask(image, of);
  return covered(image, (index) => lungs[index] !== 1);
}

/** Frame and corners covered. */
export function bordersCovered(image: GreyImage, of: LungsOf = 'xray'): GreyImage {
  const { width, height } = image;
  const { frame, corner } = of === 'ct' ? sliceFrame : { frame: frameShare, corner: cornerShare };
  return covered(image, (index) => {
    const x = Math.min((index % width) + 0.5, width - (index % width) - 0.5) / width;
    const y = Math.min(Math.floor(index / width) + 0.5, height - Math.floor(index / width) - 0.5) / height;
    return x < frame || y < frame || (x < corner && y < corner);
  });
}

/** A slice without a lung to be found has none to cover. */
function lungMask(image: GreyImage, of: LungsOf): Uint8Array {
  return of === 'ct' ? (lungsOfPicture(image)?.mask ?? new Uint8Array(image.values.length)) : lungFields(image);
}

/** What is hidden gets the mean of what is not: black would be a shape of its own. */
function covered(image: GreyImage, hidden: (index: number) => boolean): GreyImage {
  let sum = 0;
  let count = 0;
  const hides = image.values.map((value, index) => {
    if (hidden(index)) return 1;
    sum += value;
    count++;
    return 0;
  });
  const mean = count === 0 ? 0 : sum / count;
  return { ...image, values: image.values.map((value, index) => (hides[index] === 1 ? mean : value)) };
}
