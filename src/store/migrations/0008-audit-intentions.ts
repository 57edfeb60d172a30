/** A deed is on record as intended before it is begun, and again with its outcome. */
export const auditIntentions0008 = {
  id: 8,
  name: 'audit intentions',
  sql: `
ALTER TABLE chest_ai.audit_entry DROP CONSTRAINT audit_entry_outcome_check;
ALTER TABLE chest_ai.audit_entry ADD CONSTRAINT audit_entry_outcome_check CHECK (outcome IN ('intended', 'done', 'refused', 'failed'));
`,
} as const;
