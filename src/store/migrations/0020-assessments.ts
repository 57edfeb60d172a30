/** The statements of readers are called assessments (release 0.2.0 and earlier: verdicts), and a decision after a disagreement adjudicates. */
export const assessments0020 = {
  id: 20,
  name: 'assessments',
  sql: `
ALTER TABLE chest_ai.verdict DROP CONSTRAINT verdict_kind_check;
ALTER TABLE chest_ai.label DROP CONSTRAINT label_source_check;
UPDATE chest_ai.verdict SET kind = 'assessment' WHERE kind = 'verdict';
UPDATE chest_ai.label SET source = 'assessment' WHERE source = 'verdict';
ALTER TABLE chest_ai.verdict ADD CONSTRAINT assessment_kind_check CHECK (kind IN ('assessment', 'verified-report'));
ALTER TABLE chest_ai.label ADD CONSTRAINT label_source_check CHECK (source IN ('page', 'api', 'csv', 'assessment', 'verified-report', 'orthanc-label'));
ALTER TABLE chest_ai.verdict RENAME COLUMN settles TO adjudicates;
ALTER TABLE chest_ai.verdict RENAME COLUMN whence TO origin;
ALTER TABLE chest_ai.label RENAME COLUMN settles TO adjudicates;
ALTER TABLE chest_ai.verdict RENAME TO assessment;
ALTER INDEX chest_ai.verdict_by_study RENAME TO assessment_by_study;
ALTER TABLE chest_ai.shadow_result RENAME COLUMN judged_at TO predicted_at;
ALTER TABLE chest_ai.study_statistics RENAME COLUMN judged_at TO predicted_at;
UPDATE chest_ai.assessment SET findings = replace(findings::text, '"judgement":', '"comparison":')::jsonb WHERE findings::text LIKE '%"judgement":%';
`,
} as const;
