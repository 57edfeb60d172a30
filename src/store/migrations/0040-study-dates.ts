/**
 * The worklist sorts and filters by Study Date and modality: facts of the study, like its UID; no attribute of the patient. Studies that
 * were analysed before have neither until they are analysed again or the index is rebuilt.
 */
export const studyDates0040 = {
  id: 40,
  name: 'study-dates',
  sql: `
ALTER TABLE chest_ai.reading ADD COLUMN study_date date, ADD COLUMN modalities text[] NOT NULL DEFAULT '{}';
CREATE INDEX reading_by_study_date ON chest_ai.reading (study_date, study_instance_uid) WHERE study_date IS NOT NULL;
CREATE INDEX reading_without_study_date ON chest_ai.reading (study_instance_uid) WHERE study_date IS NULL;
CREATE INDEX reading_by_modality ON chest_ai.reading USING gin (modalities);
CREATE INDEX result_worklist_by_time ON chest_ai.result (created_at, result_id) WHERE is_current;
`,
} as const;
