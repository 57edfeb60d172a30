import type { Box } from '../image.js';
import type { CtWindow } from '../window.js';

/** The types that a browser draws. */
export type DisplaySamples = Uint8Array | Int16Array | Uint16Array;

/** One frame for a viewer that windows it itself, in the orientation in which presentXray and presentCtSlice show it. */
export interface DisplayFrame {
  /** After turning and reduction. */
  readonly columns: number;
  readonly rows: number;
  /** Row-major; times `slope` plus `intercept` are the values that `windows` are about. */
  readonly samples: DisplaySamples;
  readonly slope: number;
  readonly intercept: number;
  /** `HU`, or empty where the values have no unit that is known. */
  readonly unit: 'HU' | '';
  /** Whether the largest value is shown black. */
  readonly isInverse: boolean;
  /** LINEAR (PS3.3 §C.11.2.1.2). The first is how the service itself shows the frame, then those of the file. */
  readonly windows: readonly CtWindow[];
  /** Row and column spacing in mm, at the patient or else at the detector; absent if neither is stated. */
  readonly spacing?: readonly [row: number, column: number];
  /** Height of a pixel over its width. */
  readonly pixelAspect: number;
  /** Stored pixels in one pixel of this frame, along each axis; 1 unless the frame is very large. */
  readonly reduction: number;
  /** The part that the service shows and the network sees, in pixels of this frame; heat maps are drawn over it. */
  readonly shown: Box;
}
