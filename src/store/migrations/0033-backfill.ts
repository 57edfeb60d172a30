/** Analysis of studies of the archive: the requests, and the studies that each has found, in the order in which they are taken. */
export const backfill0033 = {
  id: 33,
  name: 'backfill',
  sql: `
CREATE TABLE chest_ai.backfill (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  since text NOT NULL,
  until text NOT NULL,
  rule text,
  per_hour integer NOT NULL,
  hours text,
  shadow boolean NOT NULL,
  state text NOT NULL,
  cursor text,
  next_at timestamptz NOT NULL,
  stepped_at timestamptz,
  active_ms bigint NOT NULL DEFAULT 0,
  found integer NOT NULL DEFAULT 0,
  queued integer NOT NULL DEFAULT 0,
  done integer NOT NULL DEFAULT 0,
  unchanged integer NOT NULL DEFAULT 0,
  skipped integer NOT NULL DEFAULT 0,
  failed integer NOT NULL DEFAULT 0,
  vanished integer NOT NULL DEFAULT 0,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX backfill_in_progress ON chest_ai.backfill ((true)) WHERE state IN ('running', 'paused');
CREATE TABLE chest_ai.backfill_study (
  backfill_id integer NOT NULL REFERENCES chest_ai.backfill,
  study_instance_uid text COLLATE "C" NOT NULL,
  place bigint GENERATED ALWAYS AS IDENTITY,
  state text NOT NULL,
  job_keys jsonb NOT NULL DEFAULT '[]'::jsonb,
  attempts integer NOT NULL DEFAULT 0,
  PRIMARY KEY (backfill_id, study_instance_uid)
);
CREATE INDEX backfill_study_in_order ON chest_ai.backfill_study (backfill_id, state, place);
`,
} as const;
