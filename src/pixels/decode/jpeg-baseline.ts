import sharp from 'sharp';
import type { CodestreamHeader } from './codestream-header.js';
import type { DecodedFrame } from './stored-frames.js';

/** APP14 of Adobe with colour transform 0: tells libjpeg to leave the components as they are. */
const untransformed = Uint8Array.of(0xff, 0xee, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, 0);

/**
 * 8-bit DCT JPEG through libjpeg-turbo (sharp). Components come back as they were coded, YCbCr not turned into RGB: the
 * luminance is what we want, and DICOM's Photometric Interpretation tells better than JFIF what the components are.
 * @throws Error for a damaged or truncated codestream
 */
export async function decodeJpegBaseline(bytes: Uint8Array, header: CodestreamHeader): Promise<DecodedFrame> {
  const components = header.components;
  const { data, info } = await sharp(withoutApplicationData(bytes, components === 3), {
    failOn: 'warning',
    limitInputPixels: false,
    sequentialRead: true,
  })
    .toColourspace(components === 1 ? 'b-w' : 'srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== components) throw new Error(`libjpeg gave ${info.channels} components where ${components} are coded`);
  return { samples: new Uint8Array(data.buffer, data.byteOffset, data.length) };
}

/** Without APPn segments (JFIF, EXIF, colour profiles), which would change what the decoder makes of the samples. */
function withoutApplicationData(bytes: Uint8Array, marked: boolean): Uint8Array {
  const parts = [bytes.subarray(0, 2), ...(marked ? [untransformed] : [])];
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (marker === 0xda) break;
    const end = at + 2 + ((bytes[at + 2]! << 8) | bytes[at + 3]!);
    if (marker < 0xe0 || marker > 0xef) parts.push(bytes.subarray(at, end));
    at = end;
  }
  parts.push(bytes.subarray(at));
  return Buffer.concat(parts);
}
