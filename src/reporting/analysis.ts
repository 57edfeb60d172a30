import type { EngineDescription } from '../engine/engine.js';
import type { Preview } from '../pixels/preview.js';
import type { ImageReference } from '../sr/report-content.js';
import type { FindingPrediction, ImageKind } from '../serving/model.js';
import type { Skip } from './skip.js';
import type { StudyStatistics } from '../monitoring/study-statistics.js';

/** A finding of the study and the images it rests on. */
export interface StudyFinding extends FindingPrediction {
  readonly images: readonly ImageReference[];
  /** Where it shows: in pixels of one image as stored. */
  readonly region?:
    | { readonly image: ImageReference; readonly left: number; readonly top: number; readonly right: number; readonly bottom: number }
    | undefined;
  /** The first of `images` as it was shown to the network, for a heat map. */
  readonly preview?: Preview | undefined;
}

/** What came of looking at the chosen images. */
export interface Analysis {
  readonly kind: ImageKind;
  /** The images that were judged, or for a skip those that were considered. */
  readonly evidence: readonly ImageReference[];
  readonly findings: readonly StudyFinding[];
  readonly skip?: Skip;
  /** What a reader has to know beside the findings, one sentence each. */
  readonly remarks?: readonly string[];
  /** How it was done, one sentence each: which images, which rule from images to study. */
  readonly notes: readonly string[];
  /** Of its first image, or for CT the middle one; absent where nothing was judged. */
  readonly statistics?: StudyStatistics | undefined;
  /** What computed it, where that may be another engine by the time it is written down. */
  readonly engine?: EngineDescription | undefined;
}
