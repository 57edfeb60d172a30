import sharp from 'sharp';
import { Fault } from '../errors.js';
import { readBitmap } from './decode/bmp.js';
import { exposedField } from './xray/exposed-field.js';
import { cropped, type GreyImage } from './image.js';
import { isReadablePicture, pictureFormat } from './decode/picture-format.js';

/** 100 million pixels; a picture of more is a decompression bomb. */
const maxPixels = 100e6;
/** Bits that samples of 16 bits really have: of detectors 10, 12 and 14, of converted pictures 8. */
const usualBits = [8, 10, 12, 14, 16] as const;

interface Channels {
  readonly width: number;
  readonly height: number;
  readonly samples: Uint8Array | Uint16Array;
  /** 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha, or CMYK. */
  readonly channels: number;
  readonly cmyk: boolean;
}

/**
 * A picture file (PNG, JPEG, TIFF, BMP, GIF, WebP, AVIF; of several pages the first) as a grey picture: upright by its EXIF
 * orientation, colour by the luminance of Rec. 601 as Pillow's convert('L') has it, transparent parts over black, 8 or 16 bits to
 * [0, 1].
 *
 * A colour profile is left out: it describes a screen or a press, and the sample values of a radiograph are what the network learnt
 * from. Samples of 16 bits of which the upper ones are never used are taken for 8, 10, 12 or 14 bits.
 *
 * @param source for the fault only
 * @throws Fault image-unreadable, which names the format
 */
export async function readPicture(bytes: Uint8Array, source?: string): Promise<GreyImage> {
  const format = pictureFormat(bytes);
  const subject = source ? { source } : {};
  if (format && !isReadablePicture(format))
    throw new Fault('image-unreadable', `${format} pictures are not read here: save it as PNG`, subject);
  try {
    const picture = format === 'BMP' ? { ...readBitmap(bytes), channels: 3, cmyk: false } : await decoded(bytes);
    return { width: picture.width, height: picture.height, values: greyOf(picture), pixelAspect: 1 };
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message.split('\n')[0]! : String(cause);
    throw new Fault('image-unreadable', format ? `${format}: ${detail}` : detail, subject, { cause });
  }
}

/** A picture file as a frontal radiograph: readPicture, cut to the exposed field as presentXray cuts DICOM files. @throws Fault as readPicture does */
export async function presentPicture(bytes: Uint8Array, source?: string): Promise<GreyImage> {
  const whole = await readPicture(bytes, source);
  return cropped(whole, exposedField(whole));
}

async function decoded(bytes: Uint8Array): Promise<Channels> {
  const input = () => sharp(bytes, { failOn: 'error', limitInputPixels: maxPixels, sequentialRead: true, ignoreIcc: true });
  const { depth, space } = await input().metadata();
  if (depth !== 'uchar' && depth !== 'ushort' && depth !== 'short') throw new Error(`samples of the kind ${depth} are not read`);
  const wide = depth !== 'uchar';
  const cmyk = space === 'cmyk';
  const upright = cmyk ? input().pipelineColourspace('cmyk').autoOrient().toColourspace('cmyk') : input().autoOrient();
  // Without a named space sharp would squeeze 16 bits into 8.
  const raw = wide
    ? upright.toColourspace(space === 'grey16' || space === 'b-w' ? 'grey16' : 'rgb16').raw({ depth: 'ushort' })
    : upright.raw({ depth: 'uchar' });
  const { data, info } = await raw.toBuffer({ resolveWithObject: true });
  const samples = wide
    ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2)
    : new Uint8Array(data.buffer, data.byteOffset, data.length);
  return { width: info.width, height: info.height, samples, channels: info.channels, cmyk };
}

function greyOf({ samples, channels, cmyk }: Channels): Float32Array {
  const values = new Float32Array(samples.length / channels);
  const opaque = samples instanceof Uint16Array ? 65535 : 255;
  const alpha = channels === 2 || (channels === 4 && !cmyk);
  const max = samples instanceof Uint16Array ? usedRange(samples, alpha ? channels : 0) : 255;
  for (let i = 0, from = 0; i < values.length; i++, from += channels) {
    const grey = cmyk
      ? greyOfInk(samples, from)
      : channels >= 3
        ? luminance(samples[from]!, samples[from + 1]!, samples[from + 2]!)
        : samples[from]!;
    values[i] = alpha ? ((grey / max) * samples[from + channels - 1]!) / opaque : grey / max;
  }
  return values;
}

function luminance(red: number, green: number, blue: number): number {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}

/** Ink of 8 bits, 255 is full. */
function greyOfInk(samples: Uint8Array | Uint16Array, from: number): number {
  const paper = (ink: number): number => ((255 - samples[from + ink]!) * (255 - samples[from + 3]!)) / 255;
  return luminance(paper(0), paper(1), paper(2));
}

/** @param alphaEvery every so manieth sample is alpha and does not count; 0 for none */
function usedRange(samples: Uint16Array, alphaEvery: number): number {
  let largest = 0;
  for (let i = 0; i < samples.length; i++)
    if (samples[i]! > largest && (alphaEvery === 0 || (i + 1) % alphaEvery !== 0)) largest = samples[i]!;
  return 2 ** usualBits.find((bits) => largest < 2 ** bits)! - 1;
}
