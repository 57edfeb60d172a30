/**
 * What follows from changes in the PACS: lines of its change log by which its database is recognised, whether a failure may
 * pass, the content for which one more attempt was made, and a number that rises with each change of the worklist.
 */
export const changedStudies0012 = {
  id: 12,
  name: 'changed studies',
  sql: `
ALTER TABLE chest_ai.orthanc_cursor ADD COLUMN marks jsonb NOT NULL DEFAULT '[]'::jsonb;
ALTER TABLE chest_ai.result ADD COLUMN retryable boolean;
ALTER TABLE chest_ai.study ADD COLUMN retried_key text;
CREATE INDEX study_last_seen ON chest_ai.study (last_seen_at DESC);
CREATE INDEX study_by_orthanc_id ON chest_ai.study (orthanc_id);
CREATE TABLE chest_ai.worklist_change (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  number bigint NOT NULL
);
INSERT INTO chest_ai.worklist_change (number) VALUES (0);
`,
} as const;
