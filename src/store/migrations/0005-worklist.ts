/** The worklist: priority first, then newest, by outcome, and by what is present; 100,000 studies page by key. */
export const worklist0005 = {
  id: 5,
  name: 'worklist',
  sql: `
CREATE INDEX result_worklist ON chest_ai.result (priority DESC, created_at DESC, result_id DESC) WHERE is_current;
CREATE INDEX result_worklist_by_outcome ON chest_ai.result (outcome, priority DESC, created_at DESC, result_id DESC) WHERE is_current;
CREATE INDEX result_findings ON chest_ai.result USING gin (findings jsonb_path_ops) WHERE is_current;
`,
} as const;
