import { cache, Enums, eventTarget, imageLoader, init, metaData, RenderingEngine, type Types } from '@cornerstonejs/core';
import { studyApi } from '../addresses.js';
import { readFrame, type ReceivedFrame } from './read-frame.js';
import { belowBase } from '../base-path.js';

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

export type LoadedFrame = Omit<ReceivedFrame, 'samples'>;
/** Of the frames in cornerstone's cache, and of those that a stage shows. */
const attributes = new Map<string, LoadedFrame>();
/** The frame that each stage shows. */
const shownFrames = new Map<string, string>();
const unfinished = new Map<string, { readonly finished: Promise<unknown>; readonly abort: AbortController }>();
let isStarted = false;
let isContextLost = false;
let engine: RenderingEngine | undefined;

export function imageIdOf({ study, seriesInstanceUID, sopInstanceUID, frame }: FrameAddress): string {
  const path = studyApi(study, 'series', seriesInstanceUID, 'instances', sopInstanceUID, 'frames', String(frame), 'pixels');
  return `${scheme}:${path}`;
}

export function attributesOf(imageId: string): LoadedFrame | undefined {
  return attributes.get(imageId);
}

/** A stage shows this frame from now on; undefined: none any more. */
export function setShownFrame(stage: string, imageId: string | undefined): void {
  const before = shownFrames.get(stage);
  if (imageId === undefined) shownFrames.delete(stage);
  else shownFrames.set(stage, imageId);
  if (before !== undefined && !cache.isLoaded(before)) forget(before);
}

function forget(imageId: string): void {
  if (![...shownFrames.values()].includes(imageId)) attributes.delete(imageId);
}

/** @throws Error if the browser can draw neither with WebGL nor on a canvas */
export function startLibrary(): RenderingEngine {
  // A context that was lost while nothing was shown, or that never came back: a new engine gets a new one.
  if (isContextLost) discardEngine();
  if (engine) return engine;
  if (!isStarted) {
    // Where there is no WebGL, the library draws by itself. Two images side by side share one context.
    init({ debug: { statsOverlay: false }, rendering: { webGlContextCount: 1 } });
    cache.setMaxCacheSize(cacheBytes);
    imageLoader.registerImageLoader(scheme, loadFrame as unknown as Types.ImageLoaderFn);
    metaData.addProvider(moduleOf);
    eventTarget.addEventListener(Enums.Events.IMAGE_CACHE_IMAGE_REMOVED, (event: CustomEvent<{ readonly imageId: string }>) =>
      forget(event.detail.imageId),
    );
    // A restored context has lost its textures and programs: the stages start again, with a new engine.
    eventTarget.addEventListener(Enums.Events.WEBGL_CONTEXT_RESTORED, discardEngine);
    eventTarget.addEventListener(Enums.Events.WEBGL_CONTEXT_LOST, () => {
      isContextLost = true;
    });
    isStarted = true;
  }
  engine = new RenderingEngine('study');
  return engine;
}

function discardEngine(): void {
  isContextLost = false;
  engine?.destroy();
  engine = undefined;
}

/** Whether an engine can draw; not after the context of the graphics card was lost and restored. */
export function isUsable(one: RenderingEngine): boolean {
  return one === engine;
}

/** Calls back when the graphics card drops what it holds (driver restart, too many pages), and when it can draw again. */
export function watchContext(onLost: () => void, onRestored: () => void): () => void {
  const { WEBGL_CONTEXT_LOST, WEBGL_CONTEXT_RESTORED } = Enums.Events;
  eventTarget.addEventListener(WEBGL_CONTEXT_LOST, onLost);
  eventTarget.addEventListener(WEBGL_CONTEXT_RESTORED, onRestored);
  return () => {
    eventTarget.removeEventListener(WEBGL_CONTEXT_LOST, onLost);
    eventTarget.removeEventListener(WEBGL_CONTEXT_RESTORED, onRestored);
  };
}

/** @throws Error with the reason if the frame cannot be loaded, an AbortError after cancelLoad */
export async function load(imageId: string): Promise<void> {
  if (cache.isLoaded(imageId)) return;
  const started = unfinished.get(imageId);
  if (started && !started.abort.signal.aborted) return void (await started.finished);
  const abort = new AbortController();
  // The cache holds a cancelled load until it has failed.
  const finished = Promise.resolve(started?.finished)
    .catch(() => undefined)
    .then((): Promise<unknown> => {
      abort.signal.throwIfAborted();
      // The viewport loads by itself what the cache has dropped in between.
      return cache.getImageLoadObject(imageId)?.promise ?? cache.putImageLoadObject(imageId, { promise: imageLoader.loadImage(imageId) });
    })
    .finally(() => unfinished.get(imageId)?.abort === abort && unfinished.delete(imageId));
  unfinished.set(imageId, { finished, abort });
  await finished;
}

/** Ends an unfinished load, also the request to the service. */
export function cancelLoad(imageId: string): void {
  unfinished.get(imageId)?.abort.abort();
}

function loadFrame(imageId: string): { readonly promise: Promise<Types.IImage> } {
  return { promise: fetchFrame(imageId, unfinished.get(imageId)?.abort.signal) };
}

async function fetchFrame(imageId: string, signal?: AbortSignal): Promise<Types.IImage> {
  const response = await fetch(belowBase(imageId.slice(scheme.length + 1)), { credentials: 'same-origin', ...(signal ? { signal } : {}) });
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
  { slope, intercept }: Pick<LoadedFrame, 'slope' | 'intercept'>,
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
