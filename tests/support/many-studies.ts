import type { Store } from '../../src/store/store.js';

/** Of the study with number 0, in milliseconds. */
export const firstResultAt = Date.UTC(2026, 0, 1);

/**
 * An index of many studies, a second apart, none of them in the PACS. One in five has something present, one in a thousand something rare,
 * of the oldest thousand one in ten something that nobody has had since. By single statements, as quickly as the database takes them.
 */
export async function fillIndex(store: Pick<Store, 'sql'>, studies: number): Promise<void> {
  const finding = (name: string, decision: string): string =>
    `jsonb_build_array(jsonb_build_object('name', '${name}', 'code', '1', 'scheme', 'SCT', 'meaning', '${name}', 'probability', 0.5, 'decision', '${decision}'))`;
  await store.sql.query({
    text: `INSERT INTO chest_ai.result (result_id, study_instance_uid, created_at, outcome, rule, priority, model_version, engine, input_key, findings, documents, is_current, timings_ms)
      SELECT 'r' || n, '1.2.' || n, timestamptz '2026-01-01 00:00:00Z' + n * interval '1 second', CASE n % 50 WHEN 0 THEN 'failed' WHEN 1 THEN 'skipped' ELSE 'reported' END, 'chest-x-ray', n % 3 + 4, 'abc', 'engine', 'k' || n,
        CASE WHEN n <= 1000 AND n % 10 = 0 THEN ${finding('old', 'present')} WHEN n % 1000 = 0 THEN ${finding('rare', 'present')} WHEN n % 5 = 0 THEN ${finding('pneumonia', 'present')} ELSE ${finding('pneumonia', 'absent')} END, '[]'::jsonb, true, '{"infer": 40}'::jsonb
      FROM generate_series(1, ${studies}) AS n`,
  });
  await store.sql.query({
    text: `INSERT INTO chest_ai.reading (study_instance_uid, waits, waiting_since, urgency, modalities, is_disagreed)
      SELECT study_instance_uid, true, created_at, (hashtext(study_instance_uid) & 1023) % 1000,
        CASE WHEN substr(study_instance_uid, 5)::int % 10000 = 3 THEN ARRAY['RF'] ELSE ARRAY['DX'] END, substr(study_instance_uid, 5)::int % 500 = 0
      FROM chest_ai.result WHERE study_instance_uid LIKE '1.2.%'`,
  });
  // One reader has assessed half of the studies, another all of them.
  for (const [reader, every] of [
    ['ann', 2],
    ['all', 1],
  ] as const)
    await store.sql.query({
      text: `INSERT INTO chest_ai.assessment (sop_instance_uid, series_instance_uid, study_instance_uid, kind, reader, verified, adjudicates, origin, given_at, findings, predecessors)
        SELECT '${reader}' || n, 's', '1.2.' || n, 'assessment', '${reader}', false, false, 'page', now(), '[]', '[]' FROM generate_series(1, ${studies}) AS n WHERE n % ${every} = 0`,
    });
}
