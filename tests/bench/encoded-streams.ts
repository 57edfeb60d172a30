import { createRequire } from 'node:module';

interface Encoder {
  getDecodedBuffer(info: object): Uint8Array;
  getEncodedBuffer(): Uint8Array;
  setQuality(lossless: boolean, quality: number): void;
  setCompressionRatio?(layer: number, ratio: number): void;
  encode(): void;
}

const require = createRequire(import.meta.url);

/** 12-bit samples as an HTJ2K codestream. */
export async function openJphStream(samples: Uint16Array, rows: number, columns: number, lossless: boolean): Promise<Uint8Array> {
  const codec = await (require('@cornerstonejs/codec-openjph/wasmjs') as () => Promise<{ HTJ2KEncoder: new () => Encoder }>)();
  return encodedBy(new codec.HTJ2KEncoder(), samples, rows, columns, lossless, 0.001);
}

/** 12-bit samples as a JPEG 2000 codestream; lossy at ten to one. */
export async function openJpegStream(samples: Uint16Array, rows: number, columns: number, lossless: boolean): Promise<Uint8Array> {
  const codec = await (require('@cornerstonejs/codec-openjpeg/wasmjs') as () => Promise<{ J2KEncoder: new () => Encoder }>)();
  const encoder = new codec.J2KEncoder();
  if (!lossless) encoder.setCompressionRatio?.(0, 10);
  return encodedBy(encoder, samples, rows, columns, lossless, 0);
}

function encodedBy(encoder: Encoder, samples: Uint16Array, rows: number, columns: number, lossless: boolean, quality: number): Uint8Array {
  encoder
    .getDecodedBuffer({ width: columns, height: rows, bitsPerSample: 12, isSigned: false, componentCount: 1, isUsingColorTransform: false })
    .set(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
  encoder.setQuality(lossless, quality);
  encoder.encode();
  return encoder.getEncodedBuffer().slice();
}
