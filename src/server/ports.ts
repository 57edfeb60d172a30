import type { AssessmentViewer } from './assessment-viewer.js';
import type { EditedRule } from '../routing/edit-rules.js';
import type { AuditLog } from '../audit/audit-log.js';
import type { DisplayFrame } from '../pixels/display/display-frame.js';
import type { ProxiedResponse } from '../dicomweb/proxy.js';
import type { PacsAddress } from '../http/pacs-address.js';
import type { Health, MeasuredState } from '../monitoring/health-report.js';
import type { RequestState } from '../reporting/request-analysis.js';
import type { ReadingFilter } from '../store/worklist-order.js';
import type { AuditEntries } from '../store/audit-entries.js';
import type { ExplanationLanguage } from '../triage/explanation.js';
import type { UploadRoomLimits } from '../uploads/upload-room.js';
import type { Access } from './access/access.js';
import type { Confirmations } from './access/confirmations.js';
import type { Actor, Administration } from './access/administration.js';
import type { MessagesPort, ReportsPort } from './message-ports.js';
import type { Metrics } from './metrics.js';
import type { ResearchPort } from './research-port.js';
import type { ErasureBody, ShownErasure } from './schemas/erasures.js';
import type { BackfillBody, SignOffBody } from './schemas/backfills.js';
import type {
  ChangedModels,
  CodedFinding,
  Decision,
  ModelDetail,
  ModelsPage,
  Operations,
  Outcome,
  RuleTest,
  ShownAssessment,
  ShownBackfill,
  ShownDrift,
  ShownFailedJob,
  ShownPatient,
  ShownReading,
  ShownResult,
  ShownRetraining,
  DraftTest,
  RulesState,
  ShownRuleProblem,
  ShownRuleVersion,
  ShownSystem,
  ShownTrends,
  StudyAssessments,
  ImagesOfStudy,
  StudyPage,
  TrialReport,
  UploadAnalysisResult,
  WorklistCounts,
  WorklistPage,
} from './page-types.js';

/** What the server needs from the outside; `service` supplies it. */

/** Given at its start; `ports` follow a moment later, when the rest has started. */
export interface ServerParts {
  readonly hintToken: string | undefined;
  readonly access: Access;
  readonly metrics: Metrics;
  readonly administration: Administration;
  readonly audit: AuditLog;
  readonly auditEntries: Pick<AuditEntries, 'list' | 'after'>;
  /** Whether the page and its interface are served, or only health and metrics. */
  readonly web: boolean;
  /** Addresses or subnets whose X-Forwarded-… headers are believed. */
  readonly trustedProxies: readonly string[];
  readonly softwareVersion: string;
  /** The page as the build has made it. */
  readonly pageDirectory: string;
  /** The documentation that the page shows, with the folders `guide` and `reference`. */
  readonly guideDirectory: string;
  /** OHIF's files, or why they are missing. */
  readonly viewer: { readonly directory?: string | undefined; readonly why?: string | undefined };
  /** Where uploads are stored while they are analyzed, and how large they may be. */
  readonly uploads: { readonly directory: string; readonly maxBytes: number; readonly limits?: UploadRoomLimits };
  /** Reads Orthanc's change log now. */
  wake(): void;
  ports(): ServerPorts | undefined;
}

export interface ServerPorts {
  readonly assessments: AssessmentsPort;
  readonly readings: ReadingsPort;
  readonly page: PagePort;
  readonly drift: DriftPort;
  readonly backfills: BackfillPort;
  readonly erase: ErasurePort;
  readonly requests: AnalysisRequestPort;
  readonly confirmations: Confirmations;
  readonly messages: MessagesPort;
  /** Absent unless reports of radiologists are read. */
  readonly reports?: ReportsPort | undefined;
  readonly research: ResearchPort;
  readonly modelActions: ModelActions;
  /** Queues a retraining run of a line; while one waits or runs, no second. @throws Fault `not-found` */
  retrain(by: string, line?: string): Promise<void>;
  health(): Promise<Health>;
  measure(): Promise<MeasuredState>;
  /** Current results, newest first. */
  results(query: { readonly limit: number; readonly outcome?: Outcome | undefined }): Promise<readonly ShownResult[]>;
  /** All results of one study, the current one first. */
  resultsOf(studyInstanceUID: string): Promise<readonly ShownResult[]>;
  failedJobs(): Promise<readonly ShownFailedJob[]>;
  /** @returns false if no failed job has that id */
  retryFailedJob(id: string): Promise<boolean>;
  /** The failed jobs of a queue, of one fault code or all; at most 1000. @returns how many are retried */
  retryFailedJobs(queue: string, code: string | undefined): Promise<number>;
  readonly system: SystemPort;
  readonly rules: RulesPort;
  /** A viewer's request to the PACS; its path was checked. */
  proxyDicomWeb(
    path: PacsAddress,
    accept: string | undefined,
    seenAs: { readonly host: string; readonly protocol: string },
    signal: AbortSignal,
  ): Promise<ProxiedResponse>;
}

/** Finds or erases; each is on record. @throws Fault `request-invalid`, `study-ambiguous` */
export type ErasurePort = (request: ErasureBody, by: { readonly actor: string; readonly remote?: string }) => Promise<ShownErasure>;

/** The routing rules, edited by operators. */
export interface RulesPort {
  state(): Promise<RulesState>;
  check(rules: readonly EditedRule[]): readonly ShownRuleProblem[];
  /** On the last studies. @throws Fault `request-invalid` for a draft with problems */
  test(rules: readonly EditedRule[], limit: number): Promise<readonly DraftTest[]>;
  /** @throws Fault `request-invalid`, `rules-changed` (the file is another than the one it is based on), `config-read-only` */
  change(rules: readonly EditedRule[], basedOn: string, by: Actor): Promise<void>;
  history(): Promise<readonly ShownRuleVersion[]>;
  /** @throws Fault as `change`, `not-found` */
  restore(number: number, basedOn: string, by: Actor): Promise<void>;
}

/** For those who run the service. */
export interface SystemPort {
  state(): Promise<ShownSystem>;
  /** @param hours 1 to 840 */
  trends(hours: number): Promise<ShownTrends>;
}

export interface AssessmentRequest {
  readonly studyInstanceUID: string;
  /** Account of the reader. */
  readonly reader: string;
  readonly findings: readonly { readonly name: string; readonly decision: Decision; readonly comment?: string | undefined }[];
  /** SOP Instance UID of the text report that the reader saw. */
  readonly assessedDocument?: string | undefined;
  /** Ends a disagreement between readers. */
  readonly adjudicates?: boolean | undefined;
  readonly origin: 'page' | 'api';
}

export interface AssessmentsPort {
  /** `stored` is false if the PACS contained it already. */
  record(request: AssessmentRequest): Promise<{ readonly assessment: ShownAssessment; readonly stored: boolean }>;
  /** The reader takes back every earlier assessment of these findings. */
  withdraw(
    request: Pick<AssessmentRequest, 'studyInstanceUID' | 'reader' | 'origin'> & { readonly findings: readonly string[] },
  ): Promise<{ readonly assessment: ShownAssessment; readonly stored: boolean }>;
  /** What can be assessed. */
  codedFindings(): readonly CodedFinding[];
  /** Whether this account's assessments are stored as VERIFIED. */
  mayVerify(account: string): boolean;
  /**
   * Assessments oldest first, and the labels that follow from them; for readers also from what was read from radiologists' reports.
   *
   * @param withComments reads the comments from the documents in the PACS
   */
  ofStudy(studyInstanceUID: string, viewer: AssessmentViewer, withComments: boolean): Promise<StudyAssessments>;
  /** Series Instance UIDs of other readers' assessments that are hidden from this viewer. */
  hiddenSeries(studyInstanceUID: string, viewer: AssessmentViewer): Promise<ReadonlySet<string>>;
}

/** The reading state after an action, and whose claim the action ended. */
export interface ChangedReading {
  readonly reading: ShownReading;
  readonly takenFrom?: string | undefined;
}

/** What readers do with a study that waits. Each throws Fault `not-found` (no result), `reading-conflict` where it is refused. */
export interface ReadingsPort {
  /** @param takeOver also ends the claim of another reader */
  claim(studyInstanceUID: string, reader: string, takeOver: boolean): Promise<ChangedReading>;
  release(studyInstanceUID: string, reader: string): Promise<ChangedReading>;
  markRead(studyInstanceUID: string, reader: string): Promise<ChangedReading>;
  markUnread(studyInstanceUID: string): Promise<ChangedReading>;
}

/** Whether incoming studies still resemble the training data. */
export interface DriftPort {
  /** The last check of a line, and its alarms that last. @throws Fault `not-found` */
  shown(line?: string): Promise<ShownDrift>;
  /** Queues a check; while one waits or runs, no second. */
  requestCheck(): Promise<void>;
  /** @returns false if no unacknowledged alarm has that id */
  acknowledge(id: string, by: string): Promise<boolean>;
}

/** A person requests the analysis of a study, whatever the routing rules select. */
export interface AnalysisRequestPort {
  /** @throws Fault `pacs-not-found`, `study-ambiguous`, `dicom-attribute` */
  request(studyInstanceUID: string): Promise<RequestState>;
}

/** Analyses of the archive; each change is on record before it is carried out. */
export interface BackfillPort {
  /** Newest first. */
  list(): Promise<readonly ShownBackfill[]>;
  /** @throws Fault `request-invalid`, also while another one is in progress */
  start(request: BackfillBody, by: BackfillActor): Promise<ShownBackfill>;
  /** @throws Fault `not-found` if it is not running */
  pause(id: number, by: BackfillActor): Promise<ShownBackfill>;
  /** @throws Fault `not-found` if it is not paused */
  resume(id: number, by: BackfillActor): Promise<ShownBackfill>;
  /** @throws Fault `not-found` if it is not in progress */
  cancel(id: number, by: BackfillActor): Promise<ShownBackfill>;
  /** Of an analysis in shadow. @throws Fault `not-found`, `request-invalid` if there is no report */
  report(id: number, version?: string): Promise<TrialReport>;
  /** @throws Fault as `report` does, and `request-invalid` if the figures are others by now */
  sign(id: number, body: SignOffBody, by: BackfillActor): Promise<TrialReport>;
  /** The address of the service for its users; undefined where the settings state none. */
  readonly publicUrl?: string | undefined;
}

interface BackfillActor {
  readonly actor: string;
  readonly remote?: string;
}

/** A change of the deployed versions: who requests it, and why; the reason stays in the history. */
export interface RequestedChange {
  readonly by: string;
  readonly why?: string | undefined;
  /** Model line; absent: the default one. */
  readonly line?: string | undefined;
}

/** What an operator may do with models. Each throws Fault `not-found` (no such line), `model-unknown`, `request-invalid`, `aliases-changed`. */
export interface ModelActions {
  /** The rule is that of the command line: a version that did not pass the gate needs `withoutGate` and a reason. */
  promote(version: string, change: RequestedChange & { readonly withoutGate: boolean }): Promise<ChangedModels>;
  /** @param version null takes the challenger away */
  challenge(version: string | null, change: RequestedChange): Promise<ChangedModels>;
  rollBack(change: RequestedChange): Promise<ChangedModels>;
}

export interface WorklistQuery {
  readonly outcome?: Outcome | undefined;
  /** Only studies in which this finding is present; `any` for any finding. */
  readonly present?: string | undefined;
  /** Beginning of a Study Instance UID, else Patient's Name, Patient ID or Accession Number, for which the PACS is searched. */
  readonly search?: string | undefined;
  readonly reading?: ReadingFilter | undefined;
  /** Time of the result: from this moment on, and before that one. */
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  readonly modality?: string | undefined;
  /** Default: the setting triage.order. */
  readonly order?: WorklistPage['order'] | undefined;
  readonly direction?: 'ascending' | 'descending' | undefined;
  readonly viewer?: AssessmentViewer | undefined;
  /** Of explanations; default English. */
  readonly language?: ExplanationLanguage | undefined;
  readonly limit: number;
  readonly after?: string | undefined;
}

export interface Picture {
  readonly type: 'image/jpeg' | 'image/png';
  readonly bytes: Buffer;
}

/** What the page shows. */
export interface PagePort {
  worklist(query: WorklistQuery): Promise<WorklistPage>;
  counts(viewer: AssessmentViewer): Promise<WorklistCounts>;
  /** A text that changes whenever something that the page shows has changed. */
  changeToken(): Promise<string>;
  /** By Study Instance UID; studies that the PACS does not hold are left out. */
  patients(studyInstanceUIDs: readonly string[]): Promise<Readonly<Record<string, ShownPatient>>>;
  /** @throws Fault `pacs-not-found` if neither the PACS nor the index knows the study */
  study(studyInstanceUID: string, language?: ExplanationLanguage): Promise<StudyPage>;
  /** An image as the network saw it, or one of our heat maps. @param frameNumber 1-based */
  picture(studyInstanceUID: string, seriesInstanceUID: string, sopInstanceUID: string, frameNumber: number): Promise<Picture>;
  /** The images of a study as stacks, for a viewer. @throws Fault `pacs-not-found` */
  images(studyInstanceUID: string): Promise<ImagesOfStudy>;
  /**
   * The values of a frame and how to show them.
   *
   * @param frameNumber 1-based
   * @param signal aborted when the viewer went away: what still waits is not decoded
   * @throws Fault `pacs-not-found`, `pixels-unreadable` and others
   */
  displayFrame(
    studyInstanceUID: string,
    seriesInstanceUID: string,
    sopInstanceUID: string,
    frameNumber: number,
    signal?: AbortSignal,
  ): Promise<DisplayFrame>;
  operations(): Promise<Operations>;
  /** What the rules would do with the studies that reached the PACS last; nothing is written. */
  testRules(limit: number): Promise<readonly RuleTest[]>;
  /** A draft of the rules on the last studies, beside the rules that apply. */
  testDraft(rules: readonly EditedRule[], limit: number): Promise<readonly DraftTest[]>;
  /** The rules that apply, on a file on disk. */
  testRulesOn(path: string, name: string): Promise<RuleTest>;
  /**
   * Findings for files; nothing is stored.
   *
   * @param path of an upload: DICOM, ZIP of DICOM, PNG or JPEG
   * @param options.model a version that predicts instead of the champion
   * @param options.reserve called before more is written to the disk
   * @param options.signal aborted when the sender went away: the work stops before the next image
   * @param options.withoutPictures neither image nor heat maps are returned
   * @throws Fault `model-unknown`, `model-invalid`, `upload-refused`, `upload-broken-off`, `too-busy`
   */
  analyze(
    path: string,
    name: string,
    options?: {
      readonly model?: string | undefined;
      readonly reserve?: ((bytes: number) => Promise<void>) | undefined;
      readonly signal?: AbortSignal | undefined;
      readonly withoutPictures?: boolean | undefined;
    },
  ): Promise<UploadAnalysisResult>;
  /** @param line the default one if absent @throws Fault `not-found` */
  models(line?: string): Promise<ModelsPage>;
  /** @throws Fault `not-found`, `model-unknown` */
  model(version: string, line?: string): Promise<ModelDetail>;
  /** Whether a retraining run of a line is in progress or waiting, and how its last one ended. */
  retraining(line?: string): Promise<ShownRetraining>;
}
