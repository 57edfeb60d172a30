import { bigint, boolean, integer, jsonb, primaryKey, text } from './drizzle.js';
import { backfill, backfillStudy } from './backfill-schema.js';
import { driftAlarm, driftState, studyStatistics } from './drift-schema.js';
import { erasedStudy } from './erasure-schema.js';
import { account, auditEntry, auditKey, knownLogin, loginFailure, session, token } from './access-schema.js';
import { assessment, label } from './label-schema.js';
import { message } from './message-schema.js';
import { chestAi, timeColumn } from './schema-columns.js';
import { reading } from './reading-schema.js';
import { analysisRequest, oneTimeToken } from './request-schema.js';
import { discordance, radiologyReport, identifiedStudy } from './report-schema.js';
import { shadowResult } from './shadow-schema.js';
import { signOff, trialStudy } from './trial-schema.js';

/*
 * The tables as drizzle sees them. migrations/ creates them; a test checks that both agree. No patient
 * attribute in any column.
 */

export type StudyState = 'arriving' | 'queued' | 'done' | 'failed';
export type Outcome = 'reported' | 'skipped' | 'failed';
export type DeliveryState = 'waiting' | 'delivered' | 'failing';

/** The prediction of one output of the network; `code` and `scheme` from config/findings.json. */
export interface RecordedFinding {
  readonly name: string;
  readonly code: string;
  readonly scheme: string;
  readonly meaning: string;
  /** Calibrated, 0 to 1. */
  readonly probability: number;
  readonly decision: 'present' | 'absent' | 'undetermined';
  /** Of the model that found it. */
  readonly modelVersion?: string;
}

/** A document of a result in Orthanc. */
export interface RecordedDocument {
  readonly sopInstanceUID: string;
  readonly seriesInstanceUID: string;
  /** `text` or `measurement`. */
  readonly kind: string;
}

/** One line of the PACS's change log; `date` as the PACS writes it. */
export interface RecordedMark {
  readonly seq: number;
  readonly type: string;
  readonly id: string;
  readonly date: string;
  /** Never dropped. */
  readonly isAnchor?: boolean | undefined;
}

export const orthancCursor = chestAi.table('orthanc_cursor', {
  pacs: text('pacs').primaryKey(),
  lastSeq: bigint('last_seq', { mode: 'number' }).notNull(),
  updatedAt: timeColumn('updated_at').notNull().defaultNow(),
  /** Lines of the change log that were read, oldest first: by them the database of the PACS is recognised. */
  marks: jsonb('marks').$type<readonly RecordedMark[]>().notNull().default([]),
});

/** One row, whose number rises whenever the worklist changes. */
export const worklistChange = chestAi.table('worklist_change', {
  onlyRow: boolean('only_row').primaryKey().default(true),
  number: bigint('number', { mode: 'number' }).notNull(),
});

/** A study whose images changed or that was deleted; `number` is that of worklistChange. */
export const studyChange = chestAi.table('study_change', {
  number: bigint('number', { mode: 'number' }).primaryKey(),
  studyInstanceUID: text('study_instance_uid').notNull(),
  changedAt: timeColumn('changed_at').notNull().defaultNow(),
});

export const study = chestAi.table('study', {
  studyInstanceUID: text('study_instance_uid').primaryKey(),
  orthancId: text('orthanc_id').notNull(),
  firstSeenAt: timeColumn('first_seen_at').notNull(),
  lastSeenAt: timeColumn('last_seen_at').notNull(),
  remoteAet: text('remote_aet'),
  calledAet: text('called_aet'),
  state: text('state').$type<StudyState>().notNull(),
  stateSince: timeColumn('state_since').notNull(),
  /** Hash of the images that the current result was made for; absent before the first. */
  contentKey: text('content_key'),
  /** Content for which a failure that may pass was tried once more. */
  retriedKey: text('retried_key'),
});

export const result = chestAi.table('result', {
  resultId: text('result_id').primaryKey(),
  studyInstanceUID: text('study_instance_uid').notNull(),
  createdAt: timeColumn('created_at').notNull(),
  outcome: text('outcome').$type<Outcome>().notNull(),
  code: text('code'),
  /** For a failure: whether a retry may succeed. Absent if the document contains only its code. */
  retryable: boolean('retryable'),
  reason: text('reason'),
  rule: text('rule'),
  priority: integer('priority').notNull(),
  /** Of the first model. */
  modelVersion: text('model_version'),
  engine: text('engine'),
  inputKey: text('input_key').notNull(),
  findings: jsonb('findings').$type<readonly RecordedFinding[]>().notNull(),
  /** Of other models, on findings that `findings` contains: a model of higher precedence decided on these. */
  otherFindings: jsonb('other_findings').$type<readonly RecordedFinding[]>().notNull().default([]),
  documents: jsonb('documents').$type<readonly RecordedDocument[]>().notNull(),
  predecessorResultId: text('predecessor_result_id'),
  isCurrent: boolean('is_current').notNull(),
  /** It replaces a result of the same images by another model version. */
  isReanalysis: boolean('is_reanalysis').notNull().default(false),
  timingsMs: jsonb('timings_ms').$type<Readonly<Record<string, number>>>().notNull(),
});

export const delivery = chestAi.table(
  'delivery',
  {
    resultId: text('result_id').notNull(),
    destination: text('destination').notNull(),
    kind: text('kind').notNull(),
    state: text('state').$type<DeliveryState>().notNull(),
    attempts: integer('attempts').notNull().default(0),
    lastErrorCode: text('last_error_code'),
    deliveredAt: timeColumn('delivered_at'),
  },
  (table) => [primaryKey({ columns: [table.resultId, table.destination] })],
);

export const tables = {
  orthancCursor,
  worklistChange,
  studyChange,
  study,
  result,
  delivery,
  message,
  reading,
  account,
  session,
  token,
  loginFailure,
  knownLogin,
  auditKey,
  auditEntry,
  assessment,
  label,
  shadowResult,
  studyStatistics,
  driftAlarm,
  driftState,
  backfill,
  backfillStudy,
  erasedStudy,
  analysisRequest,
  oneTimeToken,
  trialStudy,
  signOff,
  radiologyReport,
  identifiedStudy,
  discordance,
};
