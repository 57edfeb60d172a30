import { randomBytes } from 'node:crypto';
import type { Connection, Executor } from './sql.js';
import { studiesOfPatient, type StudyOfPatient } from './study-identities.js';

/** Rows about studies, by table. */
export type RowCounts = Readonly<Record<string, number>>;

/** A patient by keyed hashes of the patient ID and its issuers, as radiologists' reports (RecordedPatientKey) and studies have them. */
export interface ReportPatient {
  readonly id: string;
  /** Issuers of the ID, any of which suffices; empty: reports that state none; absent: all reports with this ID. */
  readonly issuers?: readonly string[] | undefined;
}

/** The data that the database has of studies, and their erasing. Every call may be repeated. */
export interface Erasures {
  /**
   * From now on nothing about these studies is recorded, whichever process works on them (migrations/0036). Resolves when all
   * transactions have ended that began to record something before.
   */
  mark(studyInstanceUIDs: readonly string[], at?: Date): Promise<void>;
  isErased(studyInstanceUID: string): Promise<boolean>;
  /** The studies are analysed again when something of them arrives. @returns how many were marked */
  unmark(studyInstanceUIDs: readonly string[]): Promise<number>;
  /** Studies whose images stated the patient when they were read; known only while radiologists' reports are read. */
  studiesOf(patient: ReportPatient): Promise<readonly StudyOfPatient[]>;
  /** @param patient whose reports count too that are not matched to a study */
  count(studyInstanceUIDs: readonly string[], patient?: ReportPatient): Promise<RowCounts>;
  /**
   * Removes the rows of studies that are marked; what other processes derived from their images follows (study_change).
   *
   * @param patient whose reports are removed too that are not matched to a study
   * @returns how many of each table
   */
  erase(studyInstanceUIDs: readonly string[], patient?: ReportPatient): Promise<RowCounts>;
}

/** Tables with the column study_instance_uid whose rows are removed. */
export const tablesByStudy = [
  'reading',
  'assessment',
  'label',
  'shadow_result',
  'study_statistics',
  'backfill_study',
  'trial_study',
  'analysis_request',
  'discordance',
  'identified_study',
  'message',
  'result',
  'study',
] as const;

/** Tables of which other columns name a study: erased by statements of their own. */
export const tablesByOtherColumns = ['delivery', 'study_change', 'retraining_state', 'radiology_report'] as const;

/** The other tables, and why their rows stay. */
export const tablesWithoutStudies = {
  audit_entry: 'who did what is a chain of hashes: removing an entry would break it',
  audit_key: 'the key of hashes',
  erased_study: 'the marks',
  account: 'users',
  session: 'users',
  token: 'programs',
  login_failure: 'users',
  known_login: 'users',
  orthanc_cursor: "lines of the PACS's change log with its own identifiers",
  worklist_change: 'a number',
  backfill: 'days, rules and counts',
  sign_off: 'who signed which figures',
  one_time_token: 'hashes of tokens that are valid for minutes',
  hourly_figure: 'counts of hours',
  drift_alarm: 'figures of sites',
  drift_state: 'figures of sites',
  schedule_state: 'times',
  model_alias: 'versions',
  model_change: 'versions and figures',
  model_file: 'weights',
  model_version: 'versions',
  migration: 'the schema',
} as const satisfies Readonly<Record<string, string>>;

/** The lock of migrations/0036. */
const eraseLock = 205_410_901;

const ofDeliveries = 'result_id IN (SELECT result_id FROM chest_ai.result WHERE study_instance_uid = ANY($1::text[]))';
/**
 * Reports of the studies; of those that are not matched also reports with the accession number of one of the studies, unless they state
 * another patient, because accession numbers are reused, and reports of the patient $2 with the issuers $3.
 */
const ofReports = `(study_instance_uid = ANY($1::text[]) OR stated_study_uid = ANY($1::text[]) OR (study_instance_uid IS NULL AND (
  EXISTS (SELECT 1 FROM chest_ai.identified_study AS study WHERE study.study_instance_uid = ANY($1::text[]) AND study.accession_key = radiology_report.accession_key
    AND coalesce(study.accession_issuer_key = radiology_report.accession_issuer_key, true)
    AND (patient_keys = '[]' OR patient_keys @> jsonb_build_array(jsonb_build_object('id', study.patient_key))))
  OR ($2::text IS NOT NULL AND patient_keys @> jsonb_build_array(jsonb_build_object('id', $2::text))
    AND ($3::text[] IS NULL OR EXISTS (SELECT 1 FROM jsonb_array_elements(patient_keys) AS stated
      WHERE stated->>'id' = $2::text AND (stated->'issuers' = '[]' OR stated->'issuers' ?| $3::text[])))))))`;
/** Labels of the last retraining runs: "study finding decision". */
const labelsOfRuns = `(name = 'labels' OR name LIKE '%/labels')`;
/** Written so that no other value is taken for a list, in whatever order the conditions are computed. */
const hasLabels = `EXISTS (SELECT 1 FROM jsonb_array_elements_text(CASE WHEN ${labelsOfRuns} THEN value ELSE '[]'::jsonb END) AS one WHERE split_part(one, ' ', 1) = ANY($1::text[]))`;

export function erasuresIn(connection: Connection): Erasures {
  /** @returns the number of rows that the statement returns */
  const execute = async (executor: Executor, text: string, values: readonly unknown[]): Promise<number> =>
    (await executor.query({ text, values })).rows.length;
  return {
    mark: (studyInstanceUIDs, at = new Date()) =>
      connection.transaction(async (transaction) => {
        await transaction.query({ text: 'SELECT pg_advisory_xact_lock($1)', values: [eraseLock] });
        await transaction.query({
          text: 'INSERT INTO chest_ai.audit_key (id, key) VALUES (1, $1) ON CONFLICT DO NOTHING',
          values: [randomBytes(32).toString('hex')],
        });
        await transaction.query({
          text: 'INSERT INTO chest_ai.erased_study (study_hash, erased_at) SELECT chest_ai.erased_study_hash(uid), $2 FROM unnest($1::text[]) AS uid ON CONFLICT DO NOTHING',
          values: [studyInstanceUIDs, at.toISOString()],
        });
      }),

    async isErased(studyInstanceUID) {
      const { rows } = await connection.query({
        text: 'SELECT 1 FROM chest_ai.erased_study WHERE study_hash = chest_ai.erased_study_hash($1)',
        values: [studyInstanceUID],
      });
      return rows.length > 0;
    },

    unmark: (studyInstanceUIDs) =>
      execute(
        connection,
        'DELETE FROM chest_ai.erased_study WHERE study_hash IN (SELECT chest_ai.erased_study_hash(uid) FROM unnest($1::text[]) AS uid) RETURNING 1',
        [studyInstanceUIDs],
      ),

    studiesOf: (patient) => studiesOfPatient(patient, connection),

    async count(studyInstanceUIDs, patient) {
      const n = async (text: string, values: readonly unknown[] = [studyInstanceUIDs]): Promise<number> =>
        (await connection.query<{ n: number }>({ text: `SELECT count(*)::int AS n FROM ${text}`, values })).rows[0]!.n;
      const counts: Record<string, number> = {};
      for (const table of tablesByStudy) counts[table] = await n(`chest_ai.${table} WHERE study_instance_uid = ANY($1::text[])`);
      counts['delivery'] = await n(`chest_ai.delivery WHERE ${ofDeliveries}`);
      counts['radiology_report'] = await n(`chest_ai.radiology_report WHERE ${ofReports}`, reportValues(studyInstanceUIDs, patient));
      counts['study_change'] = await n('chest_ai.study_change WHERE study_instance_uid = ANY($1::text[])');
      counts['retraining_state'] = await n(`chest_ai.retraining_state WHERE ${labelsOfRuns} AND ${hasLabels}`);
      return counts;
    },

    erase: (studyInstanceUIDs, patient) =>
      connection.transaction(async (transaction) => {
        const values = [studyInstanceUIDs];
        const counts: Record<string, number> = {};
        counts['delivery'] = await execute(transaction, `DELETE FROM chest_ai.delivery WHERE ${ofDeliveries} RETURNING 1`, values);
        // Before identified_study, which names the accession numbers.
        counts['radiology_report'] = await execute(
          transaction,
          `DELETE FROM chest_ai.radiology_report WHERE ${ofReports} RETURNING 1`,
          reportValues(studyInstanceUIDs, patient),
        );
        await closeInBackfills(transaction, studyInstanceUIDs);
        for (const table of tablesByStudy)
          counts[table] = await execute(
            transaction,
            `DELETE FROM chest_ai.${table} WHERE study_instance_uid = ANY($1::text[]) RETURNING 1`,
            values,
          );
        counts['retraining_state'] = await execute(
          transaction,
          `UPDATE chest_ai.retraining_state SET value = (SELECT coalesce(jsonb_agg(one), '[]'::jsonb) FROM jsonb_array_elements_text(value) AS one WHERE split_part(one, ' ', 1) <> ALL($1::text[]))
            WHERE ${labelsOfRuns} AND ${hasLabels} RETURNING 1`,
          values,
        );
        counts['study_change'] = await execute(
          transaction,
          'UPDATE chest_ai.study_change SET study_instance_uid = chest_ai.erased_study_name(study_instance_uid) WHERE study_instance_uid = ANY($1::text[]) RETURNING 1',
          values,
        );
        // Last, as noteStudyChange does; the trigger writes the name of the erased study in place of its UID.
        for (const uid of studyInstanceUIDs)
          await transaction.query({
            text: `WITH next AS (UPDATE chest_ai.worklist_change SET number = number + 1 RETURNING number)
              INSERT INTO chest_ai.study_change (number, study_instance_uid) SELECT number, $1 FROM next`,
            values: [uid],
          });
        return counts;
      }),
  };
}

function reportValues(studyInstanceUIDs: readonly string[], patient: ReportPatient | undefined): readonly unknown[] {
  return [studyInstanceUIDs, patient?.id ?? null, patient?.issuers ?? null];
}

/** A study that an analysis of the archive has not finished counts as skipped: its figures stay, and it can end. */
async function closeInBackfills(transaction: Executor, studyInstanceUIDs: readonly string[]): Promise<void> {
  await transaction.query({
    text: `UPDATE chest_ai.backfill b SET skipped = b.skipped + unfinished.n, queued = b.queued - unfinished.queued
      FROM (SELECT backfill_id, count(*)::int AS n, (count(*) FILTER (WHERE state = 'queued'))::int AS queued FROM chest_ai.backfill_study
        WHERE study_instance_uid = ANY($1::text[]) AND state IN ('waiting', 'queued') GROUP BY backfill_id) AS unfinished
      WHERE b.id = unfinished.backfill_id`,
    values: [studyInstanceUIDs],
  });
}
