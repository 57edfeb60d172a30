import { cache, Enums, imageLoader, init, metaData, RenderingEngine, type Types } from '@cornerstonejs/core';
import { studyApi } from '../addresses.js';
import { readFrame, type ReceivedFrame } from './read-frame.js';

/** cornerstone3D with a loader of the service's own frames; this file and stage.ts are loaded on a study page only. */

/** Where a frame is. */
export interface FrameAddress {
  readonly study: string;
  readonly seriesInstanceUID: string;
  readonly sopInstanceUID: string;
  /** 1-based. */
  readonly frame: number;
}

/** Bytes of decoded frames that are kept; 500 slices of 512 × 512, or 25 radiographs. */
const cacheBytes = 256 * 1024 * 1024;
const scheme = 'frame';

type FrameAttributes = Omit<ReceivedFrame, 'samples'>;
/** Of every frame that was loaded; the samples are in cornerstone's cache. */
const attributes = new Map<string, FrameAttributes>();
let engine: RenderingEngine | undefined;

export function imageIdOf({ study, seriesInstanceUID, sopInstanceUID, frame }: FrameAddress): string {
  const path = studyApi(study, 'series', seriesInstanceUID, 'instances', sopInstanceUID, 'frames', String(frame), 'pixels');
  return `${scheme}:${path}`;
}

export function attributesOf(imageId: string): FrameAttributes | undefined {
  return attributes.get(imageId);
}

/** @throws Error if the browser can draw neither with WebGL nor on a canvas */
export function startLibrary(): RenderingEngine {
  if (engine) return engine;
  // Where there is no WebGL, the library draws by itself. Two images side by side share one context.
  init({ debug: { statsOverlay: false }, rendering: { webGlContextCount: 1 } });
  cache.setMaxCacheSize(cacheBytes);
  imageLoader.registerImageLoader(scheme, loadFrame as unknown as Types.ImageLoaderFn);
  metaData.addProvider(moduleOf);
  engine = new RenderingEngine('study');
  return engine;
}

/** @throws Error with the reason if the frame cannot be loaded */
export async function load(imageId: string): Promise<void> {
  await imageLoader.loadAndCacheImage(imageId);
}

/** Loads frames before they are looked at. */
export async function prefetch(imageIds: readonly string[], signal: AbortSignal): Promise<void> {
  for (const imageId of imageIds) {
    if (signal.aborted) return;
    if (!cache.getImageLoadObject(imageId)) await imageLoader.loadAndCacheImage(imageId).catch(() => undefined);
  }
}

function loadFrame(imageId: string): { readonly promise: Promise<Types.IImage>; cancelFn(): void } {
  const abort = new AbortController();
  return { promise: fetchFrame(imageId, abort.signal), cancelFn: () => abort.abort() };
}

async function fetchFrame(imageId: string, signal: AbortSignal): Promise<Types.IImage> {
  const response = await fetch(imageId.slice(scheme.length + 1), { credentials: 'same-origin', signal });
  if (!response.ok) throw new Error(await faultText(response));
  const { samples, ...rest } = readFrame(await response.arrayBuffer());
  attributes.set(imageId, rest);
  const [min, max] = samples instanceof Uint8Array ? [0, 255] : samples instanceof Int16Array ? [-32768, 32767] : [0, 65535];
  const { lower, upper } = storedRange(rest, rest.windows[0]!);
  return {
    imageId,
    minPixelValue: min!,
    maxPixelValue: max!,
    slope: 1,
    intercept: 0,
    windowCenter: (lower + upper + 1) / 2,
    windowWidth: upper - lower + 1,
    voiLUTFunction: Enums.VOILUTFunctionType.LINEAR,
    getPixelData: () => samples,
    getCanvas: () => document.createElement('canvas'),
    rows: rest.rows,
    columns: rest.columns,
    height: rest.rows,
    width: rest.columns,
    color: false,
    rgba: false,
    numberOfComponents: 1,
    columnPixelSpacing: 1,
    rowPixelSpacing: rest.pixelAspect,
    invert: false,
    photometricInterpretation: 'MONOCHROME2',
    sizeInBytes: samples.byteLength,
    dataType: samples.constructor.name as Types.PixelDataTypedArrayString,
    imageFrame: {} as Types.IImageFrame,
  };
}

async function faultText(response: Response): Promise<string> {
  const body = (await response.json().catch(() => ({}))) as { error?: string };
  return body.error ?? `${response.status}`;
}

/** A window of the values that a user sees, as the range of stored values from black to white. */
export function storedRange(
  { slope, intercept }: Pick<FrameAttributes, 'slope' | 'intercept'>,
  { center, width }: { readonly center: number; readonly width: number },
): { readonly lower: number; readonly upper: number } {
  const low = center - 0.5 - (width - 1) / 2;
  const ends = [low, low + width - 1].map((value) => (value - intercept) / slope) as [number, number];
  return { lower: Math.min(...ends), upper: Math.max(...ends) };
}

/** The plane of every frame is the plane of the screen: pixels are upright already, and one pixel is one unit wide. */
function moduleOf(type: string, imageId: string): unknown {
  const frame = attributes.get(imageId);
  if (!frame) return undefined;
  const bits = frame.type === 'uint8' ? 8 : 16;
  switch (type) {
    case 'imagePlaneModule':
      return {
        rows: frame.rows,
        columns: frame.columns,
        rowCosines: [1, 0, 0],
        columnCosines: [0, 1, 0],
        imageOrientationPatient: [1, 0, 0, 0, 1, 0],
        imagePositionPatient: [0, 0, 0],
        columnPixelSpacing: 1,
        rowPixelSpacing: frame.pixelAspect,
        frameOfReferenceUID: 'screen',
      };
    case 'imagePixelModule':
      return {
        bitsAllocated: bits,
        bitsStored: bits,
        highBit: bits - 1,
        samplesPerPixel: 1,
        photometricInterpretation: 'MONOCHROME2',
        pixelRepresentation: frame.type === 'int16' ? 1 : 0,
      };
    case 'generalSeriesModule':
      return { modality: frame.unit === 'HU' ? 'CT' : 'DX' };
    default:
      return undefined;
  }
}
