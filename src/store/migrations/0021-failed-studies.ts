/** A study whose processing has failed is called failed (release 0.2.0 and earlier: parked). */
export const failedStudies0021 = {
  id: 21,
  name: 'failed-studies',
  sql: `
ALTER TABLE chest_ai.study DROP CONSTRAINT study_state_check;
UPDATE chest_ai.study SET state = 'failed' WHERE state = 'parked';
ALTER TABLE chest_ai.study ADD CONSTRAINT study_state_check CHECK (state IN ('arriving', 'queued', 'done', 'failed'));
`,
} as const;
