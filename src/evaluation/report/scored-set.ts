import type { LabelOrigin } from '../../lib/label-origin.js';
import type { Truth } from '../metrics/estimate.js';

/** `one-of-many`: exactly one class is present. `several`: each finding is present or absent, and a label may be missing. */
export type ProblemKind = 'one-of-many' | 'several';

/** One labelled image with the predictions of a network. */
export interface ScoredImage {
  /** File name or SOP Instance UID: identifies the image. Never a patient's name. */
  readonly id: string;
  /** The patient; resampling and splitting keep the images of one patient together. */
  readonly patient: string;
  /** Hospital or data set; empty if not known. */
  readonly source: string;
  /** View Position; empty if not known. */
  readonly view: string;
  /** One a class; null where the label is missing (`several` only). */
  readonly yTrue: readonly Truth[];
  /** Where each truth comes from, one a class; null if it is not stated. Absent: no origin is stated. */
  readonly origins?: readonly (LabelOrigin | null)[] | undefined;
  /** Whether anything at all is stated to be present, also what the network does not know; undefined if nothing is stated. */
  readonly abnormal?: boolean | undefined;
  /** Whether lines, tubes or other devices are visible; undefined if it is not stated. */
  readonly devices?: boolean | undefined;
  /** One a class, calibrated, 0 to 1; of `one-of-many` with sum 1. */
  readonly yScore: readonly number[];
  /** Why the model's own guards refuse the image; absent if they accept it. */
  readonly refusal?: string;
}

/** Predictions of a network for a set of labelled images; all figures are computed from this alone. */
export interface ScoredSet {
  readonly objective: ProblemKind;
  readonly classes: readonly string[];
  /** Probability from which a class is called present, one a class; of `one-of-many` the most probable class is called. */
  readonly thresholds: readonly number[];
  readonly images: readonly ScoredImage[];
}
