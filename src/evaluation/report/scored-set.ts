import type { Truth } from '../metrics/estimate.js';

/** `one-of-many`: exactly one class holds. `several`: each finding holds or not, and a label may be missing. */
export type ProblemKind = 'one-of-many' | 'several';

/** One image whose truth is known, and what a network said of it. */
export interface ScoredImage {
  /** File name or SOP Instance UID: whatever finds the picture again. Never a patient's name. */
  readonly id: string;
  /** Whose image it is; images of one patient are never told apart by chance. */
  readonly patient: string;
  /** Hospital or data set; empty if not known. */
  readonly source: string;
  /** View Position; empty if not known. */
  readonly view: string;
  /** One a class; null where the label is missing (`several` only). */
  readonly yTrue: readonly Truth[];
  /** One a class, calibrated, 0 to 1; of `one-of-many` with sum 1. */
  readonly yScore: readonly number[];
  /** Why the model's own guards refuse the image; absent if they take it. */
  readonly refusal?: string;
}

/** What a network said of a set of images; all figures come from this and nothing else. */
export interface ScoredSet {
  readonly objective: ProblemKind;
  readonly classes: readonly string[];
  /** Probability from which a class is called present, one a class; of `one-of-many` the most probable class is called. */
  readonly thresholds: readonly number[];
  readonly images: readonly ScoredImage[];
}
