/**
 * Analyses of the archive with a chosen model version: results of studies that were analysed again, the studies of a silent trial with
 * what the version predicts, and the sign-offs of its report.
 */
export const trialReport0035 = {
  id: 35,
  name: 'trial-report',
  sql: `
ALTER TABLE chest_ai.result ADD COLUMN is_reanalysis boolean NOT NULL DEFAULT false;
ALTER TABLE chest_ai.backfill ADD COLUMN model text;
CREATE TABLE chest_ai.trial_study (
  backfill_id integer NOT NULL REFERENCES chest_ai.backfill,
  study_instance_uid text COLLATE "C" NOT NULL,
  model_version text NOT NULL,
  orthanc_id text NOT NULL,
  outcome text NOT NULL,
  findings jsonb NOT NULL,
  reported_findings jsonb NOT NULL,
  patient_key text NOT NULL,
  groups jsonb NOT NULL,
  is_known_to_model boolean,
  PRIMARY KEY (backfill_id, study_instance_uid, model_version)
);
CREATE INDEX trial_study_by_study ON chest_ai.trial_study (study_instance_uid);
CREATE TABLE chest_ai.sign_off (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  backfill_id integer NOT NULL REFERENCES chest_ai.backfill,
  model_version text NOT NULL,
  figures_sha256 text NOT NULL,
  is_accepted boolean NOT NULL,
  name text NOT NULL,
  role text NOT NULL,
  comment text NOT NULL,
  signed_by text NOT NULL,
  signed_at timestamptz NOT NULL
);
CREATE INDEX sign_off_by_backfill ON chest_ai.sign_off (backfill_id);
`,
} as const;
