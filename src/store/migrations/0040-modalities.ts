/**
 * The worklist filters by the modalities of a study, and sorts and filters by the time of the result. The Study Date is no column: it stays
 * in the PACS. Studies that were analysed before have no modalities until they are analysed again or the index is rebuilt.
 */
export const modalities0040 = {
  id: 40,
  name: 'modalities',
  sql: `
ALTER TABLE chest_ai.reading ADD COLUMN modalities text[] NOT NULL DEFAULT '{}';
CREATE INDEX reading_by_modality ON chest_ai.reading USING gin (modalities);
CREATE INDEX result_worklist_by_time ON chest_ai.result (created_at, result_id) WHERE is_current;
`,
} as const;
