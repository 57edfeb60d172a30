import type { Preview } from '../pixels/preview.js';
import type { ImageReference, ReportOutcome } from '../sr/report-content.js';
import type { FindingPrediction, ImageKind, ServedModel } from '../serving/model.js';
import type { LineModel } from '../serving/study-models.js';
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
  /** Where several models analysed the study: the one that found it. */
  readonly model?: ServedModel | undefined;
  /** Name of the model whose decision on the same finding counts instead. */
  readonly overruledBy?: string | undefined;
}

/** What one of several models predicted. */
export interface ModelAnalysis extends LineModel {
  readonly analysis: Analysis;
}

/** What the model predicted for the chosen images, or why it predicted nothing. */
export interface Analysis {
  readonly kind: ImageKind;
  /** The images that the findings are about, or for a skip those that were considered. */
  readonly evidence: readonly ImageReference[];
  readonly findings: readonly StudyFinding[];
  readonly skip?: Skip;
  /** What a reader has to know in addition to the findings, one sentence each. */
  readonly remarks?: readonly string[];
  /** How it was done, one sentence each: which images, which rule from images to study. */
  readonly notes: readonly string[];
  /** Of its first image, or for CT the middle one; absent where nothing was predicted. */
  readonly statistics?: StudyStatistics | undefined;
  /** The engine that computed the predictions: another one may take over before they are written down. */
  readonly engine?: ServedModel['engine'] | undefined;
  /** Where several models were to analyse the study: those that did, by falling precedence. */
  readonly byModel?: readonly ModelAnalysis[] | undefined;
}

export function outcomeOf({ skip }: Analysis): ReportOutcome {
  return skip ? { kind: 'skipped', ...skip } : { kind: 'reported' };
}

/** A study that the rules skip: no image was considered. */
export function skippedAnalysis(skip: Skip): Analysis {
  return { kind: 'xray', evidence: [], findings: [], notes: [], skip };
}
