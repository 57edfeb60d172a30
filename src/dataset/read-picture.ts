import { readPart10 } from '../dicom/part10.js';
import type { GreyImage } from '../pixels/image.js';
import { readPicture } from '../pixels/picture.js';
import { presentXray } from '../pixels/xray/xray.js';

/**
 * A DICOM radiograph as it is shown, or a PNG, JPEG or other picture that libvips reads, as a grey picture.
 *
 * @param source for the fault only
 * @throws Fault image-unreadable, or as presentXray does
 */
export async function readExamplePicture(bytes: Uint8Array, source: string): Promise<GreyImage> {
  return isPart10(bytes) ? (await presentXray(readPart10(bytes))).image : readPicture(bytes, source);
}

/** PS3.10 §7.1: 128 bytes, then `DICM`. */
function isPart10(bytes: Uint8Array): boolean {
  return bytes.length > 132 && bytes[128] === 0x44 && bytes[129] === 0x49 && bytes[130] === 0x43 && bytes[131] === 0x4d;
}
