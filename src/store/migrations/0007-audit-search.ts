/** The audit log by who, what and when; newest first, each page by the number of the entry before it. */
export const auditSearch0007 = {
  id: 7,
  name: 'audit-search',
  sql: `
CREATE INDEX audit_entry_by_actor ON chest_ai.audit_entry (actor, seq DESC);
CREATE INDEX audit_entry_by_action ON chest_ai.audit_entry (action, seq DESC);
CREATE INDEX audit_entry_by_time ON chest_ai.audit_entry (at);
`,
} as const;
