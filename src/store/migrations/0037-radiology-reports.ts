/**
 * Radiologists' reports that were received: which findings they state, and no text. Accession numbers and patient IDs only as keyed
 * hashes, by which a report is matched to its study. Findings in which report and result differ, for a second look.
 */
export const radiologyReports0037 = {
  id: 37,
  name: 'radiology-reports',
  sql: `
CREATE TABLE chest_ai.radiology_report (
  report_key text COLLATE "C" PRIMARY KEY,
  source text NOT NULL CHECK (source IN ('hl7', 'fhir', 'sr')),
  content_key text COLLATE "C" NOT NULL,
  state text NOT NULL CHECK (state IN ('waiting', 'matched', 'unmatched', 'withdrawn')),
  reason text,
  accession_key text COLLATE "C",
  accession_issuer_key text COLLATE "C",
  patient_keys jsonb NOT NULL,
  stated_study_uid text COLLATE "C",
  study_instance_uid text COLLATE "C",
  stated_at timestamptz(3),
  received_at timestamptz(3) NOT NULL,
  wait_until timestamptz(3) NOT NULL,
  findings jsonb NOT NULL
);
CREATE INDEX radiology_report_by_accession ON chest_ai.radiology_report (accession_key) WHERE accession_key IS NOT NULL;
CREATE INDEX radiology_report_by_stated_study ON chest_ai.radiology_report (stated_study_uid) WHERE stated_study_uid IS NOT NULL;
CREATE INDEX radiology_report_by_study ON chest_ai.radiology_report (study_instance_uid) WHERE study_instance_uid IS NOT NULL;
CREATE INDEX radiology_report_by_wait ON chest_ai.radiology_report (wait_until) WHERE state IN ('waiting', 'unmatched');
CREATE TABLE chest_ai.identified_study (
  study_instance_uid text COLLATE "C" PRIMARY KEY,
  accession_key text COLLATE "C",
  accession_issuer_key text COLLATE "C",
  patient_key text COLLATE "C",
  patient_issuer_key text COLLATE "C",
  checked_at timestamptz(3) NOT NULL
);
CREATE INDEX identified_study_by_accession ON chest_ai.identified_study (accession_key) WHERE accession_key IS NOT NULL;
CREATE TABLE chest_ai.discordance (
  study_instance_uid text COLLATE "C" NOT NULL,
  finding text COLLATE "C" NOT NULL,
  kind text NOT NULL CHECK (kind IN ('report-silent', 'report-absent', 'ai-absent')),
  probability double precision NOT NULL,
  gap double precision NOT NULL,
  result_id text COLLATE "C" NOT NULL,
  report_key text COLLATE "C" NOT NULL,
  found_at timestamptz(3) NOT NULL,
  reviewed_by text,
  reviewed_at timestamptz(3),
  PRIMARY KEY (study_instance_uid, finding)
);
CREATE INDEX discordance_by_gap ON chest_ai.discordance (gap DESC, study_instance_uid DESC, finding DESC);
ALTER TABLE chest_ai.label DROP CONSTRAINT label_source_check;
ALTER TABLE chest_ai.label ADD CONSTRAINT label_source_check CHECK (source IN ('page', 'api', 'csv', 'assessment', 'verified-report', 'orthanc-label', 'report'));
`,
} as const;
