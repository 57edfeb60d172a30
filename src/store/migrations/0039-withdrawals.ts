/**
 * A reader can withdraw an assessment; the worklist knows on which studies the readers disagree and what a reader has assessed.
 * readers_disagree() derives from the statements what src/assessments/adjudicated-labels.ts does: a test compares both.
 */
export const withdrawals0039 = {
  id: 39,
  name: 'withdrawals',
  sql: `
ALTER TABLE chest_ai.assessment ADD COLUMN withdrawn jsonb NOT NULL DEFAULT '[]';
CREATE INDEX assessment_by_reader ON chest_ai.assessment (reader, study_instance_uid);
ALTER TABLE chest_ai.reading ADD COLUMN is_disagreed boolean NOT NULL DEFAULT false;
CREATE INDEX reading_disagreed ON chest_ai.reading (waiting_since DESC, study_instance_uid DESC) WHERE is_disagreed;
CREATE FUNCTION chest_ai.readers_disagree(study text) RETURNS boolean LANGUAGE sql STABLE AS $$
WITH standing AS (
  SELECT l.finding, l.reader, l.decision, l.adjudicates AND l.verified AND l.decision <> 'undetermined' AS ends,
    row_number() OVER (PARTITION BY l.finding ORDER BY l.given_at NULLS FIRST, l.origin) AS place
  FROM chest_ai.label l
  WHERE l.study_instance_uid = study AND l.source <> 'report'
    AND NOT EXISTS (
      SELECT 1 FROM chest_ai.assessment earlier JOIN chest_ai.assessment later ON later.study_instance_uid = earlier.study_instance_uid
      WHERE earlier.sop_instance_uid = l.origin AND earlier.kind = 'verified-report' AND later.kind = 'verified-report'
        AND later.predecessors @> to_jsonb(earlier.sop_instance_uid) AND NOT earlier.predecessors @> to_jsonb(later.sop_instance_uid))
    AND NOT EXISTS (
      SELECT 1 FROM chest_ai.assessment earlier JOIN chest_ai.assessment later ON later.study_instance_uid = earlier.study_instance_uid AND later.reader = earlier.reader
      WHERE earlier.sop_instance_uid = l.origin AND later.withdrawn @> jsonb_build_array(jsonb_build_object('name', l.finding))
        AND (later.predecessors @> to_jsonb(earlier.sop_instance_uid)
          OR (coalesce(later.given_at >= earlier.given_at, true) AND NOT earlier.predecessors @> to_jsonb(later.sop_instance_uid))))
), counting AS (
  SELECT DISTINCT ON (one.finding, one.reader) one.finding, one.decision
  FROM standing one
  WHERE one.place >= coalesce((SELECT max(other.place) FROM standing other WHERE other.finding = one.finding AND other.ends), 0)
  ORDER BY one.finding, one.reader, one.place DESC
)
SELECT EXISTS (SELECT 1 FROM counting WHERE decision <> 'undetermined' GROUP BY finding HAVING count(DISTINCT decision) > 1)
$$;
UPDATE chest_ai.reading SET is_disagreed = chest_ai.readers_disagree(study_instance_uid)
WHERE study_instance_uid IN (SELECT study_instance_uid FROM chest_ai.label GROUP BY study_instance_uid HAVING count(DISTINCT reader) > 1);
`,
} as const;
