import { inflateRawSync } from 'node:zlib';
import { Fault } from '../../errors.js';
import { textOf } from '../../dicom/data-set.js';
import type { Part10File } from '../../dicom/part10.js';
import { transferSyntax, transferSyntaxName } from '../../dicom/transfer-syntax.js';
import { codestreamHeader } from './codestream-header.js';
import type { CodestreamHeader } from './codestream-header.js';
import { encapsulatedFrames } from './fragments.js';
import { imageFormat } from './image-format.js';
import type { ImageFormat } from './image-format.js';
import { decodeJpegBaseline } from './jpeg-baseline.js';
import { decodeJpegExtended } from './jpeg-extended.js';
import { decodeJpegLossless } from './jpeg-lossless.js';
import { nativeCells } from './native.js';
import { decodeRle } from './rle.js';
import { storedValues } from './stored-frames.js';
import type { DecodedFrame, StoredFrame, StoredFrames } from './stored-frames.js';
import { decodeHtj2k, decodeJpeg2000, decodeJpegLs } from './wasm-codecs.js';

type DecodeFrame = (bytes: Uint8Array, format: ImageFormat) => DecodedFrame | Promise<DecodedFrame>;

const codecs: Readonly<Record<string, DecodeFrame>> = {
  [transferSyntax.rle]: decodeRle,
  [transferSyntax.encapsulatedUncompressed]: decodeUncompressed,
  [transferSyntax.deflatedFrame]: decodeDeflatedFrame,
  [transferSyntax.jpegBaseline]: decodeJpeg,
  [transferSyntax.jpegExtended]: decodeJpeg,
  [transferSyntax.jpegProgressive]: decodeJpeg,
  [transferSyntax.jpegLossless]: decodeJpeg,
  [transferSyntax.jpegLosslessFirstOrder]: decodeJpeg,
  [transferSyntax.jpegLsLossless]: decodeJpeg,
  [transferSyntax.jpegLsNearLossless]: decodeJpeg,
  [transferSyntax.jpeg2000Lossless]: checked(decodeJpeg2000),
  [transferSyntax.jpeg2000]: checked(decodeJpeg2000),
  [transferSyntax.htj2kLossless]: checked(decodeHtj2k),
  [transferSyntax.htj2kLosslessRpcl]: checked(decodeHtj2k),
  [transferSyntax.htj2k]: checked(decodeHtj2k),
};
const native: ReadonlySet<string> = new Set([
  transferSyntax.implicitLittleEndian,
  transferSyntax.explicitLittleEndian,
  transferSyntax.deflatedLittleEndian,
  transferSyntax.explicitBigEndian,
]);

/** The other processes of JPEG, retired in DICOM: read as far as their codestream is one of those above. */
const retiredJpeg = /^1\.2\.840\.10008\.1\.2\.4\.(5\d|6[0-6])$/;

/** Every transfer syntax whose pixel data can be read. */
export const supportedTransferSyntaxes: readonly string[] = [...native, ...Object.keys(codecs)];

/**
 * Stored values of the frames of a file (PS3.3 §C.7.6.3, PS3.5 §8).
 *
 * @param frameNumbers 1-based; all frames if left out
 * @throws Fault dicom-attribute (format), transfer-syntax-unsupported, pixels-unreadable (no, damaged or too little pixel data)
 */
export async function decodeFrames(file: Part10File, frameNumbers?: readonly number[]): Promise<StoredFrames> {
  const { dataSet, pixelData, transferSyntaxUID } = file;
  const sopInstanceUID = textOf(dataSet, 'SOPInstanceUID');
  const subject = { attribute: 'PixelData (7FE0,0010)', ...(sopInstanceUID ? { sopInstanceUID } : {}) };
  if (!pixelData) throw new Fault('pixels-unreadable', 'the object has no Pixel Data', subject);
  const format = imageFormat(dataSet);
  const codec = codecs[transferSyntaxUID] ?? (retiredJpeg.test(transferSyntaxUID) ? decodeJpeg : undefined);
  if (!codec && !native.has(transferSyntaxUID)) {
    throw new Fault('transfer-syntax-unsupported', transferSyntaxName(transferSyntaxUID), subject);
  }
  try {
    const numbers = frameNumbers ?? Array.from({ length: format.numberOfFrames }, (_, index) => index + 1);
    const wrong = numbers.find((number) => !Number.isInteger(number) || number < 1 || number > format.numberOfFrames);
    if (wrong !== undefined) throw new Error(`there is no frame ${wrong} among ${format.numberOfFrames}`);
    let photometricInterpretation = decodedPhotometric(format.photometricInterpretation);
    // Some writers leave pixel data uncompressed under a compressed syntax, or name an uncompressed one over compressed frames.
    const compressed = pixelData.kind === 'encapsulated' ? encapsulatedFrames(pixelData, format.numberOfFrames, dataSet) : undefined;
    const frames: StoredFrame[] = [];
    for (const frameNumber of numbers) {
      const decoded = compressed
        ? await (codec ?? decodeUndeclared)(compressed[frameNumber - 1]!, format)
        : {
            samples: nativeCells((pixelData as { bytes: Uint8Array }).bytes, frameNumber - 1, format, {
              littleEndian: transferSyntaxUID !== transferSyntax.explicitBigEndian,
              vr: (pixelData as { vr: string }).vr,
            }),
          };
      photometricInterpretation = decoded.photometricInterpretation ?? photometricInterpretation;
      frames.push({ frameNumber, samples: valuesOf(decoded, format) });
    }
    return { format, photometricInterpretation, frames };
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown.about(subject);
    const detail = thrown instanceof Error ? thrown.message : String(thrown);
    throw new Fault('pixels-unreadable', `${transferSyntaxName(transferSyntaxUID)}: ${detail}`, subject, { cause: thrown });
  }
}

function valuesOf({ samples, precision, cut }: DecodedFrame, format: ImageFormat): StoredFrame['samples'] {
  const expected = format.rows * format.columns * format.samplesPerPixel;
  if (samples.length !== expected) throw new Error(`${samples.length} samples were decoded where ${expected} belong to a frame`);
  if (cut) return samples;
  const width = samples.BYTES_PER_ELEMENT * 8;
  // Some encoders code more bits than are stored and leave the sign where Bits Stored has it; without sign, surplus bits are real.
  const bitsStored = Math.min(
    precision === undefined || format.signed ? Math.min(precision ?? width, format.bitsStored) : precision,
    width,
  );
  const highBit = precision === undefined && !isLow(samples, format) ? Math.min(format.highBit, width - 1) : bitsStored - 1;
  return storedValues(samples, { signed: format.signed, bitsStored, highBit });
}

/** Whether High Bit is stated too high: between Bits Stored and it nothing is ever set, and values stand in the bits below. */
function isLow(samples: StoredFrame['samples'], { bitsStored, highBit }: ImageFormat): boolean {
  const shift = highBit + 1 - bitsStored;
  if (shift === 0) return false;
  let set = 0;
  for (let i = 0; i < samples.length; i++) set |= samples[i]!;
  return (set >>> bitsStored) % 2 ** shift === 0 && set % 2 ** shift !== 0;
}

/** The codecs undo the colour transforms of JPEG 2000; 4:2:2 has become 4:4:4. */
function decodedPhotometric(stored: string): string {
  if (stored === 'YBR_RCT' || stored === 'YBR_ICT') return 'RGB';
  return stored === 'YBR_FULL_422' ? 'YBR_FULL' : stored;
}

/** All JPEG processes by what the codestream says it is: a wrong transfer syntax UID within the family does no harm. */
function decodeJpeg(bytes: Uint8Array, format: ImageFormat): DecodedFrame | Promise<DecodedFrame> {
  const header = codestreamHeader(bytes);
  matchHeader(header, format);
  if (header.kind === 'jpeg-ls') return decodeJpegLs(bytes);
  if (header.kind === 'jpeg-lossless') return decodeJpegLossless(bytes);
  if (header.kind !== 'jpeg') throw new Error('a JPEG 2000 codestream under a JPEG transfer syntax');
  const photometricInterpretation = colourOf(header, format);
  if (header.precision > 8) return { ...decodeJpegExtended(bytes), ...photometricInterpretation };
  return decodeJpegBaseline(bytes, header).then((decoded) => ({ ...decoded, ...photometricInterpretation }));
}

/**
 * What the components of a JPEG are, as libjpeg decides it: Adobe's marker, JFIF (always YCbCr), components named R, G and B. Colour
 * differences of lower resolution are YCbCr too. Only where the codestream says nothing does the header count.
 */
function colourOf(
  { components, adobeTransform, jfif, letters, subsampled }: CodestreamHeader,
  { photometricInterpretation }: ImageFormat,
): { photometricInterpretation?: string } {
  if (components !== 3) return {};
  const luminance =
    adobeTransform !== undefined
      ? adobeTransform === 1
      : letters === 'RGB'
        ? false
        : jfif === true || subsampled === true || photometricInterpretation.startsWith('YBR');
  return { photometricInterpretation: luminance ? 'YBR_FULL' : 'RGB' };
}

function checked(decode: (bytes: Uint8Array) => Promise<DecodedFrame>): DecodeFrame {
  return (bytes, format) => {
    matchHeader(codestreamHeader(bytes), format);
    return decode(bytes);
  };
}

/** Before a decoder reserves memory for it. */
function matchHeader(header: { rows: number; columns: number; components: number }, format: ImageFormat): void {
  if (header.rows !== format.rows || header.columns !== format.columns || header.components !== format.samplesPerPixel) {
    throw new Error(
      `the codestream has ${header.columns} × ${header.rows} × ${header.components} samples, the header ${format.columns} × ${format.rows} × ${format.samplesPerPixel}`,
    );
  }
}

/** Encapsulated Uncompressed (PS3.5 §A.4.11): each frame as it would lie in native Pixel Data. */
function decodeUncompressed(bytes: Uint8Array, format: ImageFormat): DecodedFrame {
  return { samples: nativeCells(bytes, 0, { ...format, numberOfFrames: 1 }, { littleEndian: true, vr: 'OB' }) };
}

/** Fragments under a transfer syntax without any: what they begin with tells, else they are uncompressed. */
function decodeUndeclared(bytes: Uint8Array, format: ImageFormat): DecodedFrame | Promise<DecodedFrame> {
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return decodeJpeg(bytes, format);
  if ((bytes[0] === 0xff && bytes[1] === 0x4f) || (bytes[4] === 0x6a && bytes[5] === 0x50)) return checked(decodeJpeg2000)(bytes, format);
  return decodeUncompressed(bytes, format);
}

/** Deflated Image Frame Compression (PS3.5 §A.4.12): each frame by itself. */
function decodeDeflatedFrame(bytes: Uint8Array, format: ImageFormat): DecodedFrame {
  const single = { ...format, numberOfFrames: 1 };
  const size = Math.ceil((format.rows * format.columns * format.samplesPerPixel * format.bitsAllocated) / 8);
  return {
    samples: nativeCells(new Uint8Array(inflateRawSync(bytes, { maxOutputLength: size + 64 })), 0, single, {
      littleEndian: true,
      vr: 'OB',
    }),
  };
}
