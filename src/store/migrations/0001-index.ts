/**
 * The index over the PACS. UIDs, codes, times and numbers only: no patient attribute, ever (the tests hold
 * this list of columns). UIDs are compared byte by byte (COLLATE "C") so that a prefix is a range of the index;
 * times have milliseconds, as JavaScript has, so that a page ends exactly where the next begins.
 */
export const index0001 = {
  id: 1,
  name: 'index',
  sql: `
CREATE TABLE chest_ai.orthanc_cursor (
  pacs text PRIMARY KEY,
  last_seq bigint NOT NULL,
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE TABLE chest_ai.study (
  study_instance_uid text COLLATE "C" PRIMARY KEY,
  orthanc_id text NOT NULL,
  first_seen_at timestamptz(3) NOT NULL,
  last_seen_at timestamptz(3) NOT NULL,
  remote_aet text,
  called_aet text,
  state text NOT NULL CHECK (state IN ('arriving', 'queued', 'done', 'parked')),
  state_since timestamptz(3) NOT NULL,
  content_key text
);
CREATE INDEX study_by_state ON chest_ai.study (state, state_since);

CREATE TABLE chest_ai.result (
  result_id text COLLATE "C" PRIMARY KEY,
  study_instance_uid text COLLATE "C" NOT NULL,
  created_at timestamptz(3) NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('reported', 'skipped', 'failed')),
  code text,
  reason text,
  rule text,
  priority integer NOT NULL,
  model_version text,
  engine text,
  input_key text NOT NULL,
  findings jsonb NOT NULL,
  documents jsonb NOT NULL,
  predecessor_result_id text COLLATE "C",
  is_current boolean NOT NULL,
  timings_ms jsonb NOT NULL
);
CREATE UNIQUE INDEX result_one_current ON chest_ai.result (study_instance_uid) WHERE is_current;
CREATE INDEX result_newest ON chest_ai.result (created_at DESC, result_id DESC);
CREATE INDEX result_newest_by_outcome ON chest_ai.result (outcome, created_at DESC, result_id DESC);
CREATE INDEX result_by_study ON chest_ai.result (study_instance_uid, created_at DESC);
CREATE INDEX result_by_predecessor ON chest_ai.result (predecessor_result_id) WHERE predecessor_result_id IS NOT NULL;
CREATE INDEX result_current_outcome ON chest_ai.result (outcome) WHERE is_current;

CREATE TABLE chest_ai.delivery (
  result_id text COLLATE "C" NOT NULL REFERENCES chest_ai.result ON DELETE CASCADE,
  destination text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('modality', 'peer')),
  state text NOT NULL CHECK (state IN ('waiting', 'delivered', 'failing')),
  attempts integer NOT NULL DEFAULT 0,
  last_error_code text,
  delivered_at timestamptz(3),
  PRIMARY KEY (result_id, destination)
);
CREATE INDEX delivery_outstanding ON chest_ai.delivery (state) WHERE state <> 'delivered';
`,
} as const;
