/** What the page is told, as JSON: the server fills these in and the page (src/web) shows them. Times are ISO 8601. */

import type { DriftReport, EvaluationReport, GateDecision } from './model-report.js';

export type Outcome = 'reported' | 'skipped' | 'failed';
export type Decision = 'present' | 'absent' | 'undetermined';

export interface PageFinding {
  readonly name: string;
  readonly meaning: string;
  /** Calibrated, 0 to 1. */
  readonly probability: number;
  readonly decision: Decision;
}

export interface WorklistRow {
  readonly resultId: string;
  readonly studyInstanceUID: string;
  readonly createdAt: string;
  readonly outcome: Outcome;
  readonly code?: string;
  readonly reason?: string;
  readonly rule?: string;
  /** 0 routine to 10 first. */
  readonly priority: number;
  readonly modelVersion?: string;
  readonly findings: readonly PageFinding[];
}

export interface WorklistPage {
  /** Highest priority first, then newest. */
  readonly rows: readonly WorklistRow[];
  /** Where the next page starts; absent at the end. */
  readonly next?: string;
}

export type OutcomeCounts = Readonly<Record<Outcome, number>>;

/** From the PACS, for whoever is logged in; kept nowhere. */
export interface ShownPatient {
  readonly name: string;
  readonly patientId: string;
  readonly sex: string;
  readonly birthDate: string;
  readonly studyDate: string;
  readonly accessionNumber: string;
  readonly description: string;
  readonly modalities: readonly string[];
}

export interface ShownImage {
  readonly seriesInstanceUID: string;
  readonly sopInstanceUID: string;
  readonly modality: string;
  readonly view: string;
  readonly description: string;
  /** 1 for single-frame images. */
  readonly frames: number;
}

export interface ShownHeatMap {
  readonly seriesInstanceUID: string;
  readonly sopInstanceUID: string;
  /** The image that it was drawn over. */
  readonly sourceSopInstanceUID?: string;
  /** First words of Derivation Description: finding and certainty. */
  readonly title: string;
}

export interface HistoryEntry extends WorklistRow {
  readonly isCurrent: boolean;
  readonly engine?: string;
  readonly documents: readonly { readonly kind: string; readonly sopInstanceUID: string; readonly seriesInstanceUID: string }[];
  readonly deliveries: readonly { readonly destination: string; readonly state: string }[];
  readonly timingsMs: Readonly<Record<string, number>>;
}

export interface StudyPage {
  readonly studyInstanceUID: string;
  /** Current result first. */
  readonly history: readonly HistoryEntry[];
  /** Absent when the PACS does not answer or the study is gone; `pacs` says which. */
  readonly patient?: ShownPatient;
  readonly images: readonly ShownImage[];
  readonly heatMaps: readonly ShownHeatMap[];
  readonly pacs: 'answers' | 'gone' | 'unreachable';
}

export interface ShownRule {
  readonly name: string;
  readonly action: 'analyse' | 'ignore';
  readonly priority: number;
  /** One text a set of conditions, e.g. "modality CR or DX, bodyPart CHEST". */
  readonly when: readonly string[];
  readonly destinations: readonly string[];
}

export interface RuleTest {
  /** Study Instance UID, or the name of the file that was dropped. */
  readonly subject: string;
  readonly action: 'analyse' | 'ignore' | 'none';
  readonly rule?: string;
  readonly passedOver: readonly { readonly rule: string; readonly text: string }[];
}

export interface QueueState {
  readonly queue: string;
  readonly waiting: number;
  readonly active: number;
  readonly retrying: number;
  readonly parked: number;
  readonly oldestAgeMs?: number;
}

export interface ShownFailedJob {
  readonly id: string;
  readonly queue: string;
  readonly code: string;
  readonly detail: string;
  readonly failedAt: string;
}

export interface Operations {
  readonly softwareVersion: string;
  readonly orthanc: { readonly state: string; readonly url: string; readonly version?: string };
  readonly database: { readonly state: string; readonly kind: string };
  readonly engine: { readonly name: string; readonly why: string };
  readonly model: { readonly name: string; readonly version: string };
  readonly queues: readonly QueueState[];
  readonly parked: readonly ShownFailedJob[];
  readonly rules: readonly ShownRule[];
  /** Of the last results: milliseconds by step, median and 95 %. */
  readonly latency: {
    readonly results: number;
    readonly steps: readonly { readonly step: string; readonly medianMs: number; readonly p95Ms: number }[];
  };
  readonly counts: OutcomeCounts;
}

export interface AnalyzedFinding extends PageFinding {
  readonly wording: string;
  readonly absentBelow: number;
  readonly presentFrom: number;
  /** PNG as data URL, transparent where the network did not look; over the whole picture. */
  readonly heatMap?: string;
  /** In fractions of the picture. */
  readonly box?: { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };
  /** The picture that the heat map belongs to. */
  readonly picture?: string;
}

/** What the model says of one study or picture of an upload. */
export interface AnalyzedImage {
  /** Names of the files. */
  readonly title: string;
  readonly kind: 'xray' | 'ct' | 'file';
  readonly outcome: Outcome;
  readonly code?: string;
  readonly reason?: string;
  readonly findings: readonly AnalyzedFinding[];
  /** JPEG as data URL; height over width as it is to be shown. */
  readonly picture?: { readonly url: string; readonly aspect: number };
  readonly remarks: readonly string[];
}

export interface Answer {
  readonly notice: string;
  readonly model: { readonly name: string; readonly version: string };
  readonly engine: string;
  readonly images: readonly AnalyzedImage[];
  readonly milliseconds: number;
}

/** Of one finding on the model's locked test set. */
export interface FindingFigures {
  readonly n: number;
  readonly positive: number;
  readonly auroc?: number;
  readonly aurocInterval?: readonly [number, number];
  readonly brier?: number;
  /** Expected calibration error: how far stated and observed frequency are apart, 0 to 1. */
  readonly ece?: number;
}

export interface ShownModel {
  readonly version: string;
  readonly name: string;
  readonly created: string;
  readonly license: string;
  readonly role: 'champion' | 'challenger' | 'other';
  /** Whether a change record lets it through beside the champion of now. */
  readonly gate: 'passed' | 'refused' | 'none';
  readonly figures: { readonly xray: Readonly<Record<string, FindingFigures>>; readonly ct: Readonly<Record<string, FindingFigures>> };
}

/** A quantity of a site that has moved; it stays until a look finds it back. */
export interface ShownAlarm {
  readonly id: string;
  readonly site: string;
  readonly network: 'xray' | 'ct';
  readonly quantity: string;
  readonly detail: string;
  readonly raisedAt: string;
  readonly acknowledged?: { readonly by: string; readonly at: string };
}

export interface ShownDrift {
  /** The last look; absent before the first. */
  readonly report?: DriftReport;
  readonly alarms: readonly ShownAlarm[];
}

export interface ModelsPage {
  readonly models: readonly ShownModel[];
  readonly history: readonly {
    readonly number: number;
    readonly action: string;
    readonly champion: string;
    readonly challenger: string | null;
    readonly by: string;
    readonly why: string;
    readonly at: string;
  }[];
  /** Version that a rollback puts in service; absent where there is none. */
  readonly former?: string;
  /** Ids of change records that cannot be read: damaged, or of a later release. Absent where there is none. */
  readonly unreadableChanges?: readonly string[];
}

export type RetrainingOutcome = 'promoted' | 'refused' | 'shadow' | 'not-trained' | 'failed';

export interface ShownRetraining {
  readonly state: 'idle' | 'waiting' | 'running' | 'parked';
  /** The plan on disk, also between two tries. */
  readonly underWay?:
    | {
        readonly startedAt: string;
        readonly by: string;
        readonly images: number;
        readonly step: 'pictures' | 'training' | 'judging';
        readonly epochsDone: number;
        readonly epochs: number;
      }
    | undefined;
  readonly last?: {
    readonly id: string;
    readonly startedAt: string;
    readonly endedAt: string;
    readonly by: string;
    readonly outcome: RetrainingOutcome;
    readonly why: string;
    readonly challenger: string | null;
  };
}

/** A change record: the version came before the gate. */
export interface ShownChange {
  readonly id: string;
  readonly at: string;
  readonly by: string;
  readonly outcome: RetrainingOutcome;
  readonly why: string;
  readonly decision: GateDecision | null;
}

export interface ModelDetail extends ShownModel {
  /** CARD.md, Markdown. */
  readonly card: string;
  /** metrics.json: an evaluation report of each network, where training wrote it. */
  readonly reports: Readonly<Record<string, EvaluationReport>>;
  /** Newest first. */
  readonly changes: readonly ShownChange[];
}

/** An entry of the audit log. */
export interface ShownAuditEntry {
  readonly seq: number;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly outcome: 'intended' | 'done' | 'refused' | 'failed';
  readonly remote: string;
  readonly subject: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

/** Whether the audit log is as it was written; if not, from which entry on. */
export type ShownAuditState =
  | { readonly intact: true; readonly entries: number; readonly head: { readonly seq: number; readonly hash: string } }
  | { readonly intact: false; readonly entries: number; readonly at: number; readonly why: string };
