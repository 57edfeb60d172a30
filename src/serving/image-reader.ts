import type { Box, GreyImage } from '../pixels/image.js';
import type { Preview } from '../pixels/preview.js';
import type { Config } from '../config.js';
import { DecoderPool, toStored, type DecodedPicture, type PictureSize } from '../pixels/decoder-pool/decoder-pool.js';
import type { DisplayFrame } from '../pixels/display/display-frame.js';
import { frameOf, type NetworkInput } from '../pixels/network-input.js';
import { ctWindow, type CtWindow } from '../pixels/window.js';

/** An image as input of the network, and how its coordinates map to the stored pixels. */
export interface ReadImage {
  readonly image: GreyImage;
  /** The same image for display, on which a heat map is drawn; without it none is drawn. */
  readonly preview?: Preview;
  /** From a box in fractions (0 to 1) of `image` to pixels of the image as stored. */
  toStored(box: Box): Box;
}

/** Decodes images in processes of their own, so that a file can neither block nor end the service; frame numbers are 1-based. */
export interface ImageReader {
  readXray(file: Uint8Array): Promise<ReadImage>;
  readCtSlice(file: Uint8Array, frameNumber: number): Promise<ReadImage>;
  /** Share of the body's cross-section that is lung, 0 to 1. */
  lungFraction(file: Uint8Array, frameNumber: number): Promise<number>;
  /** A picture file (PNG, JPEG …), treated as a frontal X-ray. */
  readPicture(file: Uint8Array): Promise<{ readonly image: GreyImage; readonly preview: Preview }>;
}

/** A reader that also gives frames to a viewer, with the contrast and the part that its networks see. */
export interface DisplayReader extends ImageReader {
  /** @param frameNumber 1-based @param signal aborted when the viewer went away: what still waits is not decoded */
  readDisplayFrame(file: Uint8Array, frameNumber: number, signal?: AbortSignal): Promise<DisplayFrame>;
}

export interface OpenReader extends DisplayReader {
  /** The same decoders for the sizes of another model; the same reader for the same sizes, so that models can share what it has decoded. */
  forSizes(sizes: InputSizes): DisplayReader;
  close(): Promise<void>;
}

/** What each network takes; see registry/input-file.ts. */
export interface InputSizes {
  readonly xray: FramedInput | undefined;
  readonly ct: (FramedInput & CtInput) | undefined;
}

/** Without normalisation the picture is only scaled. */
export type FramedInput = Omit<NetworkInput, 'channels' | 'normalization'> & Partial<Pick<NetworkInput, 'normalization'>>;

interface CtInput {
  readonly window?: CtWindow | undefined;
  readonly windows?: readonly CtWindow[] | undefined;
  readonly slices?: number | undefined;
}

/** The decoder processes, giving pictures already in the size that the networks take. */
export function openReader({ work }: Config, sizes: InputSizes): OpenReader {
  const pool = new DecoderPool({ workers: work.decoders, timeoutMs: work.decodeTimeoutMs, memoryMb: work.decoderMemoryMb });
  pool.start();
  const known = new Map<string, DisplayReader>();
  const forSizes = (wanted: InputSizes): DisplayReader => {
    const needs = decodingOf(wanted);
    const key = JSON.stringify(needs);
    const reader = known.get(key) ?? readerOf(pool, needs);
    known.set(key, reader);
    return reader;
  };
  return { ...forSizes(sizes), forSizes, close: () => pool.stop() };
}

/** Everything that decoding depends on: inputs with the same are decoded once. */
interface Decoding {
  readonly view: { readonly windows: readonly ReturnType<typeof ctWindow>[]; readonly wholeSlice: boolean };
  readonly ctSize: ReturnType<typeof frameOfInput> | undefined;
  readonly xraySize: ReturnType<typeof frameOfInput> | undefined;
}

function decodingOf({ xray, ct }: InputSizes): Decoding {
  return {
    view: { windows: ct?.windows ?? [ctWindow(ct?.window)], wholeSlice: (ct?.slices ?? 1) > 1 },
    ctSize: ct && frameOfInput(ct),
    xraySize: xray && frameOfInput(xray),
  };
}

function readerOf(pool: DecoderPool, { view, ctSize, xraySize }: Decoding): DisplayReader {
  return {
    readXray: async (file) => readImage(await pool.xray(file, xraySize)),
    readCtSlice: async (file, frameNumber) => readImage(await pool.ctSlice(file, view, frameNumber, ctSize)),
    lungFraction: (file, frameNumber) => pool.lungFraction(file, frameNumber),
    readPicture: (file) => pool.picture(file, xraySize),
    readDisplayFrame: (file, frameNumber, signal) => pool.displayFrame(file, view, frameNumber, signal),
  };
}

function frameOfInput({ normalization = { range: [0, 1] }, ...input }: FramedInput): PictureSize {
  return frameOf({ ...input, normalization });
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
