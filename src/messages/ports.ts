import type { AuditLog } from '../audit/audit-log.js';
import type { MessagesSettings } from '../config.js';
import type { CodedConcept } from '../dicom/code.js';
import type { Log } from '../log.js';
import type { FindPrior, FindingTerms, Pacs, ReportSettings } from '../reporting/ports.js';
import type { ServedModel } from '../serving/model.js';
import type { Decision, DocumentReference, PriorComparison } from '../sr/report-content.js';
import type { Messages } from '../store/messages.js';
import type { Results } from '../store/results.js';

/* What the message story needs from outside, in interfaces as narrow as it needs them; `service` supplies the implementations. */

/** The kinds of outbound channels; each is configured under a key of this name. */
export const channelKinds = ['hl7', 'fhir', 'webhook', 'email', 'dicom'] as const;
export type ChannelKind = (typeof channelKinds)[number];

/** Attributes of the patient that a channel may carry if its `patient` setting names them; none by default. */
export const patientAttributes = ['id', 'name', 'birthDate', 'sex'] as const;
export type PatientAttribute = (typeof patientAttributes)[number];

/** Attributes as the images state them, read from the PACS when the message is written: the database does not contain them. */
export interface MessagePatient {
  /** Patient ID (0010,0020). */
  readonly id?: string;
  /** Issuer of Patient ID (0010,0021); present only with `id`. */
  readonly issuer?: string;
  /** Patient's Name (0010,0010) as DICOM writes it: components separated by `^`, groups by `=`. */
  readonly name?: string;
  /** YYYYMMDD. */
  readonly birthDate?: string;
  /** Patient's Sex (0010,0040): M, F or O. */
  readonly sex?: string;
}

/** What identifies the study and its order at other systems. */
export interface MessageStudy {
  readonly studyInstanceUID: string;
  /** Accession Number (0008,0050). */
  readonly accessionNumber?: string;
  /** Placer and Filler Order Number / Imaging Service Request (0040,2016) and (0040,2017). */
  readonly placerOrderNumber?: string;
  readonly fillerOrderNumber?: string;
  /** Study Date and Time, where the images state them: YYYYMMDD, HHMMSS. */
  readonly date?: string;
  readonly time?: string;
  /** Timezone Offset From UTC (0008,0201), such as +0100; only with `time`. */
  readonly utcOffset?: string;
  /** Modality of the analysed images: CR, DX or CT. */
  readonly modality: string;
  /** Procedure Reported: from the images, else the configured chest code. */
  readonly procedure: CodedConcept;
  readonly patient: MessagePatient;
}

export interface MessageFinding {
  /** Name in config/findings.json. */
  readonly name: string;
  readonly concept: CodedConcept;
  readonly site?: CodedConcept;
  /** "appearance compatible with pneumonia": never a diagnosis. */
  readonly wording: string;
  /** Calibrated, 0 to 1. */
  readonly probability: number;
  readonly decision: Decision;
  /** A rule of the channel selects the result because of it. */
  readonly isSelected: boolean;
  /** Of the model that found it. */
  readonly modelVersion?: string;
}

export interface MessageModel {
  readonly manufacturer: string;
  readonly name: string;
  readonly version: string;
  /** A UID of its own for each trained model. */
  readonly deviceUID: string;
}

/** A result as it leaves the house. It states what the documents state, and that it is not for diagnosis. */
export interface ResultMessage {
  /** The same for each repetition of this message, at most 20 characters: HL7 control ID, idempotency key. */
  readonly messageId: string;
  /** A test message contains invented values and no study of the PACS. */
  readonly isTest: boolean;
  readonly writtenAt: Date;
  readonly study: MessageStudy;
  readonly result: {
    readonly resultId: string;
    readonly createdAt: Date;
    readonly outcome: 'reported' | 'skipped' | 'failed';
    /** Reason of a skip or a failure. */
    readonly reason?: string;
    /** This channel was sent an earlier result of the study, which this one replaces. */
    readonly isCorrection: boolean;
    /** The findings that the rule of the channel selects come first. */
    readonly findings: readonly MessageFinding[];
    readonly documents: readonly DocumentReference[];
    /** Compared with the result of an earlier study of the patient. */
    readonly prior?: PriorComparison;
    readonly model: MessageModel;
  };
  /** Address of the study on the page; absent if no public address is configured. */
  readonly pageUrl?: string;
}

/** One configured channel. */
export interface Channel {
  readonly name: string;
  readonly kind: ChannelKind;
  /**
   * Sends a message and waits until the other system has accepted it. A repetition has the same `messageId`.
   *
   * @returns what the other system called it, for the audit log, if it names it (e.g. `DiagnosticReport/12`)
   * @throws Fault `channel-unavailable` (a retry may succeed: no connection, no answer, AE, 429, 5xx), `message-refused` (it will not: AR, 4xx)
   */
  send(message: ResultMessage, signal: AbortSignal): Promise<string | undefined>;
  /**
   * Connects to the other system without sending it a message.
   *
   * @returns what answered, for an administrator
   * @throws Fault as `send` does
   */
  reach(): Promise<string>;
}

/** A study has a new current result: the rules are applied. */
export interface PlanJob {
  readonly studyInstanceUID: string;
}

/** A message that is to be sent. */
export interface MessageJob {
  readonly messageId: string;
  readonly channel: string;
  readonly studyInstanceUID: string;
}

/** To choose the channels that are sent a result. */
export interface PlanPorts {
  readonly pacs: Pick<Pacs, 'retrieveStudyMetadata'>;
  readonly results: Pick<Results, 'currentResult'>;
  readonly messages: Pick<Messages, 'ofStudy' | 'plan' | 'reopen' | 'queued' | 'close'>;
  readonly settings: Pick<MessagesSettings, 'channels' | 'rules'>;
  /** IANA name, in which the hours of the rules are meant. */
  readonly timeZone: string;
  /** The job is safe when the call resolves. */
  send(job: MessageJob): Promise<void>;
}

/** To write a message. */
export interface WritePorts {
  readonly pacs: Pick<Pacs, 'retrieveStudyMetadata'>;
  /** Undefined for a finding that config/findings.json no longer names. */
  termsOf(findingName: string): FindingTerms | undefined;
  readonly procedureReported: ReportSettings['procedureReported'];
  /** Absent where results are compared with nothing. */
  readonly findPrior?: FindPrior | undefined;
  /** Of results without a document: the model that is deployed. */
  model(): Pick<ServedModel, 'manufacturer' | 'name' | 'version' | 'deviceUID'>;
  readonly settings: Pick<MessagesSettings, 'channels'>;
  /** Of the page; absent if no public address is configured. */
  readonly publicUrl?: string | undefined;
}

/** To send a message. */
export interface SendPorts extends WritePorts {
  readonly results: Pick<Results, 'find'>;
  readonly messages: Pick<Messages, 'find' | 'attempted' | 'accepted' | 'failed' | 'close'>;
  readonly channels: ReadonlyMap<string, Channel>;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly log: Log;
}

/** Everything that the message story needs. */
export interface MessagePorts extends PlanPorts, SendPorts {
  readonly results: Pick<Results, 'currentResult' | 'find'>;
  readonly messages: Messages;
  readonly settings: MessagesSettings;
}
