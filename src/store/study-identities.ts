import { sql } from './drizzle.js';
import { identifiedStudy } from './report-schema.js';
import { result } from './schema.js';
import type { Executor } from './sql.js';

/*
 * The keyed hashes of a study's patient outlast its deletion from the PACS while messages, figures of drift or shadow predictions about it
 * remain: by them everything of a patient is found and erased.
 */

/** A study whose patient the database knows by keyed hashes. */
export interface StudyOfPatient {
  readonly studyInstanceUID: string;
  /** Keyed hash of its Issuer of Patient ID; null: its images stated none. */
  readonly issuerKey: string | null;
}

export const hasNoResult = sql`NOT EXISTS (SELECT 1 FROM ${result} WHERE ${result.studyInstanceUID} = ${identifiedStudy.studyInstanceUID})`;

/** Of a study that was deleted from the PACS. */
export const nothingRemains = sql.join(
  ['message', 'study_statistics', 'shadow_result'].map(
    (table) =>
      sql`NOT EXISTS (SELECT 1 FROM chest_ai.${sql.identifier(table)} AS remaining WHERE remaining.study_instance_uid = ${identifiedStudy.studyInstanceUID})`,
  ),
  sql` AND `,
);

/**
 * The studies of a patient, also those that were deleted from the PACS.
 *
 * @param patient as ReportPatient
 */
export async function studiesOfPatient(
  { id, issuers }: { readonly id: string; readonly issuers?: readonly string[] | undefined },
  executor: Executor,
): Promise<readonly StudyOfPatient[]> {
  const { rows } = await executor.query<{ uid: string; issuer: string | null }>({
    text: `SELECT study_instance_uid AS uid, patient_issuer_key AS issuer FROM chest_ai.identified_study
      WHERE patient_key = $1 AND ($2::text[] IS NULL OR patient_issuer_key = ANY($2) OR (cardinality($2) = 0 AND patient_issuer_key IS NULL))
      ORDER BY study_instance_uid`,
    values: [id, issuers ?? null],
  });
  return rows.map(({ uid, issuer }) => ({ studyInstanceUID: uid, issuerKey: issuer }));
}
