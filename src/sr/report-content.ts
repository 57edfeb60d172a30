import type { CodedConcept } from '../dicom/code.js';
import type { SeriesInstanceUID, SOPClassUID, SOPInstanceUID, StudyInstanceUID } from '../dicom/uid.js';
import type { HeaderContent } from './document-header.js';

/** Present, absent, or in between: what is said of a finding (CID 240). */
export type Decision = 'present' | 'absent' | 'undetermined';

/** An image that a result rests on. */
export interface ImageReference {
  readonly studyInstanceUID: StudyInstanceUID;
  readonly seriesInstanceUID: SeriesInstanceUID;
  readonly sopClassUID: SOPClassUID;
  readonly sopInstanceUID: SOPInstanceUID;
  /** 1-based; only for multi-frame images. */
  readonly frameNumber?: number;
}

/** Where a finding shows: a box on one image, in pixels of that image as stored (column, row; PS3.3 C.18.6). */
export interface FindingRegion {
  readonly image: ImageReference;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface ReportedFinding {
  /** Name of the network output, e.g. `pneumonia`. */
  readonly name: string;
  readonly concept: CodedConcept;
  /** Finding site, from config/findings.json. */
  readonly site?: CodedConcept;
  /** "appearance compatible with pneumonia": never a diagnosis. */
  readonly wording: string;
  /** Calibrated, 0 to 1. */
  readonly probability: number;
  readonly absentBelow: number;
  readonly presentFrom: number;
  readonly decision: Decision;
  readonly region?: FindingRegion;
  /** The images that this finding was inferred from. */
  readonly images: readonly ImageReference[];
}

/** Who speaks: the algorithm and the model version behind a result (IHE AIR, TID 1004, TID 4019). */
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

/** A document that this one supersedes (Predecessor Documents Sequence, PS3.3 C.17.2). */
export interface DocumentReference {
  readonly studyInstanceUID: StudyInstanceUID;
  readonly seriesInstanceUID: SeriesInstanceUID;
  readonly sopClassUID: SOPClassUID;
  readonly sopInstanceUID: SOPInstanceUID;
}

/** All that a document says; the same content always gives the same document, byte for byte. */
export interface ReportContent extends HeaderContent {
  readonly outcome: ReportOutcome;
  readonly findings: readonly ReportedFinding[];
  /** What a reader has to know beside the findings, one sentence each: images that could not be read, say. */
  readonly remarks?: readonly string[];
  /** The images looked at: evidence. For a skip or a failure, the images of the study that were considered. */
  readonly evidence: readonly ImageReference[];
  readonly procedureReported: CodedConcept;
  readonly algorithm: AlgorithmIdentity;
}
