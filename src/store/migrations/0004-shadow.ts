/**
 * What a challenger said of studies in shadow, beside what the champion reported. Kept for comparison, never shown as a finding.
 * It does not come again from the PACS: a rebuild begins with an empty table.
 */
export const shadow0004 = {
  id: 4,
  name: 'shadow',
  sql: `
CREATE TABLE chest_ai.shadow_result (
  study_instance_uid text COLLATE "C" NOT NULL,
  model_version text COLLATE "C" NOT NULL,
  input_key text COLLATE "C" NOT NULL,
  champion_version text COLLATE "C" NOT NULL,
  judged_at timestamptz(3) NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('reported', 'skipped')),
  findings jsonb NOT NULL,
  champion_findings jsonb NOT NULL,
  PRIMARY KEY (study_instance_uid, model_version, input_key)
);
CREATE INDEX shadow_result_by_version ON chest_ai.shadow_result (model_version, judged_at);
`,
} as const;
