/** Studies whose images changed or that were deleted, in the order of their transactions, for what each process has derived from them. */
export const studyChanges0023 = {
  id: 23,
  name: 'study changes',
  sql: `
CREATE TABLE chest_ai.study_change (
  number bigint PRIMARY KEY,
  study_instance_uid text NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT now()
);
`,
} as const;
