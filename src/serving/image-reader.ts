import type { Config } from '../config.js';
import { DecoderPool, toStored, type DecodedPicture } from '../pixels/decoder-pool/decoder-pool.js';
import { lungWindow } from '../pixels/ct/ct-slice.js';
import type { ImageReader, ReadImage } from '../reporting/ports.js';

export interface OpenReader extends ImageReader {
  /** The same decoders for the sizes of another model. */
  forSizes(sizes: InputSizes): ImageReader;
  close(): Promise<void>;
}

export interface InputSizes {
  readonly xray: { readonly width: number; readonly height: number } | undefined;
  readonly ct:
    | { readonly width: number; readonly height: number; readonly window?: { readonly center: number; readonly width: number } | undefined }
    | undefined;
}

/** The decoder processes, giving pictures already in the size that the networks take. */
export function openReader({ work }: Config, sizes: InputSizes): OpenReader {
  const pool = new DecoderPool({ workers: work.decoders, timeoutMs: work.decodeTimeoutMs, memoryMb: work.decoderMemoryMb });
  pool.start();
  const forSizes = (wanted: InputSizes): ImageReader => readerOf(pool, wanted);
  return { ...forSizes(sizes), forSizes, close: () => pool.stop() };
}

function readerOf(pool: DecoderPool, sizes: InputSizes): ImageReader {
  const { window = lungWindow, ...ctSize } = sizes.ct ?? { width: 0, height: 0 };
  const xraySize = sizes.xray && { width: sizes.xray.width, height: sizes.xray.height };
  return {
    readXray: async (file) => readImage(await pool.xray(file, xraySize)),
    readCtSlice: async (file, frameNumber) =>
      readImage(await pool.ctSlice(file, window, frameNumber, sizes.ct && { width: ctSize.width, height: ctSize.height })),
    lungFraction: (file, frameNumber) => pool.lungFraction(file, frameNumber),
    readPicture: (file) => pool.picture(file, xraySize),
  };
}

function readImage({ image, geometry, preview }: DecodedPicture): ReadImage {
  const { width, height } = image;
  return {
    image,
    preview,
    toStored: ({ left, top, right, bottom }) =>
      toStored(geometry, { left: left * width, top: top * height, right: right * width, bottom: bottom * height }),
  };
}
