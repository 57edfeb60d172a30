import { doublePrecision, jsonb, primaryKey, text } from './drizzle.js';
import { chestAi, timeColumn } from './schema-columns.js';

/* Radiologists' reports as drizzle sees them; migrations/0037 makes the tables. Keys are keyed hashes, hexadecimal. */

export type ReportSource = 'hl7' | 'fhir' | 'sr';
/** `unmatched`: its study was not found in time, or it never can be; `withdrawn`: the sender has taken it back. */
export type ReportState = 'waiting' | 'matched' | 'unmatched' | 'withdrawn';

/** What a report states about a finding that it mentions. */
export interface RecordedReportFinding {
  readonly name: string;
  readonly outcome: 'present' | 'absent' | 'uncertain';
}

/** A patient ID of a report, and the issuers that it names for it. */
export interface RecordedPatientKey {
  readonly id: string;
  readonly issuers: readonly string[];
}

export const radiologyReport = chestAi.table('radiology_report', {
  /** Of the source and the identifier that its sender gave it. */
  reportKey: text('report_key').primaryKey(),
  source: text('source').$type<ReportSource>().notNull(),
  /** Of everything that was read: by it a repetition is recognised. */
  contentKey: text('content_key').notNull(),
  state: text('state').$type<ReportState>().notNull(),
  /** Why it waits or is unmatched. */
  reason: text('reason'),
  accessionKey: text('accession_key'),
  accessionIssuerKey: text('accession_issuer_key'),
  patientKeys: jsonb('patient_keys').$type<readonly RecordedPatientKey[]>().notNull(),
  /** Study Instance UID that the report itself names. */
  statedStudyUID: text('stated_study_uid'),
  /** Of the study that it was matched to. */
  studyInstanceUID: text('study_instance_uid'),
  /** When the report was written or changed, as it states. */
  statedAt: timeColumn('stated_at'),
  receivedAt: timeColumn('received_at').notNull(),
  /** When the wait ends; of a report that is matched, when it would have ended if its study had not been found. */
  waitUntil: timeColumn('wait_until').notNull(),
  findings: jsonb('findings').$type<readonly RecordedReportFinding[]>().notNull(),
});

/** By what a report is matched to a study with a result. */
export const identifiedStudy = chestAi.table('identified_study', {
  studyInstanceUID: text('study_instance_uid').primaryKey(),
  accessionKey: text('accession_key'),
  accessionIssuerKey: text('accession_issuer_key'),
  patientKey: text('patient_key'),
  patientIssuerKey: text('patient_issuer_key'),
  checkedAt: timeColumn('checked_at').notNull(),
});

/** The result states a finding that the report does not mention or denies, or the reverse. */
export type DiscordanceKind = 'report-silent' | 'report-absent' | 'ai-absent';

export const discordance = chestAi.table(
  'discordance',
  {
    studyInstanceUID: text('study_instance_uid').notNull(),
    finding: text('finding').notNull(),
    kind: text('kind').$type<DiscordanceKind>().notNull(),
    /** Calibrated, of the result. */
    probability: doublePrecision('probability').notNull(),
    /** Distance of the probability from what the report states, 0 to 1. */
    gap: doublePrecision('gap').notNull(),
    resultId: text('result_id').notNull(),
    reportKey: text('report_key').notNull(),
    foundAt: timeColumn('found_at').notNull(),
    /** Account of the reader who has looked at it. */
    reviewedBy: text('reviewed_by'),
    reviewedAt: timeColumn('reviewed_at'),
  },
  (table) => [primaryKey({ columns: [table.studyInstanceUID, table.finding] })],
);
