import { createRequire } from 'node:module';
import { jpeg2000Start } from './codestream-header.js';
import { byPixel } from './native.js';
import { decodeOpenJpeg } from './openjpeg.js';
import type { DecodedFrame, Samples } from './stored-frames.js';

/**
 * CharLS and OpenJPH as WebAssembly, the builds that OHIF ships, called without the wrapper package around them
 * (which takes the slower asm.js builds). Each is loaded at its first use and stays loaded.
 */
interface FrameInfo {
  readonly width: number;
  readonly height: number;
  readonly bitsPerSample: number;
  readonly componentCount: number;
  readonly isSigned?: boolean;
}

interface Decoder {
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getDecodedBuffer(): Uint8Array;
  getFrameInfo(): FrameInfo;
  getInterleaveMode?(): number;
  delete(): void;
}

type DecoderName = 'JpegLSDecoder' | 'HTJ2KDecoder';
type Codec = Partial<Record<DecoderName, new () => Decoder>> & { getExceptionMessage?(pointer: number): string };
type CreateCodec = (options: { print: () => void; printErr: () => void }) => Promise<Codec>;

const packages: Readonly<Record<DecoderName, string>> = {
  JpegLSDecoder: '@cornerstonejs/codec-charls/decodewasmjs',
  HTJ2KDecoder: '@cornerstonejs/codec-openjph/wasmjs',
};
const require = createRequire(import.meta.url);
const loaded = new Map<DecoderName, Promise<Codec>>();

export function decodeJpegLs(bytes: Uint8Array): Promise<DecodedFrame> {
  // Behind the end of its input CharLS counts zeros up to 2³¹, for seconds, before it gives up: truncation is found here.
  if (!endsWithMarker(bytes)) throw new Error('the JPEG-LS codestream is cut off');
  return decode('JpegLSDecoder', bytes);
}

/** End of Image stands somewhere; coded JPEG-LS data cannot look like it (ISO/IEC 14495-1 §A.1, bit stuffing). */
function endsWithMarker(bytes: Uint8Array): boolean {
  for (let at = bytes.lastIndexOf(0xd9); at > 0; at = bytes.lastIndexOf(0xd9, at - 1)) if (bytes[at - 1] === 0xff) return true;
  return false;
}

export const decodeJpeg2000 = (bytes: Uint8Array): Promise<DecodedFrame> => decodeOpenJpeg(bareCodestream(bytes));

export const decodeHtj2k = (bytes: Uint8Array): Promise<DecodedFrame> => decode('HTJ2KDecoder', bareCodestream(bytes));

/** @throws Error with what the codec says */
async function decode(name: DecoderName, bytes: Uint8Array): Promise<DecodedFrame> {
  const codec = await codecFor(name);
  const decoder = new codec[name]!();
  try {
    decoder.getEncodedBuffer(bytes.length).set(bytes);
    decoder.decode();
    const info = decoder.getFrameInfo();
    const samples = copied(decoder.getDecodedBuffer(), info);
    if (name === 'HTJ2KDecoder') clamp(samples, info);
    // CharLS leaves planes apart where the scans are (interleave mode none).
    const apart = info.componentCount === 3 && decoder.getInterleaveMode?.() === 0;
    return { samples: apart ? byPixel(samples, info.width * info.height) : samples, precision: info.bitsPerSample };
  } catch (thrown) {
    // The instance may be damaged after a failure: the next frame gets a new one.
    loaded.delete(name);
    if (typeof thrown === 'number') throw new Error(codec.getExceptionMessage?.(thrown) ?? `the decoder failed (${thrown})`);
    throw thrown;
  } finally {
    if (loaded.has(name)) decoder.delete();
  }
}

function codecFor(name: DecoderName): Promise<Codec> {
  let codec = loaded.get(name);
  if (!codec) {
    const create = require(packages[name]) as CreateCodec;
    loaded.set(name, (codec = create({ print: () => undefined, printErr: () => undefined })));
  }
  return codec;
}

/** The decoded samples out of the codec's memory, which the next frame overwrites. */
function copied(decoded: Uint8Array, { width, height, bitsPerSample, componentCount }: FrameInfo): Samples {
  const size = bitsPerSample <= 8 ? 1 : 2;
  const length = width * height * componentCount * size;
  if (decoded.length < length) throw new Error(`the decoder gave ${decoded.length} bytes where ${length} are needed`);
  const copy = decoded.slice(0, length);
  return size === 1 ? copy : new Uint16Array(copy.buffer);
}

/** OpenJPH leaves the overshoot of lossy coding above the precision, where cutting bits off would turn white into black. */
function clamp(samples: Samples, { bitsPerSample, isSigned }: FrameInfo): void {
  if (bitsPerSample === samples.BYTES_PER_ELEMENT * 8) return;
  const values = !isSigned ? samples : samples.BYTES_PER_ELEMENT === 1 ? new Int8Array(samples.buffer) : new Int16Array(samples.buffer);
  const high = isSigned ? 2 ** (bitsPerSample - 1) - 1 : 2 ** bitsPerSample - 1;
  const low = isSigned ? -high - 1 : 0;
  for (let i = 0; i < values.length; i++) values[i] = Math.min(high, Math.max(low, values[i]!));
}

function bareCodestream(bytes: Uint8Array): Uint8Array {
  const start = jpeg2000Start(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
  return start > 0 ? bytes.subarray(start) : bytes;
}
