import type { CodedConcept } from '../dicom/code.js';
import type { DataSet } from '../dicom/data-set.js';
import type { HeaderContent } from './document-header.js';
import type { FindingRegion, ImageReference } from './references.js';

export type { DocumentReference, FindingRegion, ImageReference } from './references.js';

/** Present, absent, or in between: the software's or a reader's decision on a finding (CID 240). */
export type Decision = 'present' | 'absent' | 'undetermined';

/** Side of the patient (CID 244), not of the picture. */
export type Side = 'left' | 'right';

export interface ReportedFinding {
  /** Name of the network output, e.g. `pneumonia`. */
  readonly name: string;
  readonly concept: CodedConcept;
  /** Finding site, from config/findings.json. */
  readonly site?: CodedConcept;
  /** Only where the region lies on one side of the patient and the image states its orientation. */
  readonly side?: Side;
  /** "appearance compatible with pneumonia": never a diagnosis. */
  readonly wording: string;
  /** Calibrated, 0 to 1. */
  readonly probability: number;
  readonly absentBelow: number;
  readonly presentFrom: number;
  readonly decision: Decision;
  /** Probability and thresholds are the publisher's, not fitted on labels of the hospital. */
  readonly isNotCalibratedHere?: true;
  readonly region?: FindingRegion;
  /** The images that this finding was inferred from. */
  readonly images: readonly ImageReference[];
  /** Tracking Unique Identifier (112040): the same for this lesion in every result of the study. */
  readonly trackingUID: string;
  /** Device UID of its algorithm, where several report; absent: that of `algorithm`. */
  readonly deviceUID?: string;
  /** Name of the algorithm whose decision on the same finding counts instead, by the configured precedence. */
  readonly overruledBy?: string;
}

/** The algorithm and the model version behind a result (IHE AIR, TID 1004, TID 4019). */
export interface AlgorithmIdentity {
  readonly manufacturer: string;
  /** Manufacturer's Model Name = Algorithm Name = Device Observer Model Name. */
  readonly name: string;
  /** Software Versions = Algorithm Version: software and model version. */
  readonly version: string;
  /** A UID of its own for each trained model. */
  readonly deviceUID: string;
  readonly serialNumber: string;
  /** Algorithm Parameters (111002), one text each: engine and why, thresholds, input. */
  readonly parameters: readonly string[];
}

export type ReportOutcome =
  | { readonly kind: 'reported' }
  | { readonly kind: 'skipped'; readonly code: string; readonly reason: string }
  | { readonly kind: 'failed'; readonly code: string; readonly reason: string };

/** What became of a finding since the prior study; `unclear` where one of the two decisions is undetermined. */
export type PriorChange = 'unchanged' | 'new' | 'resolved' | 'unclear';

export interface PriorFinding {
  readonly concept: CodedConcept;
  readonly change: PriorChange;
  /** In the prior study; probability 0 to 1. */
  readonly before: { readonly decision: Decision; readonly probability: number };
}

/** The software's result of an earlier study of the same patient, beside this one. */
export interface PriorComparison {
  readonly studyInstanceUID: string;
  /** YYYYMMDD. */
  readonly studyDate: string;
  /** Another model version made the prior result: a difference may be the model's. */
  readonly isOtherModel: boolean;
  /** The findings that both results state. */
  readonly findings: readonly PriorFinding[];
}

/** Everything in a document; the same content always gives the same document, byte for byte. */
export interface ReportContent extends HeaderContent {
  readonly outcome: ReportOutcome;
  readonly findings: readonly ReportedFinding[];
  /** What a reader has to know beside the findings, one sentence each, e.g. images that could not be read. */
  readonly remarks?: readonly string[];
  /** The result of an earlier study of the patient; only the text report states it. */
  readonly prior?: PriorComparison | undefined;
  /** The images that were analysed: evidence. For a skip or a failure, the images of the study that were considered. */
  readonly evidence: readonly ImageReference[];
  /** Data sets of these images, for their descriptors in the image library; an image without one is listed without descriptors. */
  readonly images?: readonly DataSet[];
  /** The algorithm; of several, the first in precedence. */
  readonly algorithm: AlgorithmIdentity;
  /** Further algorithms that analysed the images, by falling precedence. */
  readonly otherAlgorithms?: readonly AlgorithmIdentity[];
}
