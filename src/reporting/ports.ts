import type { CodedConcept } from '../dicom/code.js';
import type { DataSet } from '../dicom/data-set.js';
import type { SeriesInstanceUID, SOPInstanceUID, StudyInstanceUID } from '../dicom/uid.js';
import type { EngineDescription } from '../engine/engine.js';
import type { Log } from '../log.js';
import type { Box, GreyImage } from '../pixels/image.js';
import type { Preview } from '../pixels/preview.js';
import type { Arrival } from '../routing/series-facts.js';
import type { Destination, Routing } from '../routing/rules.js';
import type { DocumentProfile } from '../sr/document-profile.js';
import type { Decision, DocumentReference } from '../sr/report-content.js';
import type { StudyStatistics } from '../monitoring/study-statistics.js';

/**
 * What the stories need from the outside, as small as they need it. app.ts supplies the real things.
 */

/** The PACS by DICOMweb. */
export interface Pacs {
  retrieveStudyMetadata(study: StudyInstanceUID): Promise<readonly DataSet[]>;
  /** Part 10 bytes in the transfer syntax in which the instance is stored. */
  retrieveInstance(study: StudyInstanceUID, series: SeriesInstanceUID, instance: SOPInstanceUID): Promise<Uint8Array>;
  /** Resolves only when every instance was taken. */
  storeInstances(files: readonly Uint8Array[]): Promise<void>;
  /** What the PACS's own interface tells beside DICOMweb; absent where instances neither change nor go (files on disk). */
  readonly content?: PacsContent | undefined;
}

/** Which files a study holds at this moment, so that a result follows them. */
export interface PacsContent {
  /** The name of the stored file by SOP Instance UID: another after an instance was overwritten, or deleted and sent again. Empty when the study is gone. */
  storedFiles(study: StudyInstanceUID): Promise<StoredFiles>;
  /** A digest of the bytes of each of these instances that is there, by SOP Instance UID. */
  digestsOf(study: StudyInstanceUID, instances: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Removes documents that this program stored a moment ago; those that are gone are left out. */
  removeDocuments(documents: readonly { readonly sopInstanceUID: SOPInstanceUID }[]): Promise<void>;
}

export type StoredFiles = ReadonlyMap<string, string>;

export type ImageKind = 'xray' | 'ct';

/** An image as the network will see it, and the way back to where its pixels are stored. */
export interface ReadImage {
  readonly image: GreyImage;
  /** The same for people: what a heat map is drawn over. None is drawn without. */
  readonly preview?: Preview;
  /** From a box in fractions (0 to 1) of `image` to pixels of the image as stored. */
  toStored(box: Box): Box;
}

/** Decoding, where it can neither hold the service up nor take it down; frame numbers are 1-based. */
export interface ImageReader {
  readXray(file: Uint8Array): Promise<ReadImage>;
  readCtSlice(file: Uint8Array, frameNumber: number): Promise<ReadImage>;
  /** Share of the body's cross-section that is lung, 0 to 1. */
  lungFraction(file: Uint8Array, frameNumber: number): Promise<number>;
  /** A picture file, taken for a frontal X-ray. */
  readPicture(file: Uint8Array): Promise<{ readonly image: GreyImage; readonly preview: Preview }>;
}

export interface FindingPrediction {
  readonly name: string;
  /** Calibrated, 0 to 1. */
  readonly probability: number;
  readonly absentBelow: number;
  readonly presentFrom: number;
  readonly decision: Decision;
  /** Where the network looked most, in fractions of the image; only where the finding is present. */
  readonly box?: Box | undefined;
  /** What the network looked at for this finding, over the whole image; `width * height` values of 0 or more. */
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

/** The model version in service, on its engine. */
export interface ServedModel {
  readonly name: string;
  readonly manufacturer: string;
  /** Short content hash. */
  readonly version: string;
  readonly deviceUID: string;
  readonly engine: EngineDescription;
  judges(kind: ImageKind): boolean;
  /** Each X-ray on its own. */
  predictXrays(images: readonly GreyImage[]): Promise<readonly ImagePrediction[]>;
  /** The axial slices of one study together. */
  predictSlices(images: readonly GreyImage[]): Promise<StackPrediction>;
  /** Slices of one CT that the model asks for. */
  readonly slicesPerStudy: number;
}

/** One study's result as the index keeps it: UIDs, codes, numbers and times only. */
export interface StudyResult {
  readonly resultId: string;
  readonly studyInstanceUID: StudyInstanceUID;
  readonly createdAt: Date;
  readonly outcome: 'reported' | 'skipped' | 'failed';
  readonly code: string | undefined;
  readonly reason: string | undefined;
  /** Of a failure: whether the same step may succeed later. */
  readonly retryable?: boolean | undefined;
  readonly rule: string | undefined;
  readonly priority: number;
  readonly modelVersion: string;
  readonly engine: string;
  readonly inputKey: string;
  readonly findings: readonly ResultFinding[];
  readonly documents: readonly ResultDocument[];
  readonly destinations: readonly Destination[];
  readonly timings: Readonly<Record<string, number>>;
  /** Of a study whose pixels were judged now. */
  readonly statistics?: StudyStatistics | undefined;
}

export interface ResultFinding {
  readonly name: string;
  readonly code: string;
  readonly scheme: string;
  readonly meaning: string;
  readonly probability: number;
  readonly decision: Decision;
}

export interface ResultDocument extends DocumentReference {
  readonly kind: 'text' | 'measurement' | 'heat-map';
}

/** How a network output is said in a document; from config/findings.json. */
export interface FindingTerms {
  readonly concept: CodedConcept;
  readonly site?: CodedConcept | undefined;
  readonly wording: string;
}

export interface ReportSettings {
  readonly routing: Routing;
  /** @throws Fault `config-invalid` for a finding that config/findings.json does not name */
  termsOf(findingName: string): FindingTerms;
  /** The other way round, for documents, which hold the concept only. */
  findingNameOf(concept: CodedConcept): string | undefined;
  /** For images that name no procedure. @param modality of the image, e.g. `CR` */
  procedureReported(kind: ImageKind, modality?: string): CodedConcept;
  /** Codes that a document may use besides those fixed by its template. */
  readonly codes: readonly CodedConcept[];
  readonly skippedDocuments: boolean;
  readonly failedDocuments: boolean;
  readonly maxImages: number;
  readonly seriesNumber: number;
  /** Which documents are written; the text report always. */
  readonly profile: DocumentProfile;
  /** Version of this program, from package.json. */
  readonly softwareVersion: string;
}

export interface Clock {
  now(): Date;
}

export interface ReportPorts {
  readonly pacs: Pacs;
  readonly reader: ImageReader;
  /** The model in service now; asked once per study, so that a switch never happens within one. */
  readonly model: () => ServedModel;
  readonly settings: ReportSettings;
  readonly clock: Clock;
  readonly log: Log;
  /** What drift calls the site of an image; without it no statistics of studies are made. */
  readonly siteOf?: ((instance: DataSet) => string) | undefined;
}

export interface StudyToReport {
  readonly studyInstanceUID: StudyInstanceUID;
  readonly arrival: Arrival;
}
