import sharp from 'sharp';
import { Fault } from '../errors.js';
import type { GreyImage } from './image.js';

/** 100 million pixels; a picture of more is a decompression bomb. */
const mostPixels = 100e6;

/**
 * A PNG or JPEG file (or another that libvips reads) as a grey picture: upright by its EXIF orientation, colour by the
 * luminance of Rec. 601 as Pillow's convert('L') has it, transparent parts over black, 8 or 16 bits to [0, 1].
 *
 * @param source for the fault only
 * @throws Fault image-unreadable
 */
export async function readPicture(bytes: Uint8Array, source?: string): Promise<GreyImage> {
  try {
    const input = () => sharp(bytes, { failOn: 'error', limitInputPixels: mostPixels, sequentialRead: true });
    const { depth, space } = await input().metadata();
    const wide = depth === 'ushort' || depth === 'short';
    const upright = input().autoOrient();
    // Without a named space sharp would squeeze 16 bits into 8.
    const raw = wide ? upright.toColourspace(space === 'grey16' || space === 'b-w' ? 'grey16' : 'rgb16').raw({ depth: 'ushort' }) : upright.raw({ depth: 'uchar' });
    const { data, info } = await raw.toBuffer({ resolveWithObject: true });
    const samples = wide ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : new Uint8Array(data.buffer, data.byteOffset, data.length);
    return { width: info.width, height: info.height, values: greyOf(samples, info.channels, wide ? 65535 : 255), pixelAspect: 1 };
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    throw new Fault('image-unreadable', cause instanceof Error ? cause.message.split('\n')[0]! : String(cause), source ? { source } : {}, { cause });
  }
}

/** 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha. */
function greyOf(samples: Uint8Array | Uint16Array, channels: number, most: number): Float32Array {
  const values = new Float32Array(samples.length / channels);
  const colour = channels >= 3;
  const alpha = channels === 2 || channels === 4;
  for (let i = 0, from = 0; i < values.length; i++, from += channels) {
    const grey = colour ? 0.299 * samples[from]! + 0.587 * samples[from + 1]! + 0.114 * samples[from + 2]! : samples[from]!;
    values[i] = alpha ? ((grey / most) * samples[from + channels - 1]!) / most : grey / most;
  }
  return values;
}
