import type { CodedConcept } from '../dicom/code.js';
import type { DataSet } from '../dicom/data-set.js';
import type { SeriesInstanceUID, SOPInstanceUID, StudyInstanceUID } from '../dicom/uid.js';
import type { Log } from '../log.js';
import type { StudyStatistics } from '../monitoring/study-statistics.js';
import type { Destination, DestinationKind, Routing } from '../routing/rules.js';
import type { Arrival } from '../routing/series-facts.js';
import type { ImageReader } from '../serving/image-reader.js';
import type { ImageKind, ServedModel } from '../serving/model.js';
import type { StudyModels } from '../serving/study-models.js';
import type { DocumentProfile } from '../sr/document-profile.js';
import type { Decision, DocumentReference } from '../sr/report-content.js';
import type { Deliveries } from '../store/deliveries.js';
import type { NewTriage } from '../store/place-in-worklist.js';
import type { Store } from '../store/store.js';
import type { ChangeLog, Cursor } from './change-log.js';

/* What the report story needs from outside, in interfaces as narrow as it needs them; `service` supplies the implementations. */

import type { TriageSettings } from '../triage/urgency.js';

export type { ChangeLog, Cursor } from './change-log.js';

/** The PACS by DICOMweb. */
export interface Pacs {
  retrieveStudyMetadata(study: StudyInstanceUID): Promise<readonly DataSet[]>;
  /** Part 10 bytes in the transfer syntax in which the instance is stored. */
  retrieveInstance(study: StudyInstanceUID, series: SeriesInstanceUID, instance: SOPInstanceUID): Promise<Uint8Array>;
  /** Resolves only when the PACS has accepted every instance. */
  storeInstances(files: readonly Uint8Array[]): Promise<void>;
  /** What the PACS's own interface offers in addition to DICOMweb; absent where instances neither change nor disappear (files on disk). */
  readonly content?: PacsContent | undefined;
  /** Whether the data of the study were erased: nothing is stored in it any more. Absent where nothing is ever erased (files on disk). */
  readonly isErased?: ((study: string) => Promise<boolean>) | undefined;
}

/** The files that a study contains at this moment, so that a result follows them. */
export interface PacsContent {
  /** The name of the stored file by SOP Instance UID: it changes if an instance is overwritten, or deleted and sent again. Empty if the study was deleted. */
  storedFiles(study: StudyInstanceUID): Promise<StoredFiles>;
  /** A digest of the bytes of each of these instances that is there, by SOP Instance UID. */
  digestsOf(study: StudyInstanceUID, instances: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Removes documents that this program stored; those that no longer exist are ignored. */
  removeDocuments(documents: readonly { readonly sopInstanceUID: SOPInstanceUID }[]): Promise<void>;
}

export type StoredFiles = ReadonlyMap<string, string>;

/** One study's result as the index stores it: UIDs, codes, numbers and times only. */
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
  /** By other models on findings that `findings` contains: a model of higher precedence decided on these. */
  readonly otherFindings?: readonly ResultFinding[] | undefined;
  /** Of each model that has just seen the pixels. */
  readonly statistics?: readonly ModelStatistics[] | undefined;
  /** Its place in the order of reading. */
  readonly triage?: NewTriage | undefined;
  /** The study had a result for the same images, by another model version. */
  readonly isReanalysis?: boolean | undefined;
}

/** Statistics of a study as one model saw it. */
export interface ModelStatistics extends StudyStatistics {
  readonly line: string;
  readonly modelVersion: string;
  /** By finding. */
  readonly decisions: Readonly<Record<string, Decision>>;
}

export interface ResultFinding {
  readonly name: string;
  readonly code: string;
  readonly scheme: string;
  readonly meaning: string;
  readonly probability: number;
  readonly decision: Decision;
  /** Of the model that found it. */
  readonly modelVersion?: string;
}

export interface ResultDocument extends DocumentReference {
  readonly kind: 'text' | 'measurement' | 'heat-map';
}

/** The result of the latest earlier study of the same patient with images of the same kind. */
export interface PriorResult {
  readonly studyInstanceUID: string;
  /** YYYYMMDD. */
  readonly studyDate: string;
  /** Of its first model. */
  readonly modelVersion: string | undefined;
  readonly findings: readonly ResultFinding[];
}

/** @param images of the study that is reported: their patient, date and modality count */
export type FindPrior = (images: readonly DataSet[]) => Promise<PriorResult | undefined>;

/** How a document states a network output; from config/findings.json. */
export interface FindingTerms {
  readonly concept: CodedConcept;
  readonly site?: CodedConcept | undefined;
  readonly wording: string;
}

export interface ReportSettings {
  readonly routing: Routing;
  /** @throws Fault `config-invalid` for a finding that config/findings.json does not name */
  termsOf(findingName: string): FindingTerms;
  /** The reverse, for documents, which contain the concept only. */
  findingNameOf(concept: CodedConcept): string | undefined;
  /** For images that name no procedure. @param modality of the image, e.g. `CR` */
  procedureReported(kind: ImageKind, modality?: string): CodedConcept;
  /** Codes that a document may use besides those fixed by its template. */
  readonly codes: readonly CodedConcept[];
  /** Findings that no document contains: `findings.off`. */
  readonly findingsOff?: readonly string[] | undefined;
  /** Without it no study has an urgency. */
  readonly triage?: TriageSettings | undefined;
  readonly skippedDocuments: boolean;
  readonly failedDocuments: boolean;
  readonly maxImages: number;
  readonly seriesNumber: number;
  /** Which documents are written; the text report always. */
  readonly profile: DocumentProfile;
  /** Version of this program, from package.json. */
  readonly softwareVersion: string;
}

/** An engine and why it was chosen. */
export type EngineIdentity = Pick<ServedModel['engine'], 'name' | 'why'>;

export interface Clock {
  now(): Date;
}

/** What reporting one study needs. */
export interface ReportPorts {
  readonly pacs: Pacs;
  readonly reader: ImageReader;
  /** The champion of the default line; called once for each study, so that a study is never reported by two versions. */
  readonly model: () => ServedModel;
  /** The champions of all lines, the default line's among them; absent where that is the only line. Called once for each study, too. */
  readonly models?: (() => StudyModels) | undefined;
  readonly settings: ReportSettings;
  readonly clock: Clock;
  readonly log: Log;
  /** The result of an earlier study of the patient; without it documents compare with nothing. */
  readonly findPrior?: FindPrior | undefined;
  /** What drift monitoring calls the site of an image; without it no statistics of studies are computed. */
  readonly siteOf?: ((instance: DataSet) => string) | undefined;
}

export interface StudyToReport {
  readonly studyInstanceUID: StudyInstanceUID;
  readonly arrival: Arrival;
  /** A person has requested its analysis: it is analysed whatever the routing rules select. */
  readonly isRequested?: boolean;
  /** Its images have a result already; the model version by which it is analysed again. */
  readonly reanalysisWith?: string | undefined;
}

/** A study as the PACS's own interface shows it: few attributes, but at once. */
export interface PacsStudy {
  readonly studyInstanceUID: StudyInstanceUID;
  /** No instance has arrived for the PACS's stable age. */
  readonly isStable: boolean;
  readonly series: readonly PacsSeries[];
  /** Name of the stored file by the PACS's own id of the instance; absent where it was not requested. */
  readonly fileOf?: ReadonlyMap<string, string> | undefined;
}

export interface PacsSeries {
  readonly seriesInstanceUID: string;
  readonly instanceIds: readonly string[];
  /** What the PACS indexes of study and series. */
  readonly mainAttributes: DataSet;
}

/** Studies by the PACS's own interface and its own ids. */
export interface PacsStudies {
  /** @returns undefined if the PACS does not contain it @throws Fault `study-ambiguous` if two studies have its UID */
  study(pacsStudyId: string): Promise<PacsStudy | undefined>;
  /** The PACS's own ids of the studies with this Study Instance UID: more than one if two patients have it. */
  findStudies(studyInstanceUID: string): Promise<readonly string[]>;
  /** By the PACS's own id; studies that do not exist, or have another id now, are left out. */
  seriesOfStudies(pacsStudyIds: readonly string[]): Promise<ReadonlyMap<string, readonly PacsSeries[]>>;
  /** How the images of a study reached the PACS. */
  arrivalOf(series: readonly PacsSeries[]): Promise<Arrival>;
}

/** Where the PACS sends documents. */
export interface Destinations {
  /** The PACS's own ids of instances by SOP Instance UID. */
  instanceIdsOf(sopInstanceUIDs: readonly string[]): Promise<readonly string[]>;
  /**
   * How documents are sent to a destination of each kind.
   *
   * @throws Fault `destination-unavailable` (retried) or `destination-unknown`
   */
  readonly sendTo: Readonly<
    Record<DestinationKind, (name: string, instanceIds: readonly string[], signal?: AbortSignal) => Promise<SendOutcome>>
  >;
}

/** What is known of instances that a destination has taken: whether it answers for them (storage commitment, PS3.4 Annex J). */
export type SendOutcome = 'storage-committed' | 'stored';

/** A study that received something. */
export interface IntakeJob {
  readonly pacsStudyId: string;
  /** If the images are unchanged: analyse them again with this deployed model version, unless their result is by it. */
  readonly reanalysisWith?: string;
}

/** A study that is complete and is to be reported. */
export interface ReportJob {
  readonly pacsStudyId: string;
  readonly studyInstanceUID: string;
  readonly callingAeTitle?: string;
  readonly calledAeTitle?: string;
  readonly contentKey: string;
  /** The images have a result already; the model version by which they are analysed again. */
  readonly reanalysisWith?: string;
}

/** Documents of a result that are to be sent to one destination of its rule. */
export interface Delivery {
  readonly resultId: string;
  readonly destination: Destination;
  readonly sopInstanceUIDs: readonly string[];
}

/** The story's durable queues: a job is safe when the call resolves. A job that waits already is not queued twice. */
export interface StudyQueue {
  /** @param isBacklog the study arrived some time ago: studies that arrive now go first */
  intake(job: IntakeJob, options?: { readonly startAfterMs?: number; readonly isBacklog?: boolean }): Promise<void>;
  report(job: ReportJob, priority: number, isBacklog: boolean): Promise<void>;
  deliver(delivery: Delivery): Promise<void>;
  /** Whether a study waits for intake or for a report, or is analysed now. */
  isPending(pacsStudyId: string): Promise<boolean>;
  /** Jobs that no attempt is left for. */
  failedJobs(queue?: string): Promise<readonly FailedStudyJob[]>;
  /** Starts a failed job again, with all its attempts. */
  retryFailedJob(id: string): Promise<unknown>;
}

export interface FailedStudyJob {
  readonly id: string;
  readonly code: string;
  readonly pacsStudyId: string | undefined;
  readonly studyInstanceUID: string | undefined;
}

/** The database: an index of what the PACS contains. */
export type ResultIndex = Pick<Store, 'studies' | 'results' | 'statistics'> & {
  /** Studies whose analysis a person has requested. */
  readonly requests: Pick<Store['requests'], 'open' | 'find' | 'close'>;
  /** Studies that changed or were deleted in the last months. */
  readonly studyChanges: Pick<Store['studyChanges'], 'after'>;
  readonly knownStudies: Pick<Store['knownStudies'], 'page'>;
  readonly erasures: Pick<Store['erasures'], 'isErased'>;
};

/** Which results still have to reach which destinations. */
export type { Deliveries };

/** What other stories do about a study; each call may be repeated. */
export interface StudyEvents {
  /** The images of a reported study changed, or the study was deleted: what was derived from the images is no longer valid. */
  onStudyChanged(studyInstanceUID: string): Promise<void>;
  /** The study contains documents that this program did not write: readers' assessments may be among them. */
  onOtherDocuments(studyInstanceUID: string): Promise<void>;
  /** The index contains a new current result; called before the study counts as done, so that no result is missed. */
  onIndexed(studyInstanceUID: string): Promise<void>;
  /** The study has a new result. */
  onResult(study: StudyToReport, result: StudyResult): Promise<void>;
}

/** Everything that the report story needs. */
export interface StoryPorts extends Omit<ReportPorts, 'reader' | 'model' | 'models'> {
  readonly changeLog: ChangeLog;
  /** How far the change log was read. */
  readonly cursor: Cursor;
  readonly studies: PacsStudies;
  readonly destinations: Destinations;
  readonly queue: StudyQueue;
  readonly index: ResultIndex;
  readonly deliveries: Deliveries;
  readonly events: StudyEvents;
  /** For metrics. */
  readonly observe: (result: StudyResult) => void;
  readonly schedule: IntakeSchedule;
}

export interface IntakeSchedule {
  /** Whether a PACS that was never read is read from its beginning. */
  readonly analyseArchive: boolean;
  /** Milliseconds after which a study that was still growing is checked again. */
  readonly stabilityCheckMs: number;
}
