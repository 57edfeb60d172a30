import type { ImageReader } from '../serving/image-reader.js';
import type { ImageKind, ServedModel } from '../serving/model.js';
import type { CodedConcept } from '../dicom/code.js';
import type { DataSet } from '../dicom/data-set.js';
import type { SeriesInstanceUID, SOPInstanceUID, StudyInstanceUID } from '../dicom/uid.js';
import type { Log } from '../log.js';
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
