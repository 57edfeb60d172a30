import type { EngineDescription } from '../engine/engine.js';
import type { FindingDecision } from '../evaluation/probability.js';
import type { Box, GreyImage } from '../pixels/image.js';

/* What a model version that is loaded onto the engine predicts. */

export type ImageKind = 'xray' | 'ct';

export interface FindingPrediction {
  readonly name: string;
  /** Calibrated, 0 to 1. */
  readonly probability: number;
  readonly absentBelow: number;
  readonly presentFrom: number;
  readonly decision: FindingDecision;
  /** Probability and thresholds are the publisher's: nobody has compared them with labels of this hospital. */
  readonly isNotCalibratedHere?: true | undefined;
  /** Where the network looked most, in fractions of the image; only where the finding is present. */
  readonly box?: Box | undefined;
  /** Activation of the network for this finding (Grad-CAM), over the whole image; `width * height` values of 0 or more. */
  readonly activation: { readonly values: Float32Array; readonly width: number; readonly height: number };
}

export interface ImagePrediction {
  readonly findings: readonly FindingPrediction[];
  /** Why the image is not what the network was made for; absent when it is. */
  readonly refusal?: string | undefined;
  /** Mahalanobis distance of its features from the training images. */
  readonly distance?: number | undefined;
  /** What computed it, where that may be another engine a moment later. */
  readonly engine?: EngineDescription | undefined;
}

export interface SliceFinding extends FindingPrediction {
  /** The slices that the probability comes from, the most telling first; `box` lies on the first. */
  readonly slices: readonly number[];
}

export interface StackPrediction {
  readonly findings: readonly SliceFinding[];
  readonly refusal?: string | undefined;
  /** Mean over the slices. */
  readonly distance?: number | undefined;
  /** From slices to study, in words. */
  readonly rule: string;
  readonly engine?: EngineDescription | undefined;
}

/** A model version on its engine. */
export interface ServedModel {
  readonly name: string;
  readonly manufacturer: string;
  /** Short content hash. */
  readonly version: string;
  readonly deviceUID: string;
  readonly engine: EngineDescription;
  /** Whether the version contains a network for this kind of image. */
  supports(kind: ImageKind): boolean;
  /** What its results lack, one sentence each: calibration on local labels, a feature guard. Absent: nothing. */
  limitations?(kind: ImageKind): readonly string[];
  /** Each X-ray on its own. */
  predictXrays(images: readonly GreyImage[]): Promise<readonly ImagePrediction[]>;
  /** The axial slices of one study together. */
  predictSlices(images: readonly GreyImage[]): Promise<StackPrediction>;
  /** Number of slices of one CT that the model needs. */
  readonly slicesPerStudy: number;
  /** Number of neighbouring slices that the network sees together, the one reported in the middle; absent: 1. */
  readonly neighbouringSlices?: number | undefined;
}
