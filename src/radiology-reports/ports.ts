import type { AuditLog } from '../audit/audit-log.js';
import type { RadiologyReportsSettings } from '../config.js';
import type { DataSet } from '../dicom/data-set.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import type { Log } from '../log.js';
import type { ReadFindings } from '../report-text/read-findings.js';
import type { ReportSource } from '../store/report-schema.js';
import type { RadiologyReports } from '../store/radiology-reports.js';

/* What the story of radiologists' reports needs from outside; src/service supplies it. */

/** A final report as a source has it. Its text and identifiers are the patient's: they reach neither the database nor a log. */
export interface ReceivedReport {
  readonly source: ReportSource;
  /** What the sender calls it: the same for each version. */
  readonly identifier: string;
  /** The sender takes it back. */
  readonly isWithdrawn: boolean;
  /** Parts that are read for themselves are separated by form feeds. */
  readonly text: string;
  readonly accessionNumber?: string | undefined;
  readonly accessionIssuer?: string | undefined;
  /** Study Instance UID, where the report names it. */
  readonly studyInstanceUID?: string | undefined;
  /** Patient IDs that it states, each with the names and identifiers of its issuer. */
  readonly patients: readonly { readonly id: string; readonly issuers: readonly string[] }[];
  /** When it was written or changed. */
  readonly statedAt?: Date | undefined;
}

/** What became of a report. */
export interface ReportReceipt {
  /** `unchanged`: this version was received before; `outdated`: a later version was. */
  readonly outcome: 'stored' | 'unchanged' | 'outdated';
  readonly state: 'waiting' | 'matched' | 'unmatched' | 'withdrawn';
  /** Why it waits or is unmatched. */
  readonly reason?: string;
  readonly studyInstanceUID?: string;
}

export interface ReportTextPorts {
  readonly settings: Pick<RadiologyReportsSettings, 'waitDays' | 'labels' | 'issuers' | 'sr' | 'fhir'>;
  readonly readFindings: ReadFindings;
  /** Findings of the rules: in these a result and a report are compared. */
  readonly knownFindings: ReadonlySet<string>;
  /** Changes with the rules, and with the names of issuers. */
  readonly rulesKey: string;
  readonly reports: RadiologyReports;
  /** A keyed hash, constant for a database. */
  keyOf(text: string): string;
  readonly pacs: { retrieveStudyMetadata(study: StudyInstanceUID): Promise<readonly DataSet[]> };
  readonly audit: Pick<AuditLog, 'recordAction'>;
  readonly clock: { now(): Date };
  readonly log: Log;
}

/** Who sent a report, for the audit log. */
export interface ReportSender {
  readonly actor: string;
  readonly remote?: string;
}
